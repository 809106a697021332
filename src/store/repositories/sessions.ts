import type Database from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Atomically } from '../atomically.ts'
import type { SessionRepository } from '../contract.ts'
import type { Guard } from '../guard.ts'
import type { Tables } from '../tables.ts'
import { createSessionLookup } from './session-lookup.ts'
import { fromRow, toRow } from './session-row.ts'

export interface BufferedSessions extends SessionRepository {
  /** Writes what is still to be written. */
  flush(): Promise<void>
}

export interface SessionRepositoryDeps {
  db: Kysely<Tables>
  /** For the looks that must not wait: kysely would cost several times as much. */
  raw: Database.Database
  atomically: Atomically
  guard: Guard
}

export function createSessionRepository(deps: SessionRepositoryDeps): BufferedSessions {
  const { db, raw, atomically, guard } = deps
  const lookup = createSessionLookup(raw, guard)

  // Compared, never taken apart: nothing is parsed, however many there are.
  const lookAtMany = raw.prepare<[string], { id: string; mark: string }>(
    `select s.id, json_array(s.user_id, s.aal, s.phishing_resistant, s.amr, s.authenticated_at,
                             s.created_at, s.last_seen_at, s.expires_at, s.remembered,
                             u.name, u.groups, u.status) as mark
       from json_each(?) as wanted
       join session s on s.id = wanted.value
       join user u on u.id = s.user_id`,
  )

  return {
    async insert(session, passwordVersion = 0) {
      const user = db
        .selectFrom('user')
        .select('id')
        .where('id', '=', session.userId)
        .where('password_version', '=', passwordVersion)
      return atomically((run) => {
        // Whoever changes a password ends the sessions that are there: none may come a moment later.
        if (run(user.compile()).rows.length === 0) return false
        run(db.insertInto('session').values(toRow(session)).compile())
        return true
      })
    },

    find: lookup.find,
    touch: lookup.touch,
    flush: lookup.flush,

    marks(ids) {
      const rows = guard.read(() => lookAtMany.all(JSON.stringify(ids)))
      return new Map(rows.map(({ id, mark }) => [id, mark]))
    },

    async lower(id, seenAt) {
      await db
        .updateTable('session')
        .set({ aal: 1, phishing_resistant: 0, last_seen_at: seenAt })
        .where('id', '=', id)
        .execute()
    },

    async count(now) {
      const row = await db
        .selectFrom('session')
        .select(({ fn }) => fn.countAll<number>().as('sessions'))
        .where('expires_at', '>', now)
        .executeTakeFirstOrThrow()
      return row.sessions
    },

    async listByUser(userId) {
      await lookup.flush()
      const rows = await db
        .selectFrom('session')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('created_at', 'desc')
        .execute()
      return rows.map(fromRow)
    },

    async delete(id) {
      const result = await db.deleteFrom('session').where('id', '=', id).executeTakeFirst()
      return result.numDeletedRows > 0n
    },

    async deleteByUser(userId, { except } = {}) {
      const all = db.deleteFrom('session').where('user_id', '=', userId)
      const some = except === undefined ? all : all.where('id', '!=', except)
      const rows = await some.returning('id').execute()
      return rows.map(({ id }) => id)
    },

    async trim(userId, keep) {
      const kept = db
        .selectFrom('session')
        .select('id')
        .where('user_id', '=', userId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(keep)
      await db
        .deleteFrom('session')
        .where('user_id', '=', userId)
        .where('id', 'not in', kept)
        .execute()
    },
  }
}
