import type { Kysely } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Atomically } from '../atomically.ts'
import type { Ticket, TicketPurpose, TicketRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['ticket']

export function createTicketRepository(
  db: Kysely<Tables>,
  atomically: Atomically,
): TicketRepository {
  const open = (purpose: TicketPurpose, hash: Uint8Array, now: UnixSeconds) =>
    db
      .selectFrom('ticket')
      .selectAll()
      .where('hash', '=', hash)
      .where('purpose', '=', purpose)
      .where('expires_at', '>', now)
      .executeTakeFirst()

  return {
    async replace(ticket) {
      const { purpose, userId } = ticket
      const ofPurpose = db.deleteFrom('ticket').where('purpose', '=', purpose)
      const earlier = userId === undefined ? ofPurpose : ofPurpose.where('user_id', '=', userId)
      await atomically((run) => {
        run(earlier.compile())
        run(db.insertInto('ticket').values(toRow(ticket)).compile())
      })
    },

    isOpen: async (purpose, hash, now) => (await open(purpose, hash, now)) !== undefined,

    async insert(ticket) {
      await db.insertInto('ticket').values(toRow(ticket)).execute()
    },

    async find(purpose, hash, now) {
      const row = await open(purpose, hash, now)
      return row && fromRow(row)
    },

    async use(purpose, hash, now) {
      const row = await db
        .deleteFrom('ticket')
        .where('hash', '=', hash)
        .where('purpose', '=', purpose)
        .where('expires_at', '>', now)
        .returningAll()
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async cancel(purpose, userId) {
      await db
        .deleteFrom('ticket')
        .where('purpose', '=', purpose)
        .where('user_id', '=', userId)
        .execute()
    },
  }
}

const toRow = ({ purpose, hash, userId, browserHash, since, expiresAt }: Ticket): Row => ({
  hash,
  purpose,
  user_id: userId ?? null,
  browser_hash: browserHash ?? null,
  since: since ?? null,
  expires_at: expiresAt,
})

const fromRow = (row: Row): Ticket => ({
  purpose: row.purpose as TicketPurpose,
  hash: row.hash,
  ...(row.user_id === null ? {} : { userId: row.user_id }),
  ...(row.browser_hash === null ? {} : { browserHash: row.browser_hash }),
  ...(row.since === null ? {} : { since: row.since }),
  expiresAt: row.expires_at,
})
