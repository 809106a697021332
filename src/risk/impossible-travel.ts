import type { Position, Signal } from './contract.ts'

/** Faster than any airliner, over ground. */
const FASTEST_KM_AN_HOUR = 1000
/** Databases of places are wrong about cities, less so about countries. */
const LEAST_KM = 500
/** What rounding a place to a degree may hide. */
const ROUNDING_KM = 120

/** A place that nobody can have reached since the last sign-in. */
export const impossibleTravel = (score: number): Signal => ({
  name: 'impossible_travel',
  async weigh(facts) {
    const habits = await facts.habits()
    if (!habits?.last) return undefined
    // Between two networks that are both usual nobody travels: the office and the telephone are one person's.
    const network = await facts.network()
    if (habits.networks.some(({ key }) => key === network)) return undefined
    const here = (await facts.place())?.position
    if (!here) return undefined
    const distance = kilometersBetween(habits.last, here) - here.radius - ROUNDING_KM
    const hours = Math.max(0, facts.now - habits.last.at) / 3600
    const isImpossible = distance > LEAST_KM && distance > FASTEST_KM_AN_HOUR * hours
    return isImpossible ? { score, reason: 'impossible_travel' } : undefined
  },
})

const EARTH_KM = 6371

type Point = Pick<Position, 'latitude' | 'longitude'>

/** Along the great circle, by the haversine formula. */
function kilometersBetween(one: Point, other: Point): number {
  const north = radians(other.latitude - one.latitude)
  const east = radians(other.longitude - one.longitude)
  const chord =
    Math.sin(north / 2) ** 2 +
    Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * Math.sin(east / 2) ** 2
  return 2 * EARTH_KM * Math.asin(Math.sqrt(Math.min(1, chord)))
}

const radians = (degrees: number) => (degrees * Math.PI) / 180
