import type { UnixSeconds } from '../base/clock.ts'

/** A fact, past tense. Names are stable: dashboards and alerts are built on them. */
export type EventName =
  | 'access.denied'
  | 'access.refused'
  | 'login.succeeded'
  | 'login.refused'
  | 'login.throttled'
  | 'login.looped'
  | 'login.weighed'
  | 'factor.enrolled'
  | 'factor.changed'
  | 'factor.removed'
  | 'factor.disabled'
  | 'factor.suspect'
  | 'factors.frozen'
  | 'challenge.sent'
  | 'challenge.undelivered'
  | 'challenge.denied'
  | 'message.undelivered'
  | 'password.reset_asked'
  | 'password.changed'
  | 'session.revoked'
  | 'user.created'
  | 'user.changed'
  | 'user.deleted'
  | 'user.exported'
  | 'user.erased'

/** Who did what, from where. Never holds a secret, a code, a password or a session token. */
export interface AuditEvent {
  name: EventName
  at: UnixSeconds
  userId?: string
  sessionId?: string
  address?: string
  /** The number that a refused page shows. */
  reference?: string
  /** Anything else worth knowing: host, path, rule, factor kind, reason. */
  details?: Readonly<Record<string, string | number | boolean>>
}
