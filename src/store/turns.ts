import { isBusy, StoreUnavailable } from './errors.ts'

/**
 * Writes as soon as nobody else does. SQLite would hold the whole process until then, with every request in
 * it; here a write that finds the database held by another process stands in line, and all else goes on.
 *
 * @param write One statement or one whole transaction: what finds the database held has done nothing.
 * @returns What came of it. Writes that had to wait come in the order in which they were asked for.
 * @throws {StoreUnavailable} when the database is held for too long, or too many wait already.
 */
export type Turns = <T>(write: () => T) => Promise<T>

/** Long enough for a backup's or a command's longest write; then whoever waits is told to come back. */
const PATIENCE_MS = 4_000
const MOST_WAITING = 1_000
/** Another process writes for a few milliseconds, as a rule. */
const FIRST_LOOK_MS = 1
const LONGEST_LOOK_MS = 25

interface Waiting {
  /** @returns Whether it has had its turn. */
  attempt(): boolean
  giveUp(): void
  until: number
}

export function createTurns({ patienceMs = PATIENCE_MS, most = MOST_WAITING } = {}): Turns {
  const line: Waiting[] = []
  let delay = FIRST_LOOK_MS

  const look = () => {
    const [first] = line
    if (!first) return
    if (first.attempt()) {
      line.shift()
      delay = FIRST_LOOK_MS
      // One at a time: a hundred writes to the disk in a row would keep everybody else waiting.
      setImmediate(look)
      return
    }
    if (performance.now() >= first.until) {
      line.shift()
      first.giveUp()
      setImmediate(look)
      return
    }
    setTimeout(look, delay)
    delay = Math.min(delay * 2, LONGEST_LOOK_MS)
  }

  return async <T>(write: () => T): Promise<T> => {
    if (line.length === 0) {
      try {
        return write()
      } catch (cause) {
        if (!isBusy(cause)) throw cause
      }
    }
    if (line.length >= most) throw new StoreUnavailable({ detail: 'too many writes are waiting' })
    return new Promise<T>((resolve, reject) => {
      let busy: unknown
      line.push({
        until: performance.now() + patienceMs,
        giveUp: () => reject(busy),
        attempt() {
          try {
            resolve(write())
          } catch (cause) {
            busy = cause
            if (isBusy(cause)) return false
            reject(cause)
          }
          return true
        },
      })
      if (line.length === 1) setTimeout(look, FIRST_LOOK_MS)
    })
  }
}
