import type { Kysely } from 'kysely'
import { sameBytes } from '../../base/bytes.ts'
import type { Seal } from '../../base/seal.ts'
import type { Atomically } from '../atomically.ts'
import type { IdempotencyRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export interface IdempotencyRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
}

/** An answer may hold a secret, such as that of an authenticator app: it is sealed. */
export const placeOf = (key: Uint8Array) => `idempotency/${Buffer.from(key).toString('hex')}`

export function createIdempotencyRepository(
  deps: IdempotencyRepositoryDeps,
): IdempotencyRepository {
  const { db, atomically, seal } = deps
  return {
    async claim(key, request, { now, expiresAt }) {
      return atomically((run) => {
        const lookUp = db
          .selectFrom('idempotency')
          .selectAll()
          .where('key', '=', key)
          .where('expires_at', '>', now)
        const [row] = run(lookUp.compile()).rows
        if (row) {
          if (!sameBytes(row.request, request)) return 'other'
          if (row.status === null || row.body === null) return 'underway'
          return { status: row.status, body: seal.open(row.body, placeOf(key)) }
        }
        run(db.deleteFrom('idempotency').where('key', '=', key).compile())
        const values = { key, request, status: null, body: null, expires_at: expiresAt }
        run(db.insertInto('idempotency').values(values).compile())
        return 'fresh'
      })
    },

    async keep(key, { status, body }) {
      await db
        .updateTable('idempotency')
        .set({ status, body: seal.seal(body, placeOf(key)) })
        .where('key', '=', key)
        .execute()
    },

    async release(key) {
      await db.deleteFrom('idempotency').where('key', '=', key).execute()
    },
  }
}
