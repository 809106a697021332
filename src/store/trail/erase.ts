import type { Kysely } from 'kysely'
import { randomToken } from '../../base/bytes.ts'
import type { UnixSeconds } from '../../base/clock.ts'
import type { EventDetails } from '../../model/event.ts'
import type { Run } from '../atomically.ts'
import type { Tables } from '../tables.ts'
import type { Chain } from './chain.ts'
import { writeRanges } from './ranges.ts'

/** What became of the rows of a person who was forgotten. */
export interface Erasure {
  /** What their rows are told apart by from now on. */
  pseudonym: string
  rows: number
}

export interface ErasureDeps {
  db: Kysely<Tables>
  chain: Chain
}

/** Takes a person out of the trail, within a transaction. */
export type Forget = (run: Run, userId: string, now: UnixSeconds, details?: EventDetails) => Erasure

/**
 * Removes who it was from all rows about a person, and writes down that it was done, and in which rows:
 * a personal part that is missing without such a word is a fault.
 */
export const eraser =
  ({ db, chain }: ErasureDeps): Forget =>
  (run, userId, now, details = {}) => {
    const theirs = db
      .selectFrom('event')
      .select('id')
      .where('user_id', '=', userId)
      .where('personal', 'is not', null)
      .orderBy('id')
    const ids = run(theirs.compile()).rows.map(({ id }) => id)
    const pseudonym = `erased-${randomToken(9)}`
    if (ids.length === 0) return { pseudonym, rows: 0 }
    run(
      db
        .updateTable('event')
        .set({ salt: null, personal: null, user_id: pseudonym, session_id: null, address: null })
        .where('user_id', '=', userId)
        .where('personal', 'is not', null)
        .compile(),
    )
    const rows = writeRanges(ids)
    chain.append(run, [{ name: 'trail.erased', at: now, details: { ...details, pseudonym, rows } }])
    return { pseudonym, rows: ids.length }
  }
