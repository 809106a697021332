import type { Kysely } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { Run } from '../atomically.ts'
import type { Tables } from '../tables.ts'
import { createHead } from './head.ts'
import { type ChainPlace, GENESIS, rowFor, type TrailRow } from './row.ts'
import type { Sealed, Seals } from './seals.ts'

/** Puts events at the end of the chain. Within a transaction: all processes write one chain, in one order. */
export interface Chain {
  /** @returns The checkpoint that was due with it, if one was. */
  append(run: Run, events: readonly AuditEvent[]): Sealed | undefined
}

export interface ChainDeps {
  db: Kysely<Tables>
  seals: Seals
}

/** A checkpoint stands at least after so many rows, … */
const ROWS_BETWEEN = 200
/** … or after the first row that is so much younger than the last checkpoint. */
const SECONDS_BETWEEN = 600
/** SQLite takes 32766 values a statement. */
const ROWS_A_STATEMENT = 500

export function createChain({ db, seals }: ChainDeps): Chain {
  const head = createHead(db, seals)
  const lastRow = db
    .selectFrom('event')
    .select(['id', 'hash'])
    .orderBy('id', 'desc')
    .limit(1)
    .compile()
  const lastCheckpoint = db
    .selectFrom('checkpoint')
    .select(['id', 'at'])
    .orderBy('id', 'desc')
    .limit(1)
    .compile()

  const checkpointIfDue = (run: Run, place: ChainPlace, at: UnixSeconds): Sealed | undefined => {
    const last = run(lastCheckpoint).rows[0]
    const isDue =
      !last || place.id - last.id >= ROWS_BETWEEN || Math.abs(at - last.at) >= SECONDS_BETWEEN
    if (!isDue) return undefined
    const sealed = seals.seal('checkpoint', place, at)
    run(
      db
        .insertInto('checkpoint')
        .values({ ...sealed, begins: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    )
    return sealed
  }

  return {
    append(run, events) {
      const last = events.at(-1)
      if (!last) return undefined
      const signed = head.read(run)
      // Whoever took the signed end away is found out by this row, which is signed from here on.
      const all = signed ? events : [headLost(last.at), ...events]
      let place: ChainPlace = signed ?? run(lastRow).rows[0] ?? { id: 0, hash: GENESIS }
      const rows = all.map((event) => {
        const row = rowFor(event, place)
        place = row
        return row
      })
      insertAll(db, run, rows)
      head.write(run, place, last.at)
      return checkpointIfDue(run, place, last.at)
    },
  }
}

const headLost = (at: UnixSeconds): AuditEvent => ({
  name: 'trail.broken',
  at,
  details: { reason: 'head_missing' },
})

function insertAll(db: Kysely<Tables>, run: Run, rows: readonly TrailRow[]): void {
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    const some = rows.slice(from, from + ROWS_A_STATEMENT)
    run(db.insertInto('event').values(some).compile())
  }
}
