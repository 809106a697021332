import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { AuditEvent } from '../../model/event.ts'
import type { Atomically } from '../atomically.ts'
import type { EventFilter, EventRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'
import { createChain } from '../trail/chain.ts'
import { eraser, type Forget } from '../trail/erase.ts'
import { pruner } from '../trail/prune.ts'
import { eventIn, type TrailRow } from '../trail/row.ts'
import type { Sealed, Seals } from '../trail/seals.ts'
import type { Anchor, TrailReport } from '../trail/verify.ts'

/** Written at a beat of its own, so that the time of an answer does not tell whether it made history. */
const BEAT_MS = 100
/** Where the disk is full, tried again after this time. */
const AGAIN_MS = 2_000
/** Events that wait for a disk that is full; what is beyond is counted, and told once there is room. */
const MOST_WAITING = 10_000

export interface BufferedEvents extends EventRepository {
  /** Writes what is still to be written. */
  flush(): Promise<void>
  /** {@link EventRepository.erase}, as a part of something larger. Only after {@link flush}. */
  forget: Forget
}

export interface EventRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seals: Seals
  /** Checks the trail as it stands at one moment. */
  verify(anchors: readonly Anchor[]): Promise<TrailReport>
}

/** Events are facts already: several are written as one, a little later, and nobody waits for the disk. */
export function createEventRepository(deps: EventRepositoryDeps): BufferedEvents {
  const { db, atomically, seals } = deps
  const chain = createChain({ db, seals })
  const forget = eraser({ db, chain })
  const prune = pruner({ db, atomically, chain, seals })
  const listeners = new Set<(checkpoint: Sealed) => void>()
  let pending: AuditEvent[] = []
  let writing: Promise<void> | undefined
  let lost = 0
  let retry: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()

  const writeNow = async () => {
    const events = lost === 0 ? pending : [...pending, lostEvent(lost, pending)]
    writing = undefined
    if (events.length === 0) return
    pending = []
    let checkpoint: Sealed | undefined
    try {
      checkpoint = await atomically((run) => chain.append(run, events))
      lost = 0
    } catch (cause) {
      const waiting = lost === 0 ? events : events.slice(0, -1)
      pending = [...waiting, ...pending]
      lost += Math.max(0, pending.length - MOST_WAITING)
      pending = pending.slice(0, MOST_WAITING)
      throw cause
    }
    if (checkpoint) for (const heard of listeners) heard(checkpoint)
  }
  // One after the other: what could not be written is first in the line again before the next ones come.
  const write = () => {
    const mine = last.then(writeNow)
    last = mine.catch(() => undefined)
    return mine
  }
  const tryAgain = () => {
    clearTimeout(retry)
    retry = setTimeout(() => write().catch(tryAgain), AGAIN_MS).unref()
  }
  const atNextBeat = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // A command may have nothing left to do but to wait for this: the timer keeps it alive.
      setTimeout(() => {
        write().then(resolve, (cause) => {
          tryAgain()
          reject(cause)
        })
      }, BEAT_MS)
    })

  return {
    insert(event) {
      if (pending.length >= MOST_WAITING) lost += 1
      else pending.push(event)
      writing ??= atNextBeat()
      return writing
    },

    flush: write,
    forget,

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
      return rows.map(eventIn)
    },

    async list(filter, { after, limit, newestFirst = false }) {
      await write()
      const all = filtered(db.selectFrom('event').selectAll(), filter)
      const some = after === undefined ? all : all.where('id', newestFirst ? '<' : '>', after)
      const rows = await some
        .orderBy('id', newestFirst ? 'desc' : 'asc')
        .limit(limit)
        .execute()
      return rows.map(eventIn)
    },

    async erase(userId, now, details) {
      await write()
      return atomically((run) => forget(run, userId, now, details))
    },

    async prune(retention, now) {
      await write()
      return prune(retention, now)
    },

    async verify(anchors = []) {
      await write()
      return deps.verify(anchors)
    },

    publicKey: () => seals.publicJwk,

    onCheckpoint(heard) {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
  }
}

const lostEvent = (rows: number, [first]: readonly AuditEvent[]): AuditEvent => ({
  name: 'trail.lost',
  at: first?.at ?? 0,
  details: { rows, reason: 'store_unavailable' },
})

type Rows = SelectQueryBuilder<Tables, 'event', TrailRow>

function filtered(all: Rows, filter: EventFilter): Rows {
  const { userId, sessionId, address, reference, names, since, until, host, application } = filter
  const { pseudonyms } = filter
  let some = all.where('about', 'is not', null)
  if (userId !== undefined) some = some.where('user_id', '=', userId)
  if (sessionId !== undefined) some = some.where('session_id', '=', sessionId)
  if (address !== undefined) some = some.where('address', '=', address)
  if (reference !== undefined) some = some.where('reference', '=', reference)
  if (since !== undefined) some = some.where('at', '>=', since)
  if (until !== undefined) some = some.where('at', '<', until)
  if (host !== undefined) {
    some = some.where((it) =>
      it(it.fn('json_extract', ['about', it.val('$.details.host')]), '=', host),
    )
  }
  if (pseudonyms !== undefined) {
    some = some.where((it) =>
      it(it.fn('json_extract', ['about', it.val('$.details.pseudonym')]), 'in', [...pseudonyms]),
    )
  }
  if (application !== undefined) {
    some = some.where('user_id', 'in', (it) =>
      it.selectFrom('user').select('user.id').where('user.application', '=', application),
    )
  }
  if (names === undefined || names.length === 0) return some
  const exact = names.filter((name) => !name.endsWith('.*'))
  const groups = names.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1))
  return some.where((it) =>
    it.or([
      it('name', 'in', exact.length > 0 ? exact : ['']),
      // Every name that begins so, as the index has them.
      ...groups.map((group) => it.and([it('name', '>=', group), it('name', '<', `${group}~`)])),
    ]),
  )
}
