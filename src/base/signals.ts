/**
 * Wakes whoever waits for something to change in this process. A signal carries nothing: whoever hears
 * one looks at the store, which alone knows.
 */
export interface Signals {
  tell(topic: string): void
  /** @returns What ends the listening. */
  listen(topic: string, hear: () => void): () => void
}

export function createSignals(): Signals {
  const listeners = new Map<string, Set<() => void>>()
  return {
    tell(topic) {
      for (const hear of [...(listeners.get(topic) ?? [])]) hear()
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
