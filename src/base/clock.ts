/** Whole seconds since 1970, UTC. */
export type UnixSeconds = number

/** Where the time comes from; a test puts a still one in its place. */
export interface Clock {
  /** Whole seconds since 1970. */
  now(): UnixSeconds
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
}
