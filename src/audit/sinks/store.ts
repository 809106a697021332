import type { Log } from '../../base/log.ts'
import type { EventName } from '../../model/event.ts'
import type { EventRepository } from '../../store/contract.ts'
import type { Sink } from '../record.ts'

/** Facts that belong to a person's history; what the doors decide a thousand times a second is not among them. */
const KEPT: ReadonlySet<EventName> = new Set<EventName>([
  'login.succeeded',
  'login.refused',
  'login.throttled',
  'factor.enrolled',
  'factor.changed',
  'factor.removed',
  'factor.disabled',
  'factor.suspect',
  'factors.frozen',
  'challenge.denied',
  'message.undelivered',
  'password.changed',
  'password.reset_asked',
  'session.revoked',
  'user.created',
  'user.changed',
  'user.exported',
])

export interface StoreSinkDeps {
  events: EventRepository
  log: Log
}

/** Keeps a person's history in the store. Nobody waits for it. */
export const storeSink =
  ({ events, log }: StoreSinkDeps): Sink =>
  (event) => {
    if (event.userId === undefined || !KEPT.has(event.name)) return
    events.insert(event).catch((cause) => {
      log.error({ event: event.name, error: String(cause) }, 'audit: event not kept')
    })
  }
