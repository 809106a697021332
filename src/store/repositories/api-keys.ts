import type { Kysely } from 'kysely'
import type { ApiKey, ApiKeyRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['api_key']

export function createApiKeyRepository(db: Kysely<Tables>): ApiKeyRepository {
  return {
    async insert(key, secretHash) {
      const { id, application, label, scopes, networks, createdAt } = key
      await db
        .insertInto('api_key')
        .values({
          id,
          application,
          label,
          secret_hash: secretHash,
          scopes: JSON.stringify(scopes),
          networks: JSON.stringify(networks),
          created_at: createdAt,
          expires_at: key.expiresAt ?? null,
          last_used_at: key.lastUsedAt ?? null,
        })
        .execute()
    },

    async find(id) {
      const row = await db.selectFrom('api_key').selectAll().where('id', '=', id).executeTakeFirst()
      return row && { key: fromRow(row), secretHash: row.secret_hash }
    },

    async list() {
      const rows = await db
        .selectFrom('api_key')
        .selectAll()
        .orderBy('application')
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromRow)
    },

    async touch(id, usedAt) {
      await db.updateTable('api_key').set({ last_used_at: usedAt }).where('id', '=', id).execute()
    },

    async delete(id) {
      const result = await db.deleteFrom('api_key').where('id', '=', id).executeTakeFirst()
      return result.numDeletedRows > 0n
    },
  }
}

const fromRow = (row: Row): ApiKey => ({
  id: row.id,
  application: row.application,
  label: row.label,
  scopes: JSON.parse(row.scopes) as string[],
  networks: JSON.parse(row.networks) as string[],
  createdAt: row.created_at,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
})
