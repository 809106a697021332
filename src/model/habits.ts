import type { UnixSeconds } from '../base/clock.ts'

/**
 * What the sign-ins of one person usually look like: small, bounded, and no diary. Networks are digests,
 * the last place is kept to a degree.
 */
export interface Habits {
  networks: readonly Habit[]
  /** ISO 3166-1 codes. */
  countries: readonly Habit[]
  /** Sign-ins by the hour of the day, UTC: 24 counts, of which the old ones fade. */
  hours: readonly number[]
  last?: LastPlace
  /** When they were last added to. */
  at: UnixSeconds
}

/** One thing that was seen before. */
export interface Habit {
  key: string
  since: UnixSeconds
  at: UnixSeconds
}

/** Where the last sign-in came from, to a degree. */
export interface LastPlace {
  latitude: number
  longitude: number
  at: UnixSeconds
}
