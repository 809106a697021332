import type { Clock, UnixSeconds } from '../base/clock.ts'
import { sourceOf } from '../base/net.ts'
import { type AuditEvent, type EventName, IMPERSONAL_DETAILS } from '../model/event.ts'

/** Keeps a flood of refusals from becoming a flood of rows: what repeats itself becomes one row with a count. */
export interface Repeats {
  /** @returns What to write down now, if anything, and the number under which it is found. */
  hear(event: AuditEvent): Heard
  /** Ends all groups, or those whose minute is over. @returns The rows that say how often. */
  end(before?: UnixSeconds): AuditEvent[]
}

export interface Heard {
  events: readonly AuditEvent[]
  /** The event itself is among them; else it is counted. */
  isWritten: boolean
  reference: string | undefined
}

/** How what repeats itself is told. */
interface Manner {
  /** For how long what is alike is one thing. */
  seconds: number
  /** So many of a group are a row each; from then on they are counted. */
  rows: number
  /** What makes two of them alike, beside what they are. */
  alike(event: AuditEvent): readonly unknown[]
}

const CLOSELY: Manner = {
  seconds: 60,
  rows: 5,
  alike: ({ userId, address = '', details = {} }) => [
    ...[userId, sourceOf(address)],
    ...[details.host, details.key],
  ],
}
/** Guesses from everywhere at one person are one thing, and must not push all else out of their history. */
const BY_PERSON: Manner = {
  seconds: 600,
  rows: 1,
  alike: ({ userId, address = '' }) => [userId ?? sourceOf(address)],
}

/** One application that is away is one thing, whoever asks for it. */
const BY_ROUTE: Manner = { seconds: 60, rows: 5, alike: ({ details = {} }) => [details.route] }

/** What strangers can cause as often as they like. All else has limits of its own, and is written each time. */
const REPEATABLE: ReadonlyMap<EventName, Manner> = new Map<EventName, Manner>([
  ['access.denied', CLOSELY],
  ['access.refused', CLOSELY],
  ['api.key_refused', CLOSELY],
  ['login.looped', CLOSELY],
  ['login.refused', CLOSELY],
  ['login.throttled', BY_PERSON],
  ['upstream.failed', BY_ROUTE],
])

/** How often to look which groups are over. */
export const LOOK_EVERY_SECONDS = 60
/** Groups are told apart by who and from where, as long as there are no more than these; then by what alone. */
const GROUPS_AT_ONCE = 300
const GROUPS_A_SECOND = 0.1

interface Group {
  manner: Manner
  since: UnixSeconds
  rows: number
  /** The first that was only counted: it stands for the others. */
  counted: AuditEvent | undefined
  repeats: number
  lastAt: UnixSeconds
}

export function createRepeats({ clock }: { clock: Clock }): Repeats {
  const groups = new Map<string, Group>()
  let budget = GROUPS_AT_ONCE
  let budgetAt = clock.now()

  const afford = (now: UnixSeconds): boolean => {
    budget = Math.min(GROUPS_AT_ONCE, budget + Math.max(0, now - budgetAt) * GROUPS_A_SECOND)
    budgetAt = now
    if (budget < 1) return false
    budget -= 1
    return true
  }
  const open = (
    key: string,
    manner: Manner,
    now: UnixSeconds,
  ): { group: Group; over: AuditEvent[] } => {
    const known = groups.get(key)
    if (known && !isOver(known, now)) return { group: known, over: [] }
    const group: Group = {
      manner,
      since: now,
      rows: 0,
      counted: undefined,
      repeats: 0,
      lastAt: now,
    }
    groups.set(key, group)
    return { group, over: known ? tallyOf(known) : [] }
  }

  return {
    hear(event) {
      const { reference } = event
      const manner = REPEATABLE.get(event.name)
      if (!manner) return { events: [event], isWritten: true, reference }
      const now = clock.now()
      const narrow = narrowKey(event, manner)
      const known = groups.get(narrow)
      // A group that is there needs no budget: its rows are few.
      const key = (known && !isOver(known, now)) || afford(now) ? narrow : wideKey(event)
      const { group, over } = open(key, manner, now)
      group.lastAt = now
      if (group.rows < manner.rows) {
        group.rows += 1
        return { events: [...over, event], isWritten: true, reference }
      }
      group.repeats += 1
      if (group.counted) {
        return { events: over, isWritten: false, reference: group.counted.reference }
      }
      group.counted = event
      return { events: [...over, event], isWritten: true, reference }
    },

    end(before = Number.POSITIVE_INFINITY) {
      const over = [...groups].filter(([, { since, manner }]) => since <= before - manner.seconds)
      for (const [key] of over) groups.delete(key)
      return over.flatMap(([, group]) => tallyOf(group))
    },
  }
}

const isOver = ({ since, manner }: Group, now: UnixSeconds): boolean =>
  Math.abs(now - since) >= manner.seconds

/** The row that says how often; none where nothing was left out. */
function tallyOf({ counted, repeats, since, lastAt }: Group): AuditEvent[] {
  // The one that stands for them has a row already.
  if (!counted || repeats < 2) return []
  const { walk: _, ...event } = counted.userId === undefined ? counted : impersonal(counted)
  const times = { first: since, last: lastAt }
  return [{ ...event, at: lastAt, details: { ...event.details, ...times, repeats: repeats - 1 } }]
}

/** Somebody may have been erased while we counted. The number leads to who it was as long as that is known. */
function impersonal({ name, at, reference, details = {} }: AuditEvent): AuditEvent {
  const kept = Object.entries(details).filter(([key]) => IMPERSONAL_DETAILS.has(key))
  return { name, at, ...(reference ? { reference } : {}), details: Object.fromEntries(kept) }
}

const narrowKey = (event: AuditEvent, { alike }: Manner): string =>
  JSON.stringify([wideKey(event), ...alike(event)])

/** Nothing in it is a stranger's choice. */
const wideKey = ({ name, details = {} }: AuditEvent): string =>
  JSON.stringify([name, details.rule, details.reason, details.factor, details.what])
