import { type Kysely, sql } from 'kysely'
import type { Seal } from '../../base/seal.ts'
import type { Challenge } from '../../model/challenge.ts'
import type { Atomically } from '../atomically.ts'
import type { ChallengeRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['challenge']

/** The user stands in the place, so that a row copied to somebody else does not open. */
export const placeOf = ({ id, userId }: { id: string; userId: string }) =>
  `challenge/${id}/${userId}`

/** What only the factor and whoever asks may read. */
export const sealChallenge = (seal: Seal, challenge: Challenge): Uint8Array => {
  const { data, about, proved } = challenge
  return seal.seal(JSON.stringify({ data, about, proved }), placeOf(challenge))
}

export interface ChallengeRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
}

export function createChallengeRepository(deps: ChallengeRepositoryDeps): ChallengeRepository {
  const { db, atomically, seal } = deps

  const toRow = (challenge: Challenge): Row => ({
    id: challenge.id,
    user_id: challenge.userId,
    credential_id: challenge.credentialId,
    kind: challenge.kind,
    bound_to: challenge.boundTo,
    state: challenge.state,
    data: sealChallenge(seal, challenge),
    failures: challenge.failures,
    sends: challenge.sends,
    delivery: challenge.delivery,
    reference: challenge.reference ?? null,
    resend_at: challenge.resendAt,
    created_at: challenge.createdAt,
    expires_at: challenge.expiresAt,
    version: challenge.version,
  })

  const fromRow = (row: Row): Challenge => ({
    ...(JSON.parse(seal.open(row.data, placeOf({ id: row.id, userId: row.user_id }))) as Pick<
      Challenge,
      'data' | 'about' | 'proved'
    >),
    id: row.id,
    userId: row.user_id,
    credentialId: row.credential_id,
    kind: row.kind,
    boundTo: row.bound_to,
    state: row.state as Challenge['state'],
    failures: row.failures,
    sends: row.sends,
    delivery: row.delivery as Challenge['delivery'],
    ...(row.reference === null ? {} : { reference: row.reference }),
    resendAt: row.resend_at,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    version: row.version,
  })

  const openOnes = db.selectFrom('challenge').selectAll().where('state', '=', 'pending')

  return {
    async open(challenge, onePerUser) {
      const { userId, kind, boundTo, createdAt } = challenge
      return atomically((run) => {
        if (onePerUser) {
          const elsewhere = openOnes
            .where('user_id', '=', userId)
            .where('kind', '=', kind)
            .where('bound_to', '!=', boundTo)
            .where('expires_at', '>', createdAt)
            .limit(1)
          const [other] = run(elsewhere.compile()).rows
          if (other) return fromRow(other)
        }
        run(
          db
            .updateTable('challenge')
            .set({ state: 'superseded', version: sql`version + 1` })
            .where('bound_to', '=', boundTo)
            .where('state', '=', 'pending')
            .compile(),
        )
        run(db.insertInto('challenge').values(toRow(challenge)).compile())
        return undefined
      })
    },

    async find(id) {
      const row = await db
        .selectFrom('challenge')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async findBound(boundTo) {
      const row = await db
        .selectFrom('challenge')
        .selectAll()
        .where('bound_to', '=', boundTo)
        .orderBy('created_at', 'desc')
        // Within one second the open one is the newest, and one that another came after is not: the
        // others were ended when it came.
        .orderBy(sql`state = 'pending'`, 'desc')
        .orderBy(sql`state = 'superseded'`, 'asc')
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async listOpen(userId, now) {
      const rows = await openOnes
        .where('user_id', '=', userId)
        .where('expires_at', '>', now)
        .orderBy('created_at')
        .execute()
      return rows.map(fromRow)
    },

    async update(challenge) {
      const { version } = challenge
      const result = await db
        .updateTable('challenge')
        .set({ ...toRow(challenge), version: version + 1 })
        .where('id', '=', challenge.id)
        .where('version', '=', version)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async spendTry(id, tries, now) {
      const row = await db
        .updateTable('challenge')
        .set({ failures: sql<number>`failures + 1`, version: sql<number>`version + 1` })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .where('failures', '<', tries)
        .where('expires_at', '>', now)
        .returningAll()
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async end(id, state) {
      const result = await db
        .updateTable('challenge')
        .set({ state, version: sql<number>`version + 1` })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async setDelivery(id, sends, delivery, reference) {
      await db
        .updateTable('challenge')
        .set({ delivery, ...(reference === undefined ? {} : { reference }) })
        .where('id', '=', id)
        .where('sends', '=', sends)
        .execute()
    },

    async failDelivery(reference) {
      const row = await db
        .updateTable('challenge')
        .set({ delivery: 'failed' })
        .where('reference', '=', reference)
        .where('delivery', '!=', 'failed')
        .returning(['user_id', 'kind'])
        .executeTakeFirst()
      return row && { userId: row.user_id, kind: row.kind }
    },
  }
}
