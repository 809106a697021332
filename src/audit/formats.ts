import { jsonLine } from '../base/visible.ts'
import type { AuditEvent } from '../model/event.ts'

/** An event as whoever reads it elsewhere gets it: in JSON lines, from the API, by webhook. */
export interface WrittenEvent {
  id?: number
  time: string
  event: string
  user_id?: string
  actor_id?: string
  session_id?: string
  address?: string
  reference?: string
  details: AuditEvent['details']
  walk?: AuditEvent['walk']
  /** The person has been forgotten, and `user_id` is a pseudonym. */
  erased?: true
}

/** One form for every way out. Times are RFC 3339, UTC. */
export function writtenEvent(
  event: AuditEvent & { id?: number; isErased?: boolean },
): WrittenEvent {
  const { id, at, name, userId, actorId, sessionId, address, reference, details, walk } = event
  return {
    ...(id === undefined ? {} : { id }),
    time: timeOf(at),
    event: name,
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(actorId === undefined ? {} : { actor_id: actorId }),
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(address === undefined ? {} : { address }),
    ...(reference === undefined ? {} : { reference }),
    details: details ?? {},
    ...(walk === undefined ? {} : { walk }),
    ...(event.isErased ? { erased: true } : {}),
  }
}

export const timeOf = (at: number): string => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`

/** The columns of {@link csvLine}. */
export const CSV_HEAD =
  'id,time,event,user_id,actor_id,session_id,address,reference,erased,details,walk'

/** One event as a line of CSV, without its end. */
export function csvLine(event: AuditEvent & { id?: number; isErased?: boolean }): string {
  const it = writtenEvent(event)
  return [
    it.id,
    it.time,
    it.event,
    it.user_id,
    it.actor_id,
    it.session_id,
    it.address,
    it.reference,
    it.erased,
    jsonLine(it.details),
    it.walk && jsonLine(it.walk),
  ]
    .map((value) => csvCell(value === undefined ? '' : String(value)))
    .join(',')
}

/**
 * One cell of CSV. What a spreadsheet would take for a formula is made a text by an apostrophe before it.
 *
 * @param text May be hostile.
 * @see RFC 4180; https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvCell(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
  const harmless = /^\s*[=+\-@|%]/.test(plain) ? `'${plain}` : plain
  return /[",;\s']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
