import { type Kysely, sql } from 'kysely'

/** A challenge stays readable when its authenticator is removed: one that was open is taken back then. */
export async function challenges(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  for (const index of ['challenge_by_user', 'challenge_by_binding', 'challenge_by_credential']) {
    await schema.dropIndex(index).execute()
  }
  await schema.alterTable('challenge').renameTo('former_challenge').execute()
  await schema
    .createTable('challenge')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) =>
      column.notNull().references('user.id').onDelete('cascade'),
    )
    .addColumn('credential_id', 'text', (column) => column.notNull())
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
  const columns = sql.raw(
    'id, user_id, credential_id, kind, bound_to, state, data, failures, sends, delivery, resend_at, created_at, expires_at, version',
  )
  await sql`insert into challenge (${columns}) select ${columns} from former_challenge`.execute(db)
  await schema.dropTable('former_challenge').execute()
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
  // Whichever way an authenticator goes, nothing answers for it any more.
  await sql`
    create trigger challenge_of_removed_credential before delete on credential
    begin
      update challenge set state = 'canceled', version = version + 1
       where credential_id = old.id and state = 'pending';
    end`.execute(db)
}
