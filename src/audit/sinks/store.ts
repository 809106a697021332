import type { Log } from '../../base/log.ts'
import type { EventRepository } from '../../store/contract.ts'
import type { Sink } from '../record.ts'

export interface StoreSinkDeps {
  events: EventRepository
  log: Log
}

/** Puts every event into the trail. Nobody waits for it. */
export const storeSink =
  ({ events, log }: StoreSinkDeps): Sink =>
  (event) => {
    events.insert(event).catch((cause) => {
      log.error({ event: event.name, error: String(cause) }, 'audit: event not kept')
    })
  }
