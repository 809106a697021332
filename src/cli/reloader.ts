import type { Fact } from '../audit/record.ts'
import { OperatorError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type ConfigSource, configOf, type LoadedConfig } from '../config/load.ts'
import { ConfigFaults, type Remark, writtenRemark } from '../config/remark.ts'
import type { Config } from '../config/schema.ts'
import { valueAt, withValueAt } from '../config/walk.ts'
import { accessChanges, hostRules } from '../gateway/access-changes.ts'
import type { User } from '../model/user.ts'

/** Puts another configuration in force while the gateway runs, or keeps the last good one. */
export interface Reloader {
  /**
   * Reads the configuration again and puts it in force. Wishes that come while one is being fulfilled
   * become one more.
   *
   * @returns Once nothing is left to do. Never rejects: what went wrong is in the log.
   */
  reload(): Promise<void>
  current(): InForce
}

/** A configuration that decides. */
export interface InForce {
  config: Config
  source: ConfigSource
  /** Counts the configurations since the start, from 1. Every log line tells it. */
  policy: number
}

export interface ReloaderDeps {
  first: LoadedConfig
  /** Reads the configuration; throws what `loadConfig` throws. */
  load(): LoadedConfig
  /**
   * Puts a configuration in force everywhere, or nowhere.
   *
   * @throws {OperatorError} when it cannot be; the last one is in force then.
   */
  apply(next: InForce): Promise<void>
  /** Everybody who may have gained or lost something. */
  users(): Promise<readonly User[]>
  /** Told what a next configuration may come from. */
  watch(files: readonly string[]): void
  /** Writes down what became of it. */
  record(fact: Fact): void
  log: Log
}

/** What a running gateway cannot change: doors that are open, and the store behind them. */
const FIXED = [
  ['workers'],
  ['listen'],
  ['health', 'listen'],
  ['store', 'path'],
  ['store', 'key'],
] as const

export function createReloader(deps: ReloaderDeps): Reloader {
  const { log } = deps
  let current: InForce = { config: deps.first.config, source: deps.first.source, policy: 1 }
  let files = deps.first.files
  let working = Promise.resolve()
  let isWorking = false
  let again = false

  const once = async () => {
    try {
      const loaded = deps.load()
      files = loaded.files
      loaded.requireTests()
      const { config, source } = keepFixed(loaded, current, log)
      const next = { config, source, policy: current.policy + 1 }
      await deps.apply(next)
      const before = current
      current = next
      log.info({ policy: next.policy }, 'configuration: reloaded')
      deps.record({ name: 'config.reloaded', details: { policy: next.policy } })
      for (const warning of loaded.warnings)
        log.warn({}, `configuration: ${writtenRemark(warning)}`)
      await tellChanges(before.config, config, deps)
    } catch (cause) {
      // What a better one may come from is worth a look too: a secret file that was missing, say.
      if (cause instanceof ConfigFaults) files = [...new Set([...files, ...cause.files])]
      const faults = tellFailure(cause, current.policy, log)
      deps.record({ name: 'config.refused', details: { policy: current.policy, faults } })
    }
    deps.watch(files)
  }

  const work = async () => {
    do {
      again = false
      await once()
    } while (again)
    isWorking = false
  }

  return {
    current: () => current,
    reload() {
      if (isWorking) again = true
      else {
        isWorking = true
        working = work()
      }
      return working
    },
  }
}

/** What cannot change stays as it is, and is told by name; everything else comes into force. */
function keepFixed(loaded: LoadedConfig, current: InForce, log: Log) {
  const changed = FIXED.filter(
    (path) => written(loaded.config, path) !== written(current.config, path),
  )
  if (changed.length === 0) return loaded
  for (const path of changed) {
    log.warn(
      { key: path.join('.') },
      'configuration: a change of this key counts from the next start; until then the old value stays',
    )
  }
  const values = changed.reduce<unknown>(
    (all, path) => withValueAt(all, path, valueAt(current.source.values, path)),
    loaded.source.values,
  )
  const source = { ...loaded.source, values }
  return { config: configOf(source), source }
}

const written = (config: Config, path: readonly string[]) => JSON.stringify(valueAt(config, path))

async function tellChanges(before: Config, after: Config, { users, log }: ReloaderDeps) {
  try {
    const [old, now] = [hostRules(before), hostRules(after)]
    const changes = await accessChanges(old, now, await users())
    for (const change of changes) {
      log.info({ event: 'access.changed', ...change }, 'configuration: access has changed')
    }
    if (changes.length === 0) log.info({}, 'configuration: nobody gains or loses access')
  } catch (cause) {
    log.warn({ error: String(cause) }, 'configuration: changes of access could not be found out')
  }
}

/** @returns How many faults there are. */
function tellFailure(cause: unknown, policy: number, log: Log): number {
  const faults: readonly Partial<Remark>[] =
    cause instanceof ConfigFaults
      ? cause.faults
      : [{ message: cause instanceof OperatorError ? cause.message : String(cause) }]
  for (const { at, path, message } of faults) {
    log.error({ at, path: path || undefined, fault: message }, 'configuration: fault')
  }
  log.error(
    { policy, faults: faults.length },
    'configuration: not reloaded; the last good one stays in force',
  )
  return faults.length
}
