import type { Kysely } from 'kysely'
import type { DeviceRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createDeviceRepository(db: Kysely<Tables>): DeviceRepository {
  return {
    async knows(userId, browserHash) {
      const row = await db
        .selectFrom('device')
        .select('seen_at')
        .where('user_id', '=', userId)
        .where('browser_hash', '=', browserHash)
        .executeTakeFirst()
      return row !== undefined
    },

    async remember(userId, browserHash, seenAt) {
      await db
        .insertInto('device')
        .values({ user_id: userId, browser_hash: browserHash, seen_at: seenAt })
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'browser_hash']).doUpdateSet({ seen_at: seenAt }),
        )
        .execute()
    },

    async forget(userId) {
      await db.deleteFrom('device').where('user_id', '=', userId).execute()
    },
  }
}
