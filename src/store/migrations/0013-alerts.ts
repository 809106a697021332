import type { Kysely } from 'kysely'

/** What is counted for alerts to the operator, and alerts that are on their way. */
export async function alerts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alert_state')
    .addColumn('kind', 'text', (column) => column.primaryKey())
    .addColumn('state', 'blob', (column) => column.notNull())
    .addColumn('wake_at', 'integer')
    .execute()
  await db.schema
    .createTable('alert_letter')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('letter', 'blob', (column) => column.notNull())
    .addColumn('claims', 'integer', (column) => column.notNull())
    .addColumn('claimed_until', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'integer', (column) => column.notNull())
    .execute()
}
