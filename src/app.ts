import type { Server } from 'node:http'
import { createHealth } from './api/health.ts'
import { type Clock, systemClock } from './base/clock.ts'
import type { Keyring } from './base/keyring.ts'
import { type Log, withFields } from './base/log.ts'
import { createOutbox } from './channels/outbox.ts'
import type { Config } from './config/schema.ts'
import { createFront } from './gateway/front.ts'
import { createTunnels } from './gateway/tunnels.ts'
import { createHouse } from './house.ts'
import type { SetUp } from './login/set-up.ts'
import type { Store } from './store/contract.ts'

/** What is not ours; a test replaces it here and nowhere else. */
export interface Outside {
  store: Store
  keyring: Keyring
  log: Log
  clock?: Clock
  /** The number of the configuration, where it is not the first since the start. */
  policy?: number
}

/** The whole program, not listening yet. */
export interface App {
  /** The doors and the portal. */
  server: Server
  /** Health, on a listener of its own. */
  health: Server
  /** The way to the first administrator, under the configuration in force. */
  setUp(): SetUp
  /**
   * Builds everything anew from another configuration, beside what is running.
   *
   * @param policy The number of that configuration; every log line tells it.
   * @throws {OperatorError} when it cannot be built; nothing has changed then.
   */
  prepare(config: Config, policy: number): Prepared
  /** Lets what is under way finish, then ends it. The store stays open: whoever opened it closes it. */
  close(): Promise<void>
}

/** A configuration that waits for its turn. */
export interface Prepared {
  /** From here on it is in force, for everything new and all at once. */
  swap(): void
  discard(): Promise<void>
}

/** Puts a house on its ground, and lets another take its place without closing the door. */
export function createApp(config: Config, outside: Outside): App {
  const { store, keyring, log, clock = systemClock, policy = 1 } = outside
  const tunnels = createTunnels()
  const outbox = createOutbox({ clock, log })
  const build = (built: Config, number: number) =>
    createHouse(built, {
      ...{ store, keyring, clock, outbox, tunnels },
      log: withFields(log, { policy: number }),
    })

  let house = build(config, policy)
  const front = createFront({ first: house.gateway, tunnels })
  // A look-up that finds nothing takes the same way to the store as one that does.
  const health = createHealth(() => {
    store.sessions.find('')
    return undefined
  })

  return {
    server: front.server,
    health: health.server,
    setUp: () => house.setUp,
    prepare(next, number) {
      const coming = build(next, number)
      return {
        swap() {
          house = coming
          front.swap(coming.gateway)
        },
        discard: coming.gateway.close,
      }
    },
    async close() {
      health.leave()
      await front.close()
      await outbox.close()
    },
  }
}
