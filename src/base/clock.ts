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

/**
 * By how many seconds the machine's clock is ahead of one that only ever goes forward, one second a second:
 * it stays the same until somebody sets the clock.
 */
export const clockOffset = (): number => (Date.now() - performance.now()) / 1000

const LOOK_EVERY_MS = 10_000
/** Machines are set right by less than this all the time. */
const JUMP_SECONDS = 30

/**
 * Says when the machine's clock was set by much: limits, codes and sessions are in time with it.
 *
 * @param onJump Told by how many seconds, negative for back.
 * @returns What ends the watch.
 */
export function watchClock(onJump: (seconds: number) => void): () => void {
  let last = clockOffset()
  const timer = setInterval(() => {
    const now = clockOffset()
    const jump = Math.round(now - last)
    last = now
    if (Math.abs(jump) >= JUMP_SECONDS) onJump(jump)
  }, LOOK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
