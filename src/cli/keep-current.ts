import type { Fact } from '../audit/record.ts'
import type { OperatorLog } from '../base/log.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { User } from '../model/user.ts'
import { createReloader, type InForce } from './reloader.ts'
import { createWatch } from './watch.ts'

/** A gateway, as far as another configuration concerns it. */
export interface Reconfigurable {
  /** @throws {OperatorError} when it cannot take it; the last one stays in force then. */
  apply(next: InForce): Promise<void>
  users(): Promise<readonly User[]>
  /** Writes down what happened. */
  record(fact: Fact): void
}

export interface KeepCurrentDeps {
  first: LoadedConfig
  load(): LoadedConfig
  gateway: Reconfigurable
  log: OperatorLog
}

/**
 * Puts the configuration in force anew on SIGHUP, and by itself when one of its files changes.
 *
 * @returns How to stop doing so.
 */
export function keepCurrent({ first, load, gateway, log }: KeepCurrentDeps): () => void {
  const watch = createWatch({
    changed() {
      log.info({}, 'configuration: a file has changed')
      void reloader.reload()
    },
  })
  const reloader = createReloader({
    first,
    load,
    users: gateway.users,
    record: gateway.record,
    watch: watch.over,
    log,
    async apply(next) {
      await gateway.apply(next)
      log.setLevel(next.config.log.level)
    },
  })
  const onHangUp = () => {
    log.info({ signal: 'SIGHUP' }, 'configuration: told to read it again')
    void reloader.reload()
  }
  watch.over(first.files)
  process.on('SIGHUP', onHangUp)

  return () => {
    watch.stop()
    process.off('SIGHUP', onHangUp)
  }
}
