import type { Kysely } from 'kysely'

/** Users of other applications, the keys of these, answers to requests that come twice, and consents. */
export async function api(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema.alterTable('user').addColumn('application', 'text').execute()

  await schema
    .createTable('api_key')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('application', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('secret_hash', 'blob', (column) => column.notNull())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('networks', 'text', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'integer')
    .addColumn('last_used_at', 'integer')
    .execute()

  await schema
    .createTable('idempotency')
    .addColumn('key', 'blob', (column) => column.primaryKey())
    .addColumn('request', 'blob', (column) => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('body', 'blob')
    .addColumn('expires_at', 'integer', (column) => column.notNull())
    .execute()

  await schema
    .createTable('consent')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) =>
      column.notNull().references('user.id').onDelete('cascade'),
    )
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('agreed_at', 'integer', (column) => column.notNull())
    .addColumn('recorded_at', 'integer', (column) => column.notNull())
    .execute()
  await schema.createIndex('consent_by_user').on('consent').column('user_id').execute()
}
