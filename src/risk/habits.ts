import type { UnixSeconds } from '../base/clock.ts'
import type { Habit, Habits } from '../model/habits.ts'
import type { Place } from './contract.ts'

const DAY = 86_400
/** What was not seen for so long is usual no more. */
const HABIT_SECONDS = 180 * DAY
const MOST_NETWORKS = 24
const MOST_COUNTRIES = 12
/** From this many on, all counts are halved: what a person does now weighs more than last year's. */
const MOST_HOURS = 400

/** What is usual once a sign-in has come about. */
export function learned(
  before: Habits | undefined,
  { network, place, now }: { network: string | undefined; place: Place | undefined; now: number },
): Habits {
  const { position, country } = place ?? {}
  const last = position
    ? {
        latitude: Math.round(position.latitude),
        longitude: Math.round(position.longitude),
        at: now,
      }
    : before?.last
  return {
    networks: withSeen(before?.networks ?? [], network, now, MOST_NETWORKS),
    countries: withSeen(before?.countries ?? [], country, now, MOST_COUNTRIES),
    hours: withHour(before?.hours ?? Array<number>(24).fill(0), Math.floor(now / 3600) % 24),
    ...(last ? { last } : {}),
    at: now,
  }
}

/** The same without what was first seen since. Counts of hours stay: one more does no harm. */
export function unlearned({ last, ...habits }: Habits, since: UnixSeconds): Habits {
  return {
    ...habits,
    networks: habits.networks.filter((habit) => habit.since < since),
    countries: habits.countries.filter((habit) => habit.since < since),
    ...(last && last.at < since ? { last } : {}),
  }
}

function withSeen(
  before: readonly Habit[],
  key: string | undefined,
  now: UnixSeconds,
  most: number,
): Habit[] {
  const kept = before.filter((habit) => now - habit.at < HABIT_SECONDS)
  if (key === undefined) return kept
  const known = kept.find((habit) => habit.key === key)
  const seen = { key, since: known?.since ?? now, at: now }
  const others = kept.filter((habit) => habit !== known)
  return [seen, ...others.toSorted((a, b) => b.at - a.at)].slice(0, most)
}

function withHour(hours: readonly number[], now: number): number[] {
  const counted = hours.map((count, hour) => (hour === now ? count + 1 : count))
  const all = counted.reduce((sum, count) => sum + count, 0)
  return all < MOST_HOURS ? counted : counted.map((count) => Math.floor(count / 2))
}
