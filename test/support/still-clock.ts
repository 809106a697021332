import type { Clock, UnixSeconds } from '../../src/base/clock.ts'

/** A clock that moves only when it is told to. */
export interface StillClock extends Clock {
  advance(seconds: number): void
}

/** @param start The middle of a TOTP step, so that a test does not straddle two by accident. */
export function stillClock(start: UnixSeconds = 1_800_000_015): StillClock {
  let now = start
  return {
    now: () => now,
    advance: (seconds) => {
      now += seconds
    },
  }
}
