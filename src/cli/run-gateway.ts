import { createApp } from '../app.ts'
import type { Log } from '../base/log.ts'
import type { Channel } from '../channels/contract.ts'
import type { Config } from '../config/schema.ts'
import { type OpenStore, openSqlite } from '../store/sqlite.ts'
import type { Reconfigurable } from './keep-current.ts'
import { listen, type Opened, openDoors, tryToListen } from './listen.ts'
import { tendStore } from './tend-store.ts'
import { tidyHeap } from './tidy-heap.ts'
import { watchAlerts } from './watch-alerts.ts'

/** A gateway that takes requests. */
export interface Running extends OpenStore, Reconfigurable {
  port: number
  /** Lets requests under way finish, then stops. */
  stop(): Promise<void>
}

/**
 * Starts a gateway with all that belongs to it.
 *
 * @param ways Ways to reach people that come before those of the configuration.
 * @throws {OperatorError} when the store does not open or an address cannot be listened on; a start
 * that comes to nothing leaves nothing on disk.
 */
export async function runGateway(
  config: Config,
  log: Log,
  ways: readonly Channel[] = [],
): Promise<Running> {
  // Before there is a database: a first start on a port in use must not leave one behind.
  await tryToListen(config)
  const opened = await openSqlite(config.store, { create: true })
  const { store, keyring } = opened
  const app = createApp(config, { store, keyring, log, ways })
  let doors: Opened
  // Before anybody could be kept waiting.
  await tidyHeap(log)
  try {
    await listen(app.health, config.health.listen, 'health.listen')
    doors = await openDoors(app, config)
  } catch (cause) {
    app.health.close()
    await app.close()
    await store.close()
    throw cause
  }

  let inForce = config
  const endTending = tendStore(store, log, () => inForce)
  const endWatch = watchAlerts(store, log, () => inForce)
  const { port, at } = doors
  log.info({ port, at, portal: config.portal.url.href }, 'gateway: listening')
  app.record({ name: 'gateway.started', details: { workers: 1 } })

  return {
    ...opened,
    port,
    users: store.users.list,
    record: app.record,
    async apply({ config: next, policy }) {
      app.prepare(next, policy).swap()
      inForce = next
    },
    async stop() {
      endTending()
      endWatch()
      await app.close({ name: 'gateway.stopped' })
      app.health.closeAllConnections()
      app.health.close()
      await store.close()
      log.info({}, 'gateway: stopped')
    },
  }
}
