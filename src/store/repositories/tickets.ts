import type { Kysely } from 'kysely'
import type { Atomically } from '../atomically.ts'
import type { TicketRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createTicketRepository(
  db: Kysely<Tables>,
  atomically: Atomically,
): TicketRepository {
  return {
    async replace(purpose, hash, expiresAt) {
      atomically((run) => {
        run(db.deleteFrom('ticket').where('purpose', '=', purpose).compile())
        run(db.insertInto('ticket').values({ hash, purpose, expires_at: expiresAt }).compile())
      })
    },

    async isOpen(purpose, hash, now) {
      const row = await db
        .selectFrom('ticket')
        .select('purpose')
        .where('hash', '=', hash)
        .where('purpose', '=', purpose)
        .where('expires_at', '>', now)
        .executeTakeFirst()
      return row !== undefined
    },
  }
}
