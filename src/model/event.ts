import type { UnixSeconds } from '../base/clock.ts'

/** Facts, past tense. Names are stable: dashboards and alerts are built on them. `docs/audit.md` says what each is. */
export const EVENT_NAMES = [
  'access.allowed',
  'access.denied',
  'access.refused',
  'upstream.failed',
  'login.succeeded',
  'login.refused',
  'login.throttled',
  'login.looped',
  'login.weighed',
  'factor.enrolled',
  'factor.changed',
  'factor.removed',
  'factor.disabled',
  'factor.restored',
  'factor.suspect',
  'factor.unreachable',
  'factors.frozen',
  'challenge.sent',
  'challenge.undelivered',
  'challenge.denied',
  'message.undelivered',
  'password.reset_asked',
  'password.changed',
  'session.revoked',
  'user.created',
  'user.changed',
  'user.deleted',
  'user.exported',
  'user.erased',
  'api.key_refused',
  'config.reloaded',
  'config.refused',
  'gateway.started',
  'gateway.stopped',
  'alert.raised',
  'admin.limits_cleared',
  'admin.api_key_created',
  'admin.api_key_revoked',
  'admin.backup_made',
  'admin.key_rotated',
] as const

/** What the trail says of itself is not among those: it is written by the store alone. */
export type EventName = (typeof EVENT_NAMES)[number] | `trail.${string}`

export type EventDetails = Readonly<Record<string, string | number | boolean>>

/** Who did what, from where. Never holds a secret, a code, a password or a session token. */
export interface AuditEvent {
  name: EventName
  at: UnixSeconds
  /** Whom it is about. */
  userId?: string
  /** Who did it, where that is somebody else: an administrator. An id, which means nothing once they are gone. */
  actorId?: string
  sessionId?: string
  address?: string
  /** The number that a refused page shows. */
  reference?: string
  /** Anything else worth knowing: host, path, rule, factor kind, reason. */
  details?: EventDetails
  /** Of a refusal: how the rules were gone through. */
  walk?: readonly WalkStep[]
}

/** One rule on the way to a decision. */
export interface WalkStep {
  rule: string
  /** Whether it was about the request, and why. */
  says: string
}

/** An event as it stands in the trail. */
export interface StoredEvent extends AuditEvent {
  /** Its place, from 1. */
  id: number
  /** The person has been forgotten: `userId` is a pseudonym, the same in all of their rows. */
  isErased: boolean
}

/**
 * Details that say nothing about a person. They stay in the trail when somebody is forgotten; all that is
 * not listed here goes with the person.
 */
export const IMPERSONAL_DETAILS: ReadonlySet<string> = new Set([
  'aal',
  'about',
  'amr',
  'application',
  'by',
  'confirms',
  'event',
  'factor',
  'faults',
  'first',
  'host',
  'key',
  'kind',
  'last',
  'lastResort',
  'medium',
  'method',
  'newDevice',
  'policy',
  'pseudonym',
  'reason',
  'remembered',
  'repeats',
  'route',
  'rows',
  'rule',
  'seconds',
  'setAside',
  'sends',
  'sessions',
  'unconfirmed',
  'until',
  'warning',
  'what',
  'workers',
])
