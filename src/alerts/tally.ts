import type { UnixSeconds } from '../base/clock.ts'

/** What was seen: how often, between when and when, and of it the most frequent. Bounded, whatever comes. */
export interface Tally {
  count: number
  first: UnixSeconds
  last: UnixSeconds
  /** How often each was seen, by {@link keyOf}. */
  seen: Readonly<Record<string, number>>
  /** There was more than there is room for. */
  isCut?: true
}

/** One thing that was seen. */
export interface Sighting {
  /** An IPv4 address, or an IPv6 /64. */
  source?: string
  userId?: string
  /** Anything else, in words of our own. */
  what?: string
}

/** More of them than this are counted, and not told apart. */
export const MOST_SEEN = 500
/** What is left when there is no more room: the most frequent, and among equals the earliest. */
const LEFT_AFTER_CUT = 400

const keyOf = ({ source = '', userId = '', what = '' }: Sighting): string =>
  JSON.stringify([source, userId, what])

/** Each sighting of a tally, with how often. */
export function sightingsIn({ seen }: Pick<Tally, 'seen'>): [Sighting, number][] {
  return Object.entries(seen).map(([key, count]) => {
    const [source, userId, what] = JSON.parse(key) as [string, string, string]
    return [{ ...(source && { source }), ...(userId && { userId }), ...(what && { what }) }, count]
  })
}

export const tallyOf = (sighting: Sighting, at: UnixSeconds, count = 1): Tally => ({
  count,
  first: at,
  last: at,
  seen: { [keyOf(sighting)]: count },
})

/** Collects what is seen, a step of constant cost each: an attack must not be made dearer by being counted. */
export interface Collector {
  add(sighting: Sighting, at: UnixSeconds): void
  /** Takes all of it away; `undefined` where there is nothing. */
  take(): Tally | undefined
  /** Puts it back. */
  putBack(tally: Tally): void
}

export function createCollector(): Collector {
  const seen = new Map<string, number>()
  let kept: Tally | undefined
  let span: Pick<Tally, 'count' | 'first' | 'last' | 'isCut'> | undefined

  return {
    add(sighting, at) {
      const key = keyOf(sighting)
      const known = seen.get(key)
      const fits = known !== undefined || seen.size < MOST_SEEN
      if (fits) seen.set(key, (known ?? 0) + 1)
      span ??= { count: 0, first: at, last: at }
      span.count += 1
      span.last = at
      if (!fits) span.isCut = true
    },

    take() {
      const fresh = span && { ...span, seen: Object.fromEntries(seen) }
      const all = fresh ? together(kept, fresh) : kept
      seen.clear()
      span = undefined
      kept = undefined
      return all
    },

    putBack(tally) {
      kept = together(kept, tally)
    },
  }
}

/** Both together. */
export function together(one: Tally | undefined, other: Tally): Tally {
  if (!one) return other
  const seen = new Map(Object.entries(one.seen))
  for (const [key, count] of Object.entries(other.seen)) seen.set(key, (seen.get(key) ?? 0) + count)
  const isFull = seen.size > MOST_SEEN
  const left = isFull
    ? [...seen].toSorted(([, a], [, b]) => b - a).slice(0, LEFT_AFTER_CUT)
    : [...seen]
  return {
    count: one.count + other.count,
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
    seen: Object.fromEntries(left),
    ...(isFull || one.isCut || other.isCut ? { isCut: true as const } : {}),
  }
}

/** What fulfills something, of all that was seen; `undefined` where nothing does. */
export function part(tally: Tally, fits: (sighting: Sighting) => boolean): Tally | undefined {
  const some = sightingsIn(tally).filter(([sighting]) => fits(sighting))
  if (some.length === 0) return undefined
  return {
    ...tally,
    count: some.reduce((sum, [, count]) => sum + count, 0),
    seen: Object.fromEntries(some.map(([sighting, count]) => [keyOf(sighting), count])),
  }
}

/** How often by one of its parts, most frequent first. */
export function countsBy(tally: Tally, field: keyof Sighting): [string, number][] {
  const counts = new Map<string, number>()
  for (const [sighting, count] of sightingsIn(tally)) {
    const value = sighting[field]
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + count)
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)
}
