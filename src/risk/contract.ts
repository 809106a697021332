import type { UnixSeconds } from '../base/clock.ts'
import type { Habits } from '../model/habits.ts'

/** One thing that may make a sign-in unusual. */
export interface Signal {
  /** The key of its weight in the configuration. */
  name: string
  /** @returns `undefined` where there is nothing to say, or not enough is known to say it. */
  weigh(facts: Facts): Promise<Weight | undefined>
}

export interface Weight {
  score: number
  /** A stable word, for the trail and for other programs. */
  reason: string
}

/** What can be known about a sign-in. What no signal asks for is never looked up. */
export interface Facts {
  now: UnixSeconds
  failures: Failures
  /** Has the person signed in in this browser before? `undefined` where no browser is known. */
  knowsDevice(): Promise<boolean | undefined>
  /** `undefined` for somebody who has never signed in. */
  habits(): Promise<Habits | undefined>
  /** The network that an address belongs to, as a digest; `undefined` where it belongs to none. */
  network(): Promise<string | undefined>
  /** `undefined` where the databases of places do not know the address, or there are none. */
  place(): Promise<Place | undefined>
  /** Is the password on the list of leaked ones? `undefined` where there is no list or no password. */
  isBreached(): Promise<boolean | undefined>
}

/** Wrong answers shortly before the right one. */
export interface Failures {
  account: number
  address: number
}

/** What a database of places says of an address. */
export interface Place {
  /** ISO 3166-1 code. */
  country?: string
  /** The number of the network's operator. */
  autonomousSystem?: number
  position?: Position
}

export interface Position {
  latitude: number
  longitude: number
  /** Kilometers around it within which the address is likely to be. */
  radius: number
}
