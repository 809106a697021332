import type { Kysely } from 'kysely'
import type { AuditEvent, EventName } from '../../model/event.ts'
import type { EventRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createEventRepository(db: Kysely<Tables>): EventRepository {
  return {
    async insert({ at, name, userId, sessionId, address, reference, details }) {
      await db
        .insertInto('event')
        .values({
          at,
          name,
          user_id: userId ?? null,
          session_id: sessionId ?? null,
          address: address ?? null,
          reference: reference ?? null,
          details: JSON.stringify(details ?? {}),
        })
        .execute()
    },

    async listByUser(userId, names, limit) {
      const rows = await db
        .selectFrom('event')
        .selectAll()
        .where('user_id', '=', userId)
        .where('name', 'in', names)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        at: row.at,
        name: row.name as EventName,
        ...(row.user_id === null ? {} : { userId: row.user_id }),
        ...(row.session_id === null ? {} : { sessionId: row.session_id }),
        ...(row.address === null ? {} : { address: row.address }),
        ...(row.reference === null ? {} : { reference: row.reference }),
        details: JSON.parse(row.details) as NonNullable<AuditEvent['details']>,
      }))
    },
  }
}
