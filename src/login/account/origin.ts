import type { Audit } from '../../audit/record.ts'
import { browserInWords } from '../../base/user-agent.ts'
import type { AuditEvent, EventName } from '../../model/event.ts'

/** Where a change to an account comes from. */
export interface Origin {
  address: string
  /** May be hostile. */
  userAgent: string
  /** Absent where nobody is signed in. */
  sessionId?: string
}

/** Writes down what a person has done to their own account. */
export type Trail = (name: EventName, details?: AuditEvent['details']) => void

/** @param userId Whose account it is. */
export function trailOf(audit: Audit, userId: string, origin: Origin): Trail {
  const { address, userAgent, sessionId } = origin
  return (name, details) =>
    audit.record({
      name,
      userId,
      address,
      ...(sessionId === undefined ? {} : { sessionId }),
      details: { ...details, by: 'user', browser: browserInWords(userAgent) },
    })
}
