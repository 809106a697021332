import type { Kysely } from 'kysely'

/** Word that applications are owed about their challenges. */
export async function webhooks(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('webhook')
    .addColumn('id', 'text', (column) => column.primaryKey())
    // No reference: the word is owed also when the challenge is gone with its factor.
    .addColumn('challenge_id', 'text', (column) => column.notNull().unique())
    .addColumn('user_id', 'text', (column) =>
      column.notNull().references('user.id').onDelete('cascade'),
    )
    .addColumn('application', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('about', 'blob', (column) => column.notNull())
    .addColumn('claims', 'integer', (column) => column.notNull())
    .addColumn('claimed_until', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .execute()
  await schema.createIndex('webhook_by_claim').on('webhook').column('claimed_until').execute()
  await schema.createIndex('webhook_by_application').on('webhook').column('application').execute()
  await schema.createIndex('webhook_by_user').on('webhook').column('user_id').execute()
}
