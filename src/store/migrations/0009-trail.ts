import { type Kysely, sql } from 'kysely'
import type { AuditEvent, EventName } from '../../model/event.ts'
import { GENESIS, rowFor } from '../trail/row.ts'

/** Events become a chain: each row carries a hash over itself and the one before. */
export async function trail(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema.dropIndex('event_by_user').execute()
  await schema.alterTable('event').renameTo('unchained_event').execute()
  await schema
    .createTable('event')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('about', 'text')
    .addColumn('about_digest', 'blob', (column) => column.notNull())
    .addColumn('salt', 'blob')
    .addColumn('personal', 'text')
    .addColumn('personal_digest', 'blob', (column) => column.notNull())
    .addColumn('hash', 'blob', (column) => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('session_id', 'text')
    .addColumn('address', 'text')
    .addColumn('reference', 'text')
    .execute()
  await schema.createIndex('event_by_user').on('event').columns(['user_id', 'id']).execute()
  await schema.createIndex('event_by_name').on('event').columns(['name', 'at']).execute()
  await sql`create index event_by_reference on event (reference) where reference is not null`.execute(
    db,
  )

  await schema
    .createTable('checkpoint')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('hash', 'blob', (column) => column.notNull())
    .addColumn('begins', 'integer', (column) => column.notNull())
    .addColumn('signature', 'blob', (column) => column.notNull())
    .execute()

  await chainWhatIsThere(db as Kysely<Before>)
  await schema.dropTable('unchained_event').execute()
}

interface Before {
  unchained_event: {
    id: number
    at: number
    name: string
    user_id: string | null
    session_id: string | null
    address: string | null
    reference: string | null
    details: string
  }
  event: ReturnType<typeof rowFor>
}

const BATCH = 500

/** Rows from before enter the chain as they stand: that nobody touched them until now is not proved. */
async function chainWhatIsThere(db: Kysely<Before>): Promise<void> {
  let seen = 0
  let place = { id: 0, hash: GENESIS }
  for (;;) {
    const before = await db
      .selectFrom('unchained_event')
      .selectAll()
      .where('id', '>', seen)
      .orderBy('id')
      .limit(BATCH)
      .execute()
    if (before.length === 0) return
    const rows = before.map((old) => {
      const row = rowFor(eventIn(old), place)
      place = row
      return row
    })
    await db.insertInto('event').values(rows).execute()
    seen = before.at(-1)?.id ?? seen
  }
}

const eventIn = (old: Before['unchained_event']): AuditEvent => ({
  at: old.at,
  name: old.name as EventName,
  ...(old.user_id === null ? {} : { userId: old.user_id }),
  ...(old.session_id === null ? {} : { sessionId: old.session_id }),
  ...(old.address === null ? {} : { address: old.address }),
  ...(old.reference === null ? {} : { reference: old.reference }),
  details: JSON.parse(old.details) as NonNullable<AuditEvent['details']>,
})
