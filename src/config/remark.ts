import { OperatorError } from '../base/errors.ts'

/** Something to say about one place of the configuration. Never holds the value of a secret. */
export interface Remark {
  /** The file with line and column, or the variable: `config.yaml:12:5`. */
  at: string
  /** `routes[0].upstream`; empty when it is about the whole file. */
  path: string
  message: string
}

/** Something that must be changed before the gateway can start. */
export type Fault = Remark

/** Something legal but dangerous. */
export type Warning = Remark

/** `config.yaml:12:5 routes[0].upstream: write only scheme, host and port`. */
export function writtenRemark({ at, path, message }: Remark): string {
  return path === '' ? `${at}: ${message}` : `${at} ${path}: ${message}`
}

/** The configuration cannot be used. The message lists every fault, one a line. */
export class ConfigFaults extends OperatorError {
  readonly faults: readonly Fault[]
  /** The files that a better configuration may come from. */
  readonly files: readonly string[]

  constructor(faults: readonly Fault[], files: readonly string[] = []) {
    super(faults.map(writtenRemark).join('\n'))
    this.faults = faults
    this.files = files
  }
}
