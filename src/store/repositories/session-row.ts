import type { Assessment } from '../../model/risk.ts'
import type { Session } from '../../model/session.ts'
import type { StoredSession } from '../contract.ts'
import type { Tables } from '../tables.ts'

type SessionRow = Tables['session']

/** As it is stored. */
export function toRow(session: StoredSession): SessionRow {
  return {
    id: session.id,
    secret_hash: session.secretHash,
    user_id: session.userId,
    aal: session.aal,
    phishing_resistant: session.phishingResistant ? 1 : 0,
    amr: JSON.stringify(session.amr),
    proved_by: JSON.stringify(session.by ?? []),
    authenticated_at: session.authenticatedAt,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    remembered: session.remembered ? 1 : 0,
    address: session.address,
    user_agent: session.userAgent,
    risk: session.risk === undefined ? null : JSON.stringify(session.risk),
  }
}

/** As it was stored. */
export function fromRow(row: SessionRow): Session {
  const by = JSON.parse(row.proved_by) as string[]
  return {
    id: row.id,
    userId: row.user_id,
    aal: row.aal === 2 ? 2 : row.aal === 1 ? 1 : 0,
    phishingResistant: row.phishing_resistant === 1,
    amr: JSON.parse(row.amr) as string[],
    ...(by.length === 0 ? {} : { by }),
    authenticatedAt: row.authenticated_at,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    remembered: row.remembered === 1,
    address: row.address,
    userAgent: row.user_agent,
    ...(row.risk === null ? {} : { risk: JSON.parse(row.risk) as Assessment }),
  }
}
