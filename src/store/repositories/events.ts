import type { Insertable, Kysely } from 'kysely'
import type { AuditEvent, EventName } from '../../model/event.ts'
import type { EventRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

/** Written at a beat of its own, so that the time of an answer does not tell whether it made history. */
const BEAT_MS = 100

export interface BufferedEvents extends EventRepository {
  /** Writes what is still to be written. */
  flush(): Promise<void>
}

/** Events are facts already: several are written as one, a little later, and nobody waits for the disk. */
export function createEventRepository(db: Kysely<Tables>): BufferedEvents {
  let pending: EventRow[] = []
  let writing: Promise<void> | undefined

  const write = async () => {
    const rows = pending
    pending = []
    writing = undefined
    if (rows.length > 0) await db.insertInto('event').values(rows).execute()
  }
  const atNextBeat = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // A command may have nothing left to do but to wait for this: the timer keeps it alive.
      setTimeout(() => write().then(resolve, reject), BEAT_MS)
    })

  return {
    insert(event) {
      pending.push(toRow(event))
      writing ??= atNextBeat()
      return writing
    },

    flush: write,

    async listByUser(userId, names, limit) {
      await write()
      const rows = await db
        .selectFrom('event')
        .selectAll()
        .where('user_id', '=', userId)
        .where('name', 'in', names)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        at: row.at,
        name: row.name as EventName,
        ...(row.user_id === null ? {} : { userId: row.user_id }),
        ...(row.session_id === null ? {} : { sessionId: row.session_id }),
        ...(row.address === null ? {} : { address: row.address }),
        ...(row.reference === null ? {} : { reference: row.reference }),
        details: JSON.parse(row.details) as NonNullable<AuditEvent['details']>,
      }))
    },
  }
}

type EventRow = Insertable<Tables['event']>

const toRow = ({
  at,
  name,
  userId,
  sessionId,
  address,
  reference,
  details,
}: AuditEvent): EventRow => ({
  at,
  name,
  user_id: userId ?? null,
  session_id: sessionId ?? null,
  address: address ?? null,
  reference: reference ?? null,
  details: JSON.stringify(details ?? {}),
})
