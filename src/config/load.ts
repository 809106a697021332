import { dirname, resolve } from 'node:path'
import * as channels from '../channels/config.ts'
import * as factors from '../factors/config.ts'
import * as gateway from '../gateway/config.ts'
import { failedTests } from '../gateway/policy-tests.ts'
import { type ConfigDocument, readDocument } from './document.ts'
import { type Environment, mentionedNames, overlay, systemEnvironment } from './environment.ts'
import { namedFiles, withPlacedFiles } from './files.ts'
import { faultsOf, plainWords } from './issues.ts'
import { ConfigFaults, type Fault, type Remark, type Warning } from './remark.ts'
import { type Config, configSchema } from './schema.ts'
import { resolveSecrets } from './secrets.ts'
import { unsendable } from './sending.ts'
import { writtenPath } from './walk.ts'
import { warningsAbout } from './warnings.ts'

/** A configuration without a fault. */
export interface LoadedConfig {
  /** Deeply frozen. */
  config: Config
  /** What is legal but dangerous. */
  warnings: readonly Warning[]
  file: string
  /** Every file that goes in: the configuration itself, secrets, and what it names besides. */
  files: readonly string[]
  source: ConfigSource
  /**
   * Tries the `tests` of the configuration.
   *
   * @throws {ConfigFaults} with every test that fails, each with its line.
   */
  requireTests(): void
}

/** All that a configuration is made of, as plain values; another process makes the same one of it. */
export interface ConfigSource {
  /** What stands in the file and the environment, with secrets in their places. */
  values: unknown
  /** Where relative file names start. */
  folder: string
}

/** Makes a configuration of what {@link loadConfig} has found to be without a fault. */
export const configOf = ({ values, folder }: ConfigSource): Config =>
  freeze(withPlacedFiles(configSchema.parse(values), configSchema, folder))

export interface LoadOptions {
  /** What can be sent beside the channels of the file, e.g. to the demo's inbox. */
  ways?: readonly channels.Medium[]
}

/**
 * Loads the configuration: defaults, then the file, then the environment, then secret files, each
 * over the one before. Relative paths in it start at the file's folder.
 *
 * @param file A YAML file.
 * @param environment `GATEHOUSE_SESSION_IDLE=15m` sets `session.idle`, and so on.
 * @throws {ConfigFaults} with every fault at once, each with its line.
 * @throws {OperatorError} when the file is not there or cannot be read.
 */
export function loadConfig(
  file: string,
  environment: Environment = systemEnvironment(),
  { ways = [] }: LoadOptions = {},
): LoadedConfig {
  const read = readDocument(file)
  if (!read.ok) throw new ConfigFaults(read.faults, [file])
  const { document } = read
  const folder = resolve(dirname(file))

  const mentioned = new Set(mentionedNames(document.values))
  const overlaid = overlay(document.values, environment, { schema: configSchema, mentioned })
  const placeOf = placeFinder(document, overlaid.origins)
  const secrets = resolveSecrets(overlaid.values, configSchema, { folder, environment })

  const parsed = configSchema.safeParse(secrets.values, { error: plainWords })
  const issues = parsed.success ? [] : parsed.error.issues
  const missing = new Set(secrets.faults.map(({ path }) => writtenPath(path)))
  const found = [
    ...secrets.faults,
    // What stands in for a secret that could not be had need not fit.
    ...faultsOf(issues, configSchema, secrets.values).filter(
      ({ path }) => !missing.has(writtenPath(path)),
    ),
  ]
  const faults: Fault[] = [
    ...document.faults,
    ...found.map(({ path, message }) => ({
      at: placeOf(path),
      path: writtenPath(path),
      message,
    })),
    ...overlaid.faults,
  ]
  if (!parsed.success || faults.length > 0)
    throw new ConfigFaults(faults.toSorted(byLine), [file, ...secrets.files])

  const config = freeze(withPlacedFiles(parsed.data, configSchema, folder))
  const placed = (remarks: readonly { path: readonly PropertyKey[]; message: string }[]) =>
    remarks
      .map(({ path, message }) => ({ at: placeOf(path), path: writtenPath(path), message }))
      .toSorted(byLine)
  const { store: _, ...aroundStore } = config
  const files = [file, ...secrets.files, ...namedFiles(aroundStore, configSchema)]
  const require = (found: readonly Fault[]) => {
    if (found.length > 0) throw new ConfigFaults(found, files)
  }
  require(
    placed([
      ...gateway.faultsInFiles(config),
      ...factors.faultsInFiles(config.factors),
      ...channels.faultsInFiles(config.channels),
      ...unsendable(config, ways),
    ]),
  )

  const literals = secrets.literals.filter((path) => !overlaid.origins.has(path.join('.')))
  const remarks = warningsAbout(config, {
    literals,
    exposed: secrets.exposed,
    readableByOthers: document.readableByOthers,
  })
  return {
    config,
    warnings: placed(remarks),
    file,
    requireTests: () => require(placed(failedTests(config))),
    files,
    source: { values: secrets.values, folder },
  }
}

/** A value stands on its line in the file, or in the variable that set it. */
function placeFinder(document: ConfigDocument, origins: ReadonlyMap<string, string>) {
  return (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length--) {
      const origin = origins.get(path.slice(0, length).map(String).join('.'))
      if (origin !== undefined) return origin
    }
    return document.placeOf(path)
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const below of Object.values(value)) freeze(below)
  return Object.freeze(value)
}

const byLine = (left: Remark, right: Remark) => order(left) - order(right)

// In the order of the file; what stands in a variable comes last.
function order({ at }: Remark): number {
  const [, line, column] = /:(\d+):(\d+)$/.exec(at) ?? []
  return line === undefined ? Number.MAX_VALUE : Number(line) * 1e6 + Number(column)
}
