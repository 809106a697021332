import { type Kysely, sql } from 'kysely'

/** Challenges, marks that are set once, events, and what more kinds of factors need of the rest. */
export async function factors(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema.alterTable('user').addColumn('frozen_until', 'integer').execute()
  await schema.alterTable('credential').addColumn('handle', 'text').execute()
  await schema
    .createIndex('credential_by_handle')
    .on('credential')
    .columns(['kind', 'handle'])
    .unique()
    .execute()

  await schema
    .createTable('challenge')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) =>
      column.notNull().references('user.id').onDelete('cascade'),
    )
    .addColumn('credential_id', 'text', (column) =>
      column.notNull().references('credential.id').onDelete('cascade'),
    )
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('bound_to', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('data', 'blob', (column) => column.notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('sends', 'integer', (column) => column.notNull())
    .addColumn('delivery', 'text', (column) => column.notNull())
    .addColumn('resend_at', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'integer', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute()
  await schema
    .createIndex('challenge_by_user')
    .on('challenge')
    .columns(['user_id', 'state'])
    .execute()
  await schema.createIndex('challenge_by_binding').on('challenge').column('bound_to').execute()
  await schema
    .createIndex('challenge_by_credential')
    .on('challenge')
    .column('credential_id')
    .execute()

  await schema
    .createTable('spent')
    .addColumn('mark', 'blob', (column) => column.primaryKey())
    .addColumn('expires_at', 'integer', (column) => column.notNull())
    .modifyEnd(sql`without rowid`)
    .execute()

  await schema
    .createTable('event')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('at', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('session_id', 'text')
    .addColumn('address', 'text')
    .addColumn('reference', 'text')
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  await schema.createIndex('event_by_user').on('event').columns(['user_id', 'id']).execute()

  await schema.dropTable('ticket').execute()
  await schema
    .createTable('ticket')
    .addColumn('hash', 'blob', (column) => column.primaryKey())
    .addColumn('purpose', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.references('user.id').onDelete('cascade'))
    .addColumn('browser_hash', 'blob')
    .addColumn('expires_at', 'integer', (column) => column.notNull())
    .execute()
  await schema.createIndex('ticket_by_user').on('ticket').column('user_id').execute()
}
