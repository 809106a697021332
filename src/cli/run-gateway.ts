import type { AddressInfo } from 'node:net'
import { type App, createApp } from '../app.ts'
import { watchClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config/schema.ts'
import { type OpenStore, openSqlite } from '../store/sqlite.ts'
import type { Reconfigurable } from './keep-current.ts'
import { listen, tryToListen } from './listen.ts'

/** A gateway that takes requests. */
export interface Running extends OpenStore, Reconfigurable {
  app: App
  port: number
  /** Lets requests under way finish, then stops. */
  stop(): Promise<void>
}

const SWEEP_EVERY_MS = 5 * 60_000

/**
 * Starts a gateway with all that belongs to it.
 *
 * @throws {OperatorError} when the store does not open or an address cannot be listened on; a start
 * that comes to nothing leaves nothing on disk.
 */
export async function runGateway(config: Config, log: Log): Promise<Running> {
  // Before there is a database: a first start on a port in use must not leave one behind.
  await tryToListen(config)
  const opened = await openSqlite(config.store, { create: true })
  const { store, keyring } = opened
  const app = createApp(config, { store, keyring, log })
  try {
    await listen(app.health, config.health.listen, 'health.listen')
    await listen(app.server, config.listen, 'listen')
  } catch (cause) {
    app.health.close()
    await app.close()
    await store.close()
    throw cause
  }

  const sweep = () =>
    store.sweep(Math.floor(Date.now() / 1000)).catch((cause) => {
      log.error({ error: String(cause) }, 'store: expired rows not removed')
    })
  const timer = setInterval(sweep, SWEEP_EVERY_MS)
  const endWatch = watchClock((seconds) =>
    log.warn({ seconds }, 'clock: set by the system; codes and sessions follow it'),
  )
  const { port } = app.server.address() as AddressInfo
  log.info({ port, host: config.listen.host, portal: config.portal.url.href }, 'gateway: listening')

  return {
    ...opened,
    app,
    port,
    users: store.users.list,
    async apply({ config: next, policy }) {
      app.prepare(next, policy).swap()
    },
    async stop() {
      clearInterval(timer)
      endWatch()
      await app.close()
      app.health.closeAllConnections()
      app.health.close()
      await store.close()
      log.info({}, 'gateway: stopped')
    },
  }
}
