import type { Kysely } from 'kysely'

/** What the service that carried a message calls it, so that its code, or its fate, is known for that one's. */
export async function references(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('challenge').addColumn('reference', 'text').execute()
  await db.schema.createIndex('challenge_reference').on('challenge').column('reference').execute()
}
