/**
 * Wakes whoever waits for something to change. A signal carries nothing: whoever hears one looks at the
 * store, which alone knows.
 */
export interface Signals {
  tell(topic: string): void
  /** @returns What ends the listening. */
  listen(topic: string, hear: () => void): () => void
}

/** Signals of one process among several. */
export interface SharedSignals extends Signals {
  /** Wakes those who wait in this process alone: somebody in another one has told. */
  wake(topic: string): void
}

/** @param passOn Tells the other processes. */
export function createSignals(passOn: (topic: string) => void = () => undefined): SharedSignals {
  const listeners = new Map<string, Set<() => void>>()
  const wake = (topic: string) => {
    for (const hear of [...(listeners.get(topic) ?? [])]) hear()
  }
  return {
    wake,
    tell(topic) {
      wake(topic)
      passOn(topic)
    },

    listen(topic, hear) {
      const heard = listeners.get(topic) ?? new Set()
      listeners.set(topic, heard.add(hear))
      return () => {
        heard.delete(hear)
        if (heard.size === 0 && listeners.get(topic) === heard) listeners.delete(topic)
      }
    },
  }
}
