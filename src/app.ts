import type { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'
import { ALERT_KINDS } from './alerts/config.ts'
import { createHealth, storeFault } from './api/health.ts'
import type { Fact } from './audit/record.ts'
import { eventCounter } from './audit/sinks/metrics.ts'
import { signInCounters } from './audit/sinks/sign-ins.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { watchEventLoop } from './base/event-loop.ts'
import type { Keyring } from './base/keyring.ts'
import { type Log, withFields } from './base/log.ts'
import { createMetrics, type Metrics } from './base/metrics.ts'
import { createSignals, type Signals } from './base/signals.ts'
import type { Channel } from './channels/contract.ts'
import { createOutbox } from './channels/outbox.ts'
import type { Config } from './config/schema.ts'
import { createFront } from './gateway/front.ts'
import { gatewayMeters } from './gateway/meters.ts'
import type { Place } from './gateway/server.ts'
import { createStreams } from './gateway/streams.ts'
import { createHouse, type House } from './house.ts'
import type { SetUp } from './login/set-up.ts'
import type { Store } from './store/contract.ts'
import { TROUBLES, tellTrouble } from './store/tell-trouble.ts'
import { createEventStreams } from './web/event-stream.ts'

/** What is not ours; a test replaces it here and nowhere else. */
export interface Outside {
  store: Store
  keyring: Keyring
  log: Log
  clock?: Clock
  /** The number of the configuration, where it is not the first since the start. */
  policy?: number
  /** Wakes those who wait, where that takes more than this process. */
  signals?: Signals
  /** Ways to people that come before those of the configuration, such as the demo's inbox. */
  ways?: readonly Channel[]
  /** Where what happens is counted; told at the health listener. */
  metrics?: Metrics
}

/** The whole program, not listening yet. */
export interface App {
  /** The doors and the portal: HTTP/1.1 over TCP, as it comes. */
  server: Server
  /**
   * The same at one more place, in what is spoken there; it does not listen yet.
   *
   * @throws {OperatorError} when a certificate cannot be used.
   */
  door(place: Place): Server
  /** Health, on a listener of its own. */
  health: HttpServer
  /** The way to the first administrator, under the configuration in force. */
  setUp(): SetUp
  /**
   * Builds everything anew from another configuration, beside what is running.
   *
   * @param policy The number of that configuration; every log line tells it.
   * @throws {OperatorError} when it cannot be built; nothing has changed then.
   */
  prepare(config: Config, policy: number): Prepared
  /** Writes down something that happened. */
  record(fact: Fact): void
  /**
   * Lets what is under way finish, then ends it, and writes down `last`. The store stays open: whoever
   * opened it closes it.
   */
  close(last?: Fact): Promise<void>
}

/** A configuration that waits for its turn. */
export interface Prepared {
  /** From here on it is in force, for everything new and all at once. */
  swap(): void
  discard(): Promise<void>
}

/** No message waits for longer; until then, one goes out as the configuration says that it came from. */
const MESSAGES_LAST_MS = 15 * 60_000

/** Seconds: a read from memory takes the tenth of a millisecond, a write waits for the disk. */
const STORE_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** Puts a house on its ground, and lets another take its place without closing the door. */
export function createApp(config: Config, outside: Outside): App {
  const { store, keyring, log, clock = systemClock, policy = 1, ways = [] } = outside
  const metrics = outside.metrics ?? createMetrics()
  const count = eventCounter(metrics)
  const databaseState = metrics.gauge(
    'gatehouse_risk_database_good',
    'Is a database of places or leaked passwords whole (1), or missing or broken (0)?',
    ['database'],
    'min',
  )
  const signIns = signInCounters(metrics)
  const accessLost = metrics.total(
    'gatehouse_access_unwritten_total',
    'Allowed requests that were to be written down, and were not: too many at once, or no room.',
  )
  const meters = gatewayMeters(metrics)
  const openStreams = createStreams(clock)
  const outbox = createOutbox({ clock, log })
  const eventLoop = watchEventLoop()
  metrics.reading(
    'gatehouse_event_loop_delay_seconds',
    'The longest delay of the event loop since it was last asked for.',
    'max',
    eventLoop.worst,
  )
  metrics.reading(
    'gatehouse_messages_waiting',
    'Messages that are on their way to people.',
    'sum',
    outbox.unsent,
  )
  metrics.reading('gatehouse_sessions', 'Sessions that have not ended.', 'max', () =>
    store.sessions.count(clock.now()),
  )
  const storeSeconds = metrics.histogram(
    'gatehouse_store_seconds',
    'Seconds that reads and writes of the store take, with what they wait for.',
    'kind',
    STORE_BUCKETS,
  )
  const endTimings = store.onTiming(storeSeconds)
  const countTrouble = metrics.counter(
    'gatehouse_store_trouble_total',
    'What the store could not do, by why: busy, full, damaged or failing.',
    ['kind'],
    TROUBLES.map((kind) => ({ kind })),
  )
  const countAlert = metrics.counter(
    'gatehouse_alerts_total',
    'Alerts to the operator, by kind: raised, and sent to or not taken by one recipient.',
    ['kind', 'outcome'],
    ALERT_KINDS.map((kind) => ({ kind, outcome: 'raised' as const })),
  )
  const endTroubles = tellTrouble({ store, log, count: (kind) => countTrouble({ kind }) })
  const signals = outside.signals ?? createSignals()
  const streams = createEventStreams()
  const build = (built: Config, number: number) =>
    createHouse(built, {
      ...{ store, keyring, clock, outbox, signals, streams, openStreams, ways, count },
      ...{ signIns, meters, accessLost, countAlert },
      databaseIsGood: (database, isGood) => databaseState({ database }, isGood ? 1 : 0),
      log: withFields(log, { policy: number }),
    })

  let house = build(config, policy)
  house.begin()
  const front = createFront({ first: house.gateway, streams: openStreams, clock, log })
  const retired = new Set<House>()
  const retire = (former: House) => {
    retired.add(former)
    const leave = () => {
      retired.delete(former)
      former.audit.close().catch((cause) => {
        log.warn({ error: String(cause) }, 'audit: not closed')
      })
      former.channels.close().catch((cause) => {
        log.warn({ error: String(cause) }, 'channels: not closed')
      })
    }
    setTimeout(leave, MESSAGES_LAST_MS).unref()
  }
  const health = createHealth(() => storeFault(store), metrics)

  return {
    server: front.server,
    door: front.door,
    health: health.server,
    setUp: () => house.setUp,
    prepare(next, number) {
      const coming = build(next, number)
      return {
        swap() {
          house.end()
          retire(house)
          house = coming
          house.begin()
          front.swap(coming.gateway)
        },
        async discard() {
          await coming.gateway.close()
          await coming.audit.close()
          await coming.channels.close()
        },
      }
    },
    record: (fact) => void house.audit.record(fact),
    async close(last) {
      health.leave()
      // A page that waits would be waited for.
      streams.close()
      await front.close()
      house.end()
      await outbox.close()
      eventLoop.close()
      endTroubles()
      endTimings()
      if (last) house.audit.record(last)
      await Promise.all([house, ...retired].map(({ alerts }) => alerts.flush()))
      await Promise.all([house, ...retired].map(({ audit }) => audit.close()))
      await Promise.all([house, ...retired].map(({ channels }) => channels.close()))
    },
  }
}
