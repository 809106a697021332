/** What is known of the turn of the event loop that is under way. */
export interface Turn {
  /**
   * Takes something that a socket has brought in this turn, and not what has waited in memory since an
   * earlier one.
   */
  take<T>(work: () => T): T
  /**
   * Is this asked for the first time, of all that is taken in this turn? Whoever has looked something up
   * may then rely on it for the others: every one of them was on its way here before the look.
   *
   * @returns `true` also whenever nothing is being taken.
   */
  isFirst(): boolean
}

/**
 * Sockets that have something to tell are found out in one go, at the beginning of a turn, up to some
 * hundreds; then one after the other is read. Only a turn with more of them than that asks for more in the
 * middle, and it takes longer than this to get there.
 */
const LASTS_MS = 0.25

/** @param now A clock in milliseconds that never goes back. */
export function createTurn(now: () => number = () => performance.now()): Turn {
  let isTaking = false
  let hasAsked = false
  let askedAt = 0
  // The loop comes here when it has read from all the sockets that it had found.
  const end = () => {
    hasAsked = false
  }

  return {
    take(work) {
      isTaking = true
      try {
        return work()
      } finally {
        isTaking = false
      }
    },
    isFirst() {
      if (!isTaking) return true
      const at = now()
      if (hasAsked && at - askedAt < LASTS_MS) return false
      if (!hasAsked) setImmediate(end)
      hasAsked = true
      askedAt = at
      return true
    },
  }
}

/** The one of this process. */
export const turn = createTurn()
