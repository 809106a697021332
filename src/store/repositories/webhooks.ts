import type { Kysely } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Seal } from '../../base/seal.ts'
import type { Atomically } from '../atomically.ts'
import type { DueWebhook, Webhook, WebhookRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['webhook']

export interface WebhookRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
}

const placeOf = (id: string) => `webhook/${id}`

export function createWebhookRepository(deps: WebhookRepositoryDeps): WebhookRepository {
  const { db, atomically, seal } = deps

  const toRow = (webhook: Webhook): Row => ({
    id: webhook.id,
    challenge_id: webhook.challengeId,
    user_id: webhook.userId,
    application: webhook.application,
    url: webhook.url,
    about: seal.seal(JSON.stringify(webhook.about), placeOf(webhook.id)),
    claims: 0,
    claimed_until: 0,
    created_at: webhook.createdAt,
  })

  const fromRow = (row: Row & { state: string | null }): DueWebhook => ({
    id: row.id,
    challengeId: row.challenge_id,
    userId: row.user_id,
    application: row.application,
    url: row.url,
    about: JSON.parse(seal.open(row.about, placeOf(row.id))) as Webhook['about'],
    createdAt: row.created_at,
    claims: row.claims,
    state: endOf(row.state),
  })

  return {
    async insert(webhook, most) {
      return atomically((run) => {
        const before = db.deleteFrom('webhook').where('challenge_id', '=', webhook.challengeId)
        run(before.compile())
        const waiting = db
          .selectFrom('webhook')
          .select('id')
          .where('application', '=', webhook.application)
          .limit(most)
        if (run(waiting.compile()).rows.length >= most) return false
        run(db.insertInto('webhook').values(toRow(webhook)).compile())
        return true
      })
    },

    async listDue(now: UnixSeconds, limit) {
      const rows = await db
        .selectFrom('webhook')
        .leftJoin('challenge', 'challenge.id', 'webhook.challenge_id')
        .selectAll('webhook')
        .select('challenge.state as state')
        .where('webhook.claimed_until', '<=', now)
        .where((it) =>
          it.or([
            it('challenge.id', 'is', null),
            it('challenge.state', '!=', 'pending'),
            it('challenge.expires_at', '<=', now),
          ]),
        )
        .orderBy('webhook.claimed_until')
        .orderBy('webhook.created_at')
        .limit(limit)
        .execute()
      return rows.map(fromRow)
    },

    async claim({ id, claims }, until) {
      const result = await db
        .updateTable('webhook')
        .set({ claims: claims + 1, claimed_until: until })
        .where('id', '=', id)
        .where('claims', '=', claims)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async isOwed(id) {
      const lookUp = db.selectFrom('webhook').select('id').where('id', '=', id)
      return (await lookUp.executeTakeFirst()) !== undefined
    },

    async delete(id) {
      await db.deleteFrom('webhook').where('id', '=', id).execute()
    },
  }
}

/** An open one is listed only when its time is up. */
function endOf(state: string | null): DueWebhook['state'] {
  if (state === null) return 'canceled'
  return state === 'pending' ? 'expired' : (state as DueWebhook['state'])
}
