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

/** What strangers can cause as often as they like. All else has limits of its own, and is written each time. */
const REPEATABLE: ReadonlySet<EventName> = new Set<EventName>([
  'access.denied',
  'access.refused',
  'login.refused',
  'login.throttled',
])

/** For how long what is alike is one thing. */
export const GROUP_SECONDS = 60
/** So many of a group are a row each; from then on they are counted. */
const ROWS_A_GROUP = 5
/** Groups are told apart by who and from where, as long as there are no more than these; then by what alone. */
const GROUPS_AT_ONCE = 300
const GROUPS_A_SECOND = 0.1

interface Group {
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
  const open = (key: string, now: UnixSeconds): { group: Group; over: AuditEvent[] } => {
    const known = groups.get(key)
    if (known && !isOver(known, now)) return { group: known, over: [] }
    const group: Group = { since: now, rows: 0, counted: undefined, repeats: 0, lastAt: now }
    groups.set(key, group)
    return { group, over: known ? tallyOf(known) : [] }
  }

  return {
    hear(event) {
      const { reference } = event
      if (!REPEATABLE.has(event.name)) return { events: [event], isWritten: true, reference }
      const now = clock.now()
      const narrow = narrowKey(event)
      const known = groups.get(narrow)
      // A group that is there needs no budget: its rows are few.
      const key = (known && !isOver(known, now)) || afford(now) ? narrow : wideKey(event)
      const { group, over } = open(key, now)
      group.lastAt = now
      if (group.rows < ROWS_A_GROUP) {
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
      const over = [...groups].filter(([, { since }]) => since <= before - GROUP_SECONDS)
      for (const [key] of over) groups.delete(key)
      return over.flatMap(([, group]) => tallyOf(group))
    },
  }
}

const isOver = ({ since }: Group, now: UnixSeconds): boolean =>
  Math.abs(now - since) >= GROUP_SECONDS

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

const narrowKey = (event: AuditEvent): string => {
  const { userId, address = '', details = {} } = event
  return JSON.stringify([wideKey(event), userId, sourceOf(address), details.host])
}

/** Nothing in it is a stranger's choice. */
const wideKey = ({ name, details = {} }: AuditEvent): string =>
  JSON.stringify([name, details.rule, details.reason, details.factor])
