import type Database from 'better-sqlite3'
import type { UnixSeconds } from '../../base/clock.ts'
import type { FoundSession } from '../contract.ts'
import type { Guard } from '../guard.ts'
import type { Tables } from '../tables.ts'
import { watchChanges } from '../unchanged.ts'
import { fromRow as sessionFromRow } from './session-row.ts'
import { fromRow as userFromRow } from './users.ts'

type SessionRow = Tables['session']
type UserColumns = Omit<Tables['user'], 'password_hash' | 'name_key'>

/** The one look-up of the hot path, and the last sights that follow from it. */
export interface SessionLookup {
  find(id: string): FoundSession | undefined
  /** Counts at once; is written a moment later, together with others. */
  touch(id: string, seenAt: UnixSeconds): Promise<void>
  /** Writes what is still to be written. */
  flush(): Promise<void>
}

/** Sessions that are remembered between two changes of the database. */
const REMEMBERED = 10_000
/** A hundred people who click in the same moment are one write to the disk. */
const BEAT_MS = 250

/** @param raw Prepared once, and asked directly: kysely would cost several times as much. */
export function createSessionLookup(raw: Database.Database, guard: Guard): SessionLookup {
  const watch = watchChanges(raw)
  const read = createReader(raw)
  const write = raw.prepare<[UnixSeconds, string, UnixSeconds]>(
    // Never backwards: two requests in flight may arrive in either order.
    'update session set last_seen_at = ? where id = ? and last_seen_at < ?',
  )
  const known = new Map<string, FoundSession>()
  const sights = new Map<string, UnixSeconds>()
  let writing: Promise<void> | undefined

  const withSight = (found: FoundSession): FoundSession => {
    const seenAt = sights.get(found.session.id)
    if (seenAt === undefined || seenAt <= found.session.lastSeenAt) return found
    return frozen({ ...found, session: { ...found.session, lastSeenAt: seenAt } })
  }

  const writeAll = raw.transaction((due: readonly (readonly [string, UnixSeconds])[]) => {
    for (const [id, seenAt] of due) write.run(seenAt, id, seenAt)
  })

  const flush = async () => {
    const due = [...sights]
    writing = undefined
    if (due.length === 0) return
    // What is remembered has them already: a hundred sights are no reason to read ten thousand sessions anew.
    await guard.write(() => watch.without(() => writeAll.immediate(due)))
    // Until it is written it counts from here; what has come meanwhile is written the next time.
    for (const [id, seenAt] of due) if (sights.get(id) === seenAt) sights.delete(id)
  }

  const look = (id: string) => {
    // Whatever was revoked, disabled or changed, and by whomever, is so at this very look.
    if (watch.hasChanged() || known.size >= REMEMBERED) known.clear()
    const remembered = known.get(id)
    if (remembered) return remembered
    const row = read(id)
    const found = row && withSight(row)
    if (found) known.set(id, found)
    return found
  }

  return {
    find: (id) => guard.read(() => look(id)),

    touch(id, seenAt) {
      sights.set(id, Math.max(seenAt, sights.get(id) ?? 0))
      const remembered = known.get(id)
      if (remembered) known.set(id, withSight(remembered))
      writing ??= new Promise((resolve, reject) => {
        setTimeout(() => flush().then(resolve, reject), BEAT_MS).unref()
      })
      return writing
    },

    flush,
  }
}

function createReader(raw: Database.Database): (id: string) => FoundSession | undefined {
  const lookUp = raw.prepare<
    [string],
    SessionRow & { [key in keyof UserColumns as `u_${key}`]: UserColumns[key] }
  >(
    `select s.*, u.id as u_id, u.name as u_name, u.display_name as u_display_name, u.email as u_email,
            u.groups as u_groups, u.status as u_status, u.created_at as u_created_at,
            u.password_version as u_password_version,
            u.frozen_until as u_frozen_until, u.application as u_application
       from session s join user u on u.id = s.user_id
      where s.id = ?`,
  )
  return (id) => {
    const row = lookUp.get(id)
    if (!row) return undefined
    const user = userFromRow({
      id: row.u_id,
      name: row.u_name,
      display_name: row.u_display_name,
      email: row.u_email,
      groups: row.u_groups,
      status: row.u_status,
      password_version: row.u_password_version,
      created_at: row.u_created_at,
      frozen_until: row.u_frozen_until,
      application: row.u_application,
    })
    return frozen({ session: sessionFromRow(row), user, secretHash: row.secret_hash })
  }
}

/** Many requests are shown the same one. */
function frozen(found: FoundSession): FoundSession {
  Object.freeze(found.session)
  Object.freeze(found.session.amr)
  Object.freeze(found.user)
  Object.freeze(found.user.groups)
  return Object.freeze(found)
}
