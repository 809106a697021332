import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Delivery } from '../model/message.ts'
import { FateUnknown, reasonOf } from './errors.ts'
import type { MessageEnd } from './message-end.ts'

/** One message in a lane. */
export interface Errand {
  /** Who is to be reached. */
  whom: unknown
  deliver(): Promise<Delivery>
  until: UnixSeconds
  /** Called when a try has failed, or none can be made now, and more will follow. */
  waits(): void
  /** Called once. */
  ends(end: MessageEnd): void
}

/** Messages that go the same way. When it is blocked they wait, and one at a time tries it. */
export interface Lane {
  add(errand: Errand): void
  /** Ends what waits, as stopped. Tries under way go on. */
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
/** Of those, for what has failed before: it must not hold up what comes fresh. */
const MOST_AGAIN = 3
/** And for one person: with a few mailboxes that never answer nobody can fill the lane. */
const MOST_FOR_ONE = 2
/** A try that begins later than this before the end would arrive stale. */
const MARGIN_SECONDS = 5
const RETRY_MS = { first: 1000, most: 30_000 }
/** So many failures in a row block the lane; at least so many different people must be concerned. */
const FAILURES_THAT_BLOCK = 5
const PEOPLE_THAT_BLOCK = 3
const REST_MS = { first: 5000, most: 60_000 }

const WORDS: Record<Exclude<MessageEnd, 'sent'>, string> = {
  refused: 'refused',
  late: 'no longer of use',
  crowded: 'too many messages wait',
  stopped: 'the gateway stops',
  unknown: 'perhaps delivered; not tried again, because it costs money',
}

interface Waiting extends Errand {
  tries: number
  /** Why the last try failed. */
  last?: string
  /** On the clock of {@link performance}: no step of the machine's time changes it. */
  notBefore: number
}

export function createLane(deps: LaneDeps): Lane {
  const { name, most, clock, log, random, track } = deps
  const waiting: Waiting[] = []
  const underWay = new Set<Waiting>()
  let failures = 0
  const concerned = new Set<unknown>()
  let rests = 0
  let blockedUntil = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const isBlocked = () => failures >= FAILURES_THAT_BLOCK && concerned.size >= PEOPLE_THAT_BLOCK
  /** One probe while the lane is blocked, else as many as there is room for. */
  const hasRoom = () => underWay.size < (isBlocked() ? 1 : MOST_UNDER_WAY)
  const hasRoomFor = ({ whom, tries }: Waiting) => {
    const running = [...underWay]
    const isCrowd = running.filter((it) => it.whom === whom).length >= MOST_FOR_ONE
    return !isCrowd && (tries === 0 || running.filter((it) => it.tries > 1).length < MOST_AGAIN)
  }
  const secondsLeft = ({ until }: Errand) => until - clock.now() - MARGIN_SECONDS

  const fail = (errand: Waiting, end: Exclude<MessageEnd, 'sent'>, reason = WORDS[end]) => {
    const { tries, last } = errand
    const fields = { lane: name, tries, end, reason, ...(last === undefined ? {} : { last }) }
    log.warn(fields, 'outbox: message not delivered')
    errand.ends(end)
  }

  const succeeded = () => {
    if (isBlocked()) log.info({ lane: name }, 'outbox: lane works again')
    failures = 0
    concerned.clear()
    rests = 0
    blockedUntil = 0
  }

  const failed = (cause: unknown, { whom }: Errand) => {
    failures += 1
    if (concerned.size < PEOPLE_THAT_BLOCK) concerned.add(whom)
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

  const again = (errand: Waiting, last: string) => {
    errand.last = last
    if (closed) return fail(errand, 'stopped')
    errand.notBefore = performance.now() + jittered(backOff(RETRY_MS, errand.tries - 1), random)
    waiting.push(errand)
    errand.waits()
  }

  const putOff = (errand: Waiting, reason: string) => {
    if (errand.tries === 1) log.info({ lane: name, reason }, 'outbox: message put off')
    again(errand, reason)
  }

  const attempt = async (errand: Waiting): Promise<void> => {
    errand.tries += 1
    try {
      const delivery = await errand.deliver()
      // Whatever was said about the message, the channel works.
      succeeded()
      if (delivery.ok) errand.ends('sent')
      else if ('later' in delivery) putOff(errand, delivery.later)
      else fail(errand, 'refused', delivery.refused)
    } catch (cause) {
      failed(cause, errand)
      if (!(cause instanceof FateUnknown)) return again(errand, reasonOf(cause))
      errand.last = reasonOf(cause)
      fail(errand, 'unknown')
    }
  }

  const start = (errand: Waiting) => {
    underWay.add(errand)
    const done = attempt(errand).finally(() => {
      underWay.delete(errand)
      look()
    })
    track(done)
  }

  const dropStale = () => {
    for (const errand of waiting.filter((it) => secondsLeft(it) <= 0)) {
      waiting.splice(waiting.indexOf(errand), 1)
      fail(errand, 'late')
    }
  }

  /** What has been tried least, so that nobody waits behind what fails again and again. */
  const takeNext = (now: number): Waiting | undefined => {
    const ready = waiting.filter((it) => it.notBefore <= now && hasRoomFor(it))
    const next = ready.reduce<Waiting | undefined>(
      (least, it) => (least === undefined || it.tries < least.tries ? it : least),
      undefined,
    )
    if (next) waiting.splice(waiting.indexOf(next), 1)
    return next
  }

  /** Begins what can begin, and comes back when more can. */
  const look = () => {
    clearTimeout(timer)
    if (closed) return
    dropStale()
    const now = performance.now()
    while (hasRoom() && blockedUntil <= now) {
      const next = takeNext(now)
      if (!next) break
      start(next)
    }
    if (waiting.length === 0) return
    // Where there is no room, the end of a try looks again by itself.
    const startable = hasRoom() ? waiting.filter(hasRoomFor) : []
    const readyAt = Math.max(blockedUntil, Math.min(...startable.map((it) => it.notBefore)))
    const staleInMs = Math.min(...waiting.map((it) => secondsLeft(it) * 1000))
    timer = setTimeout(look, Math.max(1, Math.min(readyAt - now, staleInMs))).unref()
  }

  return {
    add(errand) {
      const fresh: Waiting = { ...errand, tries: 0, notBefore: 0 }
      if (waiting.length >= most) return fail(fresh, 'crowded')
      waiting.push(fresh)
      look()
      // Nothing will be tried at once, so nobody need wait for it.
      if (blockedUntil > performance.now() && waiting.includes(fresh)) fresh.waits()
    },

    close() {
      closed = true
      clearTimeout(timer)
      for (const errand of waiting.splice(0)) fail(errand, 'stopped')
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
