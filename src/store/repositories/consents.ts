import type { Kysely } from 'kysely'
import type { ConsentRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createConsentRepository(db: Kysely<Tables>): ConsentRepository {
  return {
    async insert({ id, userId, document, version, agreedAt, recordedAt }) {
      await db
        .insertInto('consent')
        .values({
          ...{ id, document, version },
          user_id: userId,
          agreed_at: agreedAt,
          recorded_at: recordedAt,
        })
        .execute()
    },

    async listByUser(userId) {
      const rows = await db
        .selectFrom('consent')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('recorded_at')
        .execute()
      return rows.map((row) => ({
        id: row.id,
        userId: row.user_id,
        document: row.document === 'privacy-notice' ? 'privacy-notice' : 'application',
        version: row.version,
        agreedAt: row.agreed_at,
        recordedAt: row.recorded_at,
      }))
    },
  }
}
