/** Requests that wait for something, in one process: few enough that nobody else waits for them. */
export interface Waiting {
  /** @returns What ends the waiting; `undefined` when too many wait already. */
  begin(keyId: string): (() => void) | undefined
}

/** That one key may have waiting, as streams or otherwise. */
export const MOST_OF_A_KEY = 100
const MOST_IN_ALL = 2000

export function createWaiting({
  mostOfAKey = MOST_OF_A_KEY,
  mostInAll = MOST_IN_ALL,
} = {}): Waiting {
  const counts = new Map<string, number>()
  let all = 0
  return {
    begin(keyId) {
      const own = counts.get(keyId) ?? 0
      if (own >= mostOfAKey || all >= mostInAll) return undefined
      counts.set(keyId, own + 1)
      all += 1
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        all -= 1
        const left = (counts.get(keyId) ?? 0) - 1
        if (left > 0) counts.set(keyId, left)
        else counts.delete(keyId)
      }
    },
  }
}
