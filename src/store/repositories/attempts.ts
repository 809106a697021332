import type { Kysely } from 'kysely'
import type { Attempt } from '../../model/attempt.ts'
import type { AttemptRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createAttemptRepository(db: Kysely<Tables>): AttemptRepository {
  return {
    async insert(attempt) {
      await db.insertInto('attempt').values(toRow(attempt)).execute()
    },

    async find(id) {
      const row = await db.selectFrom('attempt').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },

    async update(attempt) {
      const { version } = attempt
      const result = await db
        .updateTable('attempt')
        .set({ ...toRow(attempt), version: version + 1 })
        .where('id', '=', attempt.id)
        .where('version', '=', version)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async delete(id) {
      const result = await db.deleteFrom('attempt').where('id', '=', id).executeTakeFirst()
      return result.numDeletedRows === 1n
    },

    async deleteByUser(userId) {
      await db.deleteFrom('attempt').where('user_id', '=', userId).execute()
    },
  }
}

function toRow(attempt: Attempt): Tables['attempt'] {
  const { id, userId, browserHash, expiresAt, version, ...state } = attempt
  return {
    id,
    user_id: userId,
    browser_hash: browserHash,
    state: JSON.stringify(state),
    expires_at: expiresAt,
    version,
  }
}

function fromRow(row: Tables['attempt']): Attempt {
  return {
    ...(JSON.parse(row.state) as Omit<
      Attempt,
      'id' | 'userId' | 'browserHash' | 'expiresAt' | 'version'
    >),
    id: row.id,
    userId: row.user_id,
    browserHash: row.browser_hash,
    expiresAt: row.expires_at,
    version: row.version,
  }
}
