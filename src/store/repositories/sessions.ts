import type Database from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Session } from '../../model/session.ts'
import type { SessionRepository, StoredSession } from '../contract.ts'
import type { Tables } from '../tables.ts'
import { fromRow as userFromRow } from './users.ts'

type SessionRow = Tables['session']
type UserColumns = Omit<Tables['user'], 'password_hash' | 'name_key'>

/** @param raw For the look-up of the hot path, prepared once: kysely would cost several times as much. */
export function createSessionRepository(
  db: Kysely<Tables>,
  raw: Database.Database,
): SessionRepository {
  const lookUp = raw.prepare<
    [string],
    SessionRow & { [key in keyof UserColumns as `u_${key}`]: UserColumns[key] }
  >(
    `select s.*, u.id as u_id, u.name as u_name, u.display_name as u_display_name, u.email as u_email,
            u.groups as u_groups, u.status as u_status, u.created_at as u_created_at,
            u.frozen_until as u_frozen_until, u.application as u_application
       from session s join user u on u.id = s.user_id
      where s.id = ?`,
  )

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
    async insert(session) {
      await db.insertInto('session').values(toRow(session)).execute()
    },

    find(id) {
      const row = lookUp.get(id)
      if (!row) return undefined
      const user = userFromRow({
        id: row.u_id,
        name: row.u_name,
        display_name: row.u_display_name,
        email: row.u_email,
        groups: row.u_groups,
        status: row.u_status,
        created_at: row.u_created_at,
        frozen_until: row.u_frozen_until,
        application: row.u_application,
      })
      return { session: fromRow(row), user, secretHash: row.secret_hash }
    },

    marks(ids) {
      const rows = lookAtMany.all(JSON.stringify(ids))
      return new Map(rows.map(({ id, mark }) => [id, mark]))
    },

    async touch(id, seenAt) {
      // Never backwards: two requests in flight may arrive in either order.
      await db
        .updateTable('session')
        .set({ last_seen_at: seenAt })
        .where('id', '=', id)
        .where('last_seen_at', '<', seenAt)
        .execute()
    },

    async lower(id, seenAt) {
      await db
        .updateTable('session')
        .set({ aal: 1, phishing_resistant: 0, last_seen_at: seenAt })
        .where('id', '=', id)
        .execute()
    },

    async listByUser(userId) {
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

function toRow(session: StoredSession): SessionRow {
  return {
    id: session.id,
    secret_hash: session.secretHash,
    user_id: session.userId,
    aal: session.aal,
    phishing_resistant: session.phishingResistant ? 1 : 0,
    amr: JSON.stringify(session.amr),
    proved_by: JSON.stringify(session.by ?? []),
    authenticated_at: session.authenticatedAt,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    remembered: session.remembered ? 1 : 0,
    address: session.address,
    user_agent: session.userAgent,
  }
}

function fromRow(row: SessionRow): Session {
  const by = JSON.parse(row.proved_by) as string[]
  return {
    id: row.id,
    userId: row.user_id,
    aal: row.aal === 2 ? 2 : row.aal === 1 ? 1 : 0,
    phishingResistant: row.phishing_resistant === 1,
    amr: JSON.parse(row.amr) as string[],
    ...(by.length === 0 ? {} : { by }),
    authenticatedAt: row.authenticated_at,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    remembered: row.remembered === 1,
    address: row.address,
    userAgent: row.user_agent,
  }
}
