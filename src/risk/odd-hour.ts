import type { Signal } from './contract.ts'

/** Fewer sign-ins than this make no habit. */
const ENOUGH = 20
/** To either side: daylight saving moves a habit by one. */
const HOURS_AROUND = 2
const RARELY = 0.03

/** An hour of the day at which this person hardly ever signs in. */
export const oddHour = (score: number): Signal => ({
  name: 'odd_hour',
  async weigh(facts) {
    const hours = (await facts.habits())?.hours ?? []
    const all = hours.reduce((sum, count) => sum + count, 0)
    if (all < ENOUGH) return undefined
    const now = Math.floor(facts.now / 3600) % 24
    const around = hours
      .filter((_, hour) => hoursBetween(hour, now) <= HOURS_AROUND)
      .reduce((sum, count) => sum + count, 0)
    return around < all * RARELY ? { score, reason: 'odd_hour' } : undefined
  },
})

/** On the face of a clock of 24 hours. */
function hoursBetween(one: number, other: number): number {
  const apart = Math.abs(one - other)
  return Math.min(apart, 24 - apart)
}
