import { type Kysely, type Selectable, sql } from 'kysely'
import { hasCode } from '../../base/errors.ts'
import { type User, userNameKey } from '../../model/user.ts'
import type { Atomically } from '../atomically.ts'
import type { UserRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createUserRepository(db: Kysely<Tables>, atomically: Atomically): UserRepository {
  const update = (id: string) => db.updateTable('user').where('id', '=', id)

  return {
    async insert(user, passwordHash) {
      const row = toRow(user, passwordHash)
      // A name that is somebody's mail address would pass for them wherever people go by their address.
      const namesake = db
        .selectFrom('user')
        .select('id')
        .where('application', 'is', null)
        .where(({ eb, fn }) =>
          eb.or([
            eb(fn<string>('lower', ['email']), '=', row.name_key),
            ...(user.email === undefined ? [] : [eb('name_key', '=', userNameKey(user.email))]),
          ]),
        )
        .limit(1)
      try {
        return await atomically((run) => {
          const isTaken = user.application === undefined && run(namesake.compile()).rows.length > 0
          if (!isTaken) run(db.insertInto('user').values(row).compile())
          return !isTaken
        })
      } catch (cause) {
        if (hasCode(cause, 'SQLITE_CONSTRAINT_UNIQUE')) return false
        throw cause
      }
    },

    async insertFirst(user, passwordHash, ticketHash, now) {
      return atomically((run) => {
        const users = run(
          db.selectFrom('user').select('id').where('application', 'is', null).limit(1).compile(),
        )
        if (users.rows.length > 0) return false
        const ticket = db
          .deleteFrom('ticket')
          .where('purpose', '=', 'setup')
          .where('hash', '=', ticketHash)
          .where('expires_at', '>', now)
        if (run(ticket.compile()).changes !== 1) return false
        run(db.insertInto('user').values(toRow(user, passwordHash)).compile())
        return true
      })
    },

    async find(id) {
      const row = await db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },

    async findByName(name) {
      const row = await db
        .selectFrom('user')
        .selectAll()
        .where('name_key', '=', userNameKey(name))
        .where('application', 'is', null)
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async findExternal(application, externalId) {
      const row = await db
        .selectFrom('user')
        .selectAll()
        .where('name_key', '=', externalKey(application, externalId))
        .where('application', '=', application)
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async list() {
      const rows = await db
        .selectFrom('user')
        .selectAll()
        .where('application', 'is', null)
        .orderBy('name_key')
        .execute()
      return rows.map(fromRow)
    },

    async listByGroup(group) {
      // Groups are a JSON list; the pattern may find more, and never less.
      const rows = await db
        .selectFrom('user')
        .selectAll()
        .where('groups', 'like', `%${JSON.stringify(group)}%`)
        .execute()
      return rows.map(fromRow).filter(({ groups }) => groups.includes(group))
    },

    async count() {
      const row = await db
        .selectFrom('user')
        .select(({ fn }) => fn.countAll<number>().as('users'))
        .where('application', 'is', null)
        .executeTakeFirstOrThrow()
      return row.users
    },

    async passwordHash(id) {
      const row = await db
        .selectFrom('user')
        .select('password_hash')
        .where('id', '=', id)
        .executeTakeFirst()
      return row?.password_hash ?? undefined
    },

    async setPasswordHash(id, passwordHash, at) {
      await update(id)
        .set({
          password_hash: passwordHash,
          password_changed_at: at ?? null,
          password_version: sql<number>`password_version + 1`,
        })
        .execute()
    },

    async renewPasswordHash(id, former, passwordHash) {
      await update(id)
        .where('password_hash', '=', former)
        .set({ password_hash: passwordHash })
        .execute()
    },

    async setStatus(id, status) {
      await update(id).set({ status }).execute()
    },

    async setGroups(id, groups) {
      await update(id)
        .set({ groups: JSON.stringify(groups) })
        .execute()
    },

    async setProfile(id, { displayName, email = null }, emailAt) {
      // What an operator has set is nothing to be taken back.
      const since = sql<number | null>`case when email is ${email} then email_changed_at end`
      await update(id)
        .set({ display_name: displayName, email, email_changed_at: emailAt ?? since })
        .execute()
    },

    async freeze(id, frozenUntil) {
      await update(id).set({ frozen_until: frozenUntil }).execute()
    },

    async disown(id, since) {
      return atomically((run) => {
        const password = update(id).where('password_changed_at', '>=', since).set({
          password_hash: null,
          password_changed_at: null,
          password_version: sql<number>`password_version + 1`,
        })
        const email = update(id)
          .where('email_changed_at', '>=', since)
          .set({ email: null, email_changed_at: null })
        return {
          password: run(password.compile()).changes === 1,
          email: run(email.compile()).changes === 1,
        }
      })
    },

    async delete(id) {
      // Sessions, credentials, attempts and devices go with the row (on delete cascade).
      await db.deleteFrom('user').where('id', '=', id).execute()
    },
  }
}

function toRow(user: User, passwordHash: string | undefined): Tables['user'] {
  return {
    id: user.id,
    name: user.name,
    name_key:
      user.application === undefined
        ? userNameKey(user.name)
        : externalKey(user.application, user.name),
    display_name: user.displayName,
    email: user.email ?? null,
    groups: JSON.stringify(user.groups),
    status: user.status,
    password_hash: passwordHash ?? null,
    password_version: user.passwordVersion ?? 0,
    password_changed_at: null,
    email_changed_at: null,
    created_at: user.createdAt,
    frozen_until: user.frozenUntil ?? null,
    application: user.application ?? null,
  }
}

// No name of a person holds a slash, so that the two can never meet.
const externalKey = (application: string, externalId: string) => `api/${application}/${externalId}`

/** What only a few questions of the store's own need. */
type Unread = 'password_hash' | 'name_key' | 'password_changed_at' | 'email_changed_at'

/** A row as a user. */
export function fromRow(row: Omit<Selectable<Tables['user']>, Unread>): User {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    groups: JSON.parse(row.groups) as string[],
    // Whatever is not clearly active is not.
    status: row.status === 'active' ? 'active' : 'disabled',
    createdAt: row.created_at,
    ...(row.password_version === 0 ? {} : { passwordVersion: row.password_version }),
    ...(row.frozen_until === null ? {} : { frozenUntil: row.frozen_until }),
    ...(row.application === null ? {} : { application: row.application }),
  }
}
