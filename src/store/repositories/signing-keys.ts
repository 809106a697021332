import type { Kysely } from 'kysely'
import type { Seal } from '../../base/seal.ts'
import type { Atomically } from '../atomically.ts'
import type { SigningKeyRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

const placeOf = (id: string) => `signing-key/${id}`

export function createSigningKeyRepository(
  db: Kysely<Tables>,
  seal: Seal,
  atomically: Atomically,
): SigningKeyRepository {
  return {
    async list() {
      const rows = await db.selectFrom('signing_key').selectAll().orderBy('active_at').execute()
      return rows.map((row) => ({
        id: row.id,
        privateJwk: seal.open(row.private_jwk, placeOf(row.id)),
        publicJwk: row.public_jwk,
        activeAt: row.active_at,
        createdAt: row.created_at,
      }))
    },

    async insert(key, known) {
      const row = {
        id: key.id,
        private_jwk: seal.seal(key.privateJwk, placeOf(key.id)),
        public_jwk: key.publicJwk,
        active_at: key.activeAt,
        created_at: key.createdAt,
      }
      return atomically((run) => {
        const { rows } = run(db.selectFrom('signing_key').select('id').compile())
        if (rows.length !== known.size || !rows.every(({ id }) => known.has(id))) return false
        run(db.insertInto('signing_key').values(row).compile())
        return true
      })
    },

    async delete(id) {
      await db.deleteFrom('signing_key').where('id', '=', id).execute()
    },
  }
}
