import { type Kysely, sql } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Seal } from '../../base/seal.ts'
import type { Credential } from '../../model/factor.ts'
import type { CredentialRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['credential']

/** The user stands in the place, so that a row copied to somebody else does not open. */
const placeOf = ({ id, userId }: { id: string; userId: string }) => `credential/${id}/${userId}`

export function createCredentialRepository(db: Kysely<Tables>, seal: Seal): CredentialRepository {
  const fromRow = (row: Row): Credential => ({
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    label: row.label,
    data: JSON.parse(seal.open(row.data, placeOf({ id: row.id, userId: row.user_id }))),
    version: row.version,
    state: row.state === 'active' ? 'active' : row.state === 'pending' ? 'pending' : 'disabled',
    failures: row.failures,
    createdAt: row.created_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  })

  /** One statement that only works on the version that was checked: the step that makes a code single-use. */
  const accepting = async (id: string, version: number, data: unknown, at: UnixSeconds) => {
    const owner = await db
      .selectFrom('credential')
      .select('user_id')
      .where('id', '=', id)
      .executeTakeFirst()
    if (!owner) return undefined
    const sealed = seal.seal(JSON.stringify(data), placeOf({ id, userId: owner.user_id }))
    return db
      .updateTable('credential')
      .set({ data: sealed, version: version + 1, state: 'active', failures: 0, last_used_at: at })
      .where('id', '=', id)
      .where('version', '=', version)
      .where('state', '!=', 'disabled')
  }

  return {
    async insert(credential) {
      await db
        .insertInto('credential')
        .values({
          id: credential.id,
          user_id: credential.userId,
          kind: credential.kind,
          label: credential.label,
          data: seal.seal(JSON.stringify(credential.data), placeOf(credential)),
          version: credential.version,
          state: credential.state,
          failures: credential.failures,
          created_at: credential.createdAt,
          last_used_at: credential.lastUsedAt ?? null,
        })
        .execute()
    },

    async find(id) {
      const row = await db
        .selectFrom('credential')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async listByUser(userId) {
      const rows = await db
        .selectFrom('credential')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromRow)
    },

    async accept(id, version, data, at) {
      const update = await accepting(id, version, data, at)
      const result = await update?.executeTakeFirst()
      return result?.numUpdatedRows === 1n
    },

    async acceptFirst(id, version, data, at) {
      const update = await accepting(id, version, data, at)
      const result = await update
        ?.where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('credential as other')
                .select('other.id')
                .whereRef('other.user_id', '=', 'credential.user_id')
                .where('other.id', '!=', id)
                .where('other.state', '!=', 'pending'),
            ),
          ),
        )
        .executeTakeFirst()
      return result?.numUpdatedRows === 1n
    },

    async recordFailure(id, limit) {
      const row = await db
        .updateTable('credential')
        .set({
          failures: sql<number>`failures + 1`,
          state: sql<string>`case when state = 'active' and failures + 1 >= ${limit} then 'disabled' else state end`,
        })
        .where('id', '=', id)
        .returning('state')
        .executeTakeFirst()
      return row && (row.state as Credential['state'])
    },

    async delete(id, userId) {
      const result = await db
        .deleteFrom('credential')
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return result.numDeletedRows > 0n
    },
  }
}
