import type { Kysely } from 'kysely'

/** What was added or changed since a moment, so that "this was not me" can set it aside. */
export async function contested(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema.alterTable('ticket').addColumn('since', 'integer').execute()
  await schema.alterTable('credential').addColumn('bound_at', 'integer').execute()
  await schema.alterTable('credential').addColumn('contested_at', 'integer').execute()
  await schema.alterTable('user').addColumn('password_changed_at', 'integer').execute()
  await schema.alterTable('user').addColumn('email_changed_at', 'integer').execute()
}
