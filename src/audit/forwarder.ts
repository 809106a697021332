import type { Log } from '../base/log.ts'
import type { AuditEvent } from '../model/event.ts'
import type { Sink } from './record.ts'

/** Takes events elsewhere, in their order, and nobody waits for it. */
export interface Forwarder {
  sink: Sink
  /** Tries once more to get rid of what waits, for a few seconds. What is left then is in the trail alone. */
  close(): Promise<void>
}

export interface ForwarderDeps {
  /** Where it goes, for the log. */
  name: string
  /** Takes some events, all or none. @throws when they have to be sent again. */
  send(events: readonly AuditEvent[]): Promise<void>
  /** Lets go of connections. */
  end?(): void
  /** The reason of a failure that may be written down. */
  reasonOf(cause: unknown): string
  log: Log
  /** The first wait after a failure; it doubles each time. */
  retryMs?: number
}

/** Events that wait while the other side is away; what is beyond is counted, and told in the log. */
const MOST_WAITING = 10_000
const BATCH = 100
const LONGEST_WAIT_MS = 60_000
const CLOSING_MS = 3000

export function createForwarder(deps: ForwarderDeps): Forwarder {
  const { name, send, end, reasonOf, log, retryMs = 1000 } = deps
  let waiting: AuditEvent[] = []
  /** How many of them were sent last and not taken: the same ones go again, and no others with them. */
  let trying = 0
  let lost = 0
  let wait = retryMs
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  let closed = false

  const work = async () => {
    while (waiting.length > 0) {
      const some = waiting.slice(0, trying || BATCH)
      trying = some.length
      try {
        await send(some)
      } catch (cause) {
        log.warn(
          { sink: name, reason: reasonOf(cause), waiting: waiting.length },
          'audit: not sent',
        )
        return again()
      }
      waiting = waiting.slice(some.length)
      trying = 0
      wait = retryMs
      if (lost > 0) log.error({ sink: name, lost }, 'audit: events were not sent on')
      lost = 0
    }
  }
  const begin = () => {
    timer = undefined
    underWay ??= work().finally(() => {
      underWay = undefined
      // Something may have come between the last look and now.
      if (waiting.length > 0 && timer === undefined && !closed) begin()
    })
  }
  const again = () => {
    if (closed) return
    timer = setTimeout(begin, wait).unref()
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }

  return {
    sink(event) {
      if (closed) return
      if (waiting.length >= MOST_WAITING) {
        lost += 1
        return
      }
      waiting.push(event)
      if (timer === undefined) begin()
    },

    async close() {
      closed = true
      clearTimeout(timer)
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSING_MS).unref())
      await Promise.race([(underWay ?? Promise.resolve()).then(work), late])
      lost += waiting.length
      if (lost > 0) log.error({ sink: name, lost }, 'audit: events were not sent on')
      waiting = []
      end?.()
    },
  }
}
