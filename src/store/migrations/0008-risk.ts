import type { Kysely } from 'kysely'

/** What is usual for a person, and how unusual a session's sign-in was. */
export async function risk(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('session').addColumn('risk', 'text').execute()
  await db.schema
    .createTable('habit')
    .addColumn('user_id', 'text', (column) =>
      column.primaryKey().references('user.id').onDelete('cascade'),
    )
    .addColumn('habits', 'text', (column) => column.notNull())
    .addColumn('at', 'integer', (column) => column.notNull())
    .execute()
}
