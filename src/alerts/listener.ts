import type { Log } from '../base/log.ts'
import type { AuditEvent } from '../model/event.ts'
import type { HeardKind } from './contract.ts'
import { HEARD_KINDS } from './kinds.ts'
import type { AlertMemory } from './memory.ts'
import { createCollector } from './tally.ts'

/** Hears events and keeps what they are to alerts, until somebody writes it down. */
export interface AlertListener {
  hear(event: AuditEvent): void
  /** Writes down what was heard. What cannot be written is kept for the next time. */
  flush(): Promise<void>
}

export interface AlertListenerDeps {
  memory: Pick<AlertMemory, 'hear'>
  log: Log
  kinds?: readonly HeardKind[]
}

export function createAlertListener({
  memory,
  log,
  kinds = HEARD_KINDS,
}: AlertListenerDeps): AlertListener {
  const heard = kinds.map((kind) => ({ kind, collected: createCollector() }))

  // A store that is away is tried again every second, and that is said once.
  let hasFailed = false

  const write = async () => {
    for (const { kind, collected } of heard) {
      const tally = collected.take()
      if (!tally) continue
      try {
        await memory.hear(kind, tally)
        hasFailed = false
      } catch (cause) {
        collected.putBack(tally)
        if (!hasFailed) log.error({ kind: kind.name, error: String(cause) }, 'alerts: not counted')
        hasFailed = true
      }
    }
  }
  // One after the other: whoever waits for the end waits for what was begun before.
  let writing = Promise.resolve()

  return {
    hear(event) {
      for (const { kind, collected } of heard) {
        const sighting = kind.sees(event)
        if (sighting) collected.add(sighting, event.at)
      }
    },

    flush() {
      writing = writing.then(write)
      return writing
    },
  }
}
