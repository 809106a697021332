import { createHealth, storeFault } from '../../api/health.ts'
import type { Fact } from '../../audit/record.ts'
import { systemClock } from '../../base/clock.ts'
import type { OperatorLog } from '../../base/log.ts'
import { workersFigures } from '../../base/metrics.ts'
import { writtenPlace } from '../../base/net.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { openSqlite } from '../../store/sqlite.ts'
import { listen, tryToListen } from '../listen.ts'
import type { Running } from '../run-gateway.ts'
import { tendStore } from '../tend-store.ts'
import { watchAlerts } from '../watch-alerts.ts'
import { createCrew } from './crew.ts'
import { forkWorker } from './fork.ts'

/**
 * Starts a gateway of several processes. This one takes no requests: it looks after the store, health,
 * the configuration and the workers, who do.
 *
 * @throws {OperatorError} when the store does not open, an address cannot be listened on, or a worker
 * cannot begin.
 */
export async function runCrew(
  { config, source }: LoadedConfig,
  size: number,
  log: OperatorLog,
): Promise<Running> {
  await tryToListen(config)
  const opened = await openSqlite(config.store, { create: true })
  const { store } = opened
  const crew = createCrew({ size, first: { config, source, policy: 1 }, fork: forkWorker, log })
  const health = createHealth(() => {
    const fault = storeFault(store)
    return fault ?? (crew.working() > 0 ? undefined : 'no worker takes requests')
  }, workersFigures())
  const endHealth = () => {
    health.server.closeAllConnections()
    health.server.close()
  }

  let port: number
  try {
    await listen(health.server, config.health.listen, 'health.listen')
    port = await crew.start()
  } catch (cause) {
    endHealth()
    await store.close()
    throw cause
  }
  let inForce = config
  // Where there is nobody to tell it further, it stands in the trail at least.
  const keep = (fact: Fact) => store.events.insert({ at: systemClock.now(), ...fact })
  const record = (fact: Fact) => {
    if (crew.record(fact)) return
    keep(fact).catch((cause) => log.error({ error: String(cause) }, 'audit: event not kept'))
  }
  const endTending = tendStore(store, log, () => inForce)
  const endWatch = watchAlerts(store, log, () => inForce)
  const at = config.listen.map(({ address }) => writtenPlace(address))
  log.info({ port, at, portal: config.portal.url.href, workers: size }, 'gateway: listening')
  record({ name: 'gateway.started', details: { workers: size } })

  return {
    ...opened,
    port,
    users: store.users.list,
    record,
    async apply(next) {
      await crew.apply(next)
      inForce = next.config
    },
    async stop() {
      health.leave()
      endTending()
      endWatch()
      const last: Fact = { name: 'gateway.stopped' }
      if (!(await crew.stop(last))) await keep(last)
      endHealth()
      await store.close()
      log.info({}, 'gateway: stopped')
    },
  }
}
