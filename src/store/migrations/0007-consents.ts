import type { Kysely } from 'kysely'

/** To which text somebody has agreed: the privacy notice here, or what an application asks for. */
export async function consents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('consent')
    .addColumn('document', 'text', (column) => column.notNull().defaultTo('application'))
    .execute()
}
