import type { Kysely } from 'kysely'

/** Which authenticators proved a session. */
export async function account(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('session')
    .addColumn('proved_by', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute()
}
