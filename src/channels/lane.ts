import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Delivery } from '../model/message.ts'
import { reasonOf } from './errors.ts'

/** One message in a lane. */
export interface Errand {
  deliver(): Promise<Delivery>
  until: UnixSeconds
  /** Called when a try has failed, or none can be made now, and more will follow. */
  waits(): void
  /** Called once. */
  ends(state: 'sent' | 'failed'): void
}

/** Messages that go the same way. When it is blocked they wait, and one at a time tries it. */
export interface Lane {
  add(errand: Errand): void
  /** Ends what waits, as failed. Tries under way go on. */
  close(): void
}

export interface LaneDeps {
  name: string
  /** Errands that may wait. */
  most: number
  clock: Clock
  log: Log
  random(): number
  /** Hears of every try, so that an end can wait for it. */
  track(work: Promise<void>): void
}

/** Tries at the same time: as many as a channel has connections, and some that come and go. */
const MOST_UNDER_WAY = 8
/** A try that begins later than this before the end would arrive stale. */
const MARGIN_SECONDS = 5
const RETRY_MS = { first: 1000, most: 30_000 }
/** So many failures in a row block the lane. */
const FAILURES_THAT_BLOCK = 5
const REST_MS = { first: 5000, most: 60_000 }

interface Waiting extends Errand {
  tries: number
  /** On the clock of {@link performance}: no step of the machine's time changes it. */
  notBefore: number
}

export function createLane(deps: LaneDeps): Lane {
  const { name, most, clock, log, random, track } = deps
  const waiting: Waiting[] = []
  let running = 0
  let failures = 0
  let rests = 0
  let blockedUntil = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const isBlocked = () => failures >= FAILURES_THAT_BLOCK
  /** One probe while the lane is blocked, else as many as there is room for. */
  const hasRoom = () => running < (isBlocked() ? 1 : MOST_UNDER_WAY)
  const secondsLeft = ({ until }: Errand) => until - clock.now() - MARGIN_SECONDS

  const fail = (errand: Waiting, reason: string) => {
    log.warn({ lane: name, tries: errand.tries, reason }, 'outbox: message not delivered')
    errand.ends('failed')
  }

  const succeeded = () => {
    if (isBlocked()) log.info({ lane: name }, 'outbox: lane works again')
    failures = 0
    rests = 0
    blockedUntil = 0
  }

  const failed = (cause: unknown) => {
    failures += 1
    const fields = { lane: name, failures, reason: reasonOf(cause) }
    if (failures === 1) log.warn(fields, 'outbox: a try failed')
    // Tries that began together fail together, and that is one reason to rest.
    if (!isBlocked() || blockedUntil > performance.now()) return
    const restMs = jittered(backOff(REST_MS, rests), random)
    rests += 1
    blockedUntil = performance.now() + restMs
    log.warn({ ...fields, restMs }, 'outbox: lane blocked')
    for (const errand of waiting) errand.waits()
  }

  const attempt = async (errand: Waiting): Promise<void> => {
    errand.tries += 1
    try {
      const delivery = await errand.deliver()
      succeeded()
      if (delivery.ok) errand.ends('sent')
      else fail(errand, delivery.refused)
    } catch (cause) {
      failed(cause)
      if (closed) return fail(errand, 'the gateway stops')
      errand.notBefore = performance.now() + jittered(backOff(RETRY_MS, errand.tries - 1), random)
      waiting.push(errand)
      errand.waits()
    }
  }

  const start = (errand: Waiting) => {
    running += 1
    const done = attempt(errand).finally(() => {
      running -= 1
      look()
    })
    track(done)
  }

  const dropStale = () => {
    for (const errand of waiting.filter((it) => secondsLeft(it) <= 0)) {
      waiting.splice(waiting.indexOf(errand), 1)
      fail(errand, 'no longer of use')
    }
  }

  /** Begins what can begin, and comes back when more can. */
  const look = () => {
    clearTimeout(timer)
    if (closed) return
    dropStale()
    const now = performance.now()
    while (hasRoom() && blockedUntil <= now) {
      const index = waiting.findIndex(({ notBefore }) => notBefore <= now)
      const [next] = index < 0 ? [] : waiting.splice(index, 1)
      if (!next) break
      start(next)
    }
    if (waiting.length === 0) return
    const readyAt = Math.max(blockedUntil, Math.min(...waiting.map((it) => it.notBefore)))
    const staleInMs = Math.min(...waiting.map((it) => secondsLeft(it) * 1000))
    // Where there is no room, the end of a try looks again by itself.
    const readyInMs = hasRoom() ? readyAt - now : staleInMs
    timer = setTimeout(look, Math.max(1, Math.min(readyInMs, staleInMs))).unref()
  }

  return {
    add(errand) {
      const fresh: Waiting = { ...errand, tries: 0, notBefore: 0 }
      if (waiting.length >= most) return fail(fresh, 'too many messages wait')
      waiting.push(fresh)
      look()
      // Nothing will be tried at once, so nobody need wait for it.
      if (blockedUntil > performance.now() && waiting.includes(fresh)) fresh.waits()
    },

    close() {
      closed = true
      clearTimeout(timer)
      for (const errand of waiting.splice(0)) fail(errand, 'the gateway stops')
    },
  }
}

interface Steps {
  first: number
  most: number
}

const backOff = ({ first, most }: Steps, times: number): number =>
  Math.min(most, first * 2 ** times)

/** Between half of it and all of it. */
const jittered = (ms: number, random: () => number): number => Math.round(ms * (0.5 + random() / 2))
