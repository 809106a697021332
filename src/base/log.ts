import { pino } from 'pino'
import { createLogOutput, type LogOutput } from './log-output.ts'
import { visibly } from './visible.ts'

/** What every log line may carry beside its sentence. Never a secret, a code, a cookie or a body. */
export type LogFields = Record<string, unknown>

/** The operator's log: one JSON object a line. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** A log whose level can change while it is written. */
export interface OperatorLog extends Log {
  setLevel(level: LogLevel): void
}

/**
 * Writes JSON lines, to standard output unless told otherwise. No value can forge a line or move a cursor.
 *
 * @param always What every line tells, e.g. who is speaking.
 */
export function createLog(
  level: LogLevel,
  always: LogFields = {},
  output: LogOutput = createLogOutput(1, { lostLine: (lost) => lostLine(lost, always) }),
): OperatorLog {
  const log = pino(
    {
      level,
      base: always,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      // A last net under the rule above: should one of these ever be passed, its value stays out.
      // The code of an error is therefore logged as `fault`.
      redact: {
        paths: ['password', 'secret', 'cookie', 'token', 'code', 'authorization'].flatMap(
          (name) => [name, `*.${name}`],
        ),
        censor: '[secret]',
      },
    },
    { write: (line) => output.write(visibly(line)) },
  )
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    setLevel: (wanted) => {
      log.level = wanted
    },
  }
}

const lostLine = (lost: number, always: LogFields): string =>
  `${JSON.stringify({
    level: 'error',
    time: new Date().toISOString(),
    ...always,
    lost,
    message: 'log: nobody took its lines for a while, and so many are missing before this one',
  })}\n`

/** The same log with something to say in every line, e.g. who is speaking. */
export function withFields(log: Log, always: LogFields): Log {
  const line = (level: keyof Log) => (fields: LogFields, message: string) =>
    log[level]({ ...always, ...fields }, message)
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** A log that says nothing, for commands that print to the terminal instead. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
