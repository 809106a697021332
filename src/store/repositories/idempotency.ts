import { expressionBuilder, type Kysely } from 'kysely'
import { sameBytes } from '../../base/bytes.ts'
import type { Seal } from '../../base/seal.ts'
import type { Atomically } from '../atomically.ts'
import type { Claim, IdempotencyRepository } from '../contract.ts'
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
  /** A claim that nobody else has taken over: whoever does holds it until later. */
  const isHeld = ({ key, until }: Claim) => {
    const it = expressionBuilder<Tables, 'idempotency'>()
    return it.and([it('key', '=', key), it('status', 'is', null), it('expires_at', '=', until)])
  }

  return {
    async claim({ key, until }, request, now) {
      return atomically((run) => {
        const lookUp = db
          .selectFrom('idempotency')
          .selectAll()
          .where('key', '=', key)
          .where('expires_at', '>', now)
        const [row] = run(lookUp.compile()).rows
        if (row) {
          if (!sameBytes(row.request, request)) return 'other'
          if (row.status === null || row.body === null) return { underway: row.expires_at }
          return { status: row.status, body: seal.open(row.body, placeOf(key)) }
        }
        run(db.deleteFrom('idempotency').where('key', '=', key).compile())
        const values = { key, request, status: null, body: null, expires_at: until }
        run(db.insertInto('idempotency').values(values).compile())
        return 'fresh'
      })
    },

    async renew(claim, until) {
      const result = await db
        .updateTable('idempotency')
        .set({ expires_at: until })
        .where(isHeld(claim))
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async keep(claim, { status, body }, until) {
      await db
        .updateTable('idempotency')
        .set({ status, body: seal.seal(body, placeOf(claim.key)), expires_at: until })
        .where(isHeld(claim))
        .execute()
    },

    async release(claim) {
      await db.deleteFrom('idempotency').where(isHeld(claim)).execute()
    },
  }
}
