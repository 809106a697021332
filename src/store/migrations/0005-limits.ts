import type { Kysely } from 'kysely'

/** Whom a limit slows down and since when, for as long as it does; and how often a password has changed. */
export async function limits(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .alterTable('bucket')
    .addColumn('blocked', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await schema.alterTable('bucket').addColumn('slowed_at', 'integer').execute()
  await schema.alterTable('bucket').addColumn('about', 'blob').execute()
  await schema
    .alterTable('user')
    .addColumn('password_version', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}
