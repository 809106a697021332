import type Database from 'better-sqlite3'
import { turn as currentTurn, type Turn } from '../base/turn.ts'

/** Looks out for changes. */
export interface Watch {
  hasChanged(): boolean
  /** Does work here whose changes are known to whoever watches, and need not be told. */
  without(work: () => void): void
}

/**
 * Tells whether anything has been committed to the database since the last time it was asked, by this
 * process or by another one. What was read before is then exactly what would be read now.
 *
 * A look at two counters instead of a walk through two tables: the one counts what others commit, the
 * other one every row that is written here. Of the requests that one turn of the loop has found waiting,
 * the first one looks for all of them: each was on its way before that look, and so before the end of
 * whatever is committed after it.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_data_version
 */
export function watchChanges(raw: Database.Database, turn: Turn = currentTurn): Watch {
  const others = raw.prepare<[], number>('pragma data_version').pluck()
  const own = raw.prepare<[], number>('select total_changes()').pluck()
  let seenOthers: number | undefined
  let seenOwn: number | undefined

  return {
    hasChanged() {
      if (!turn.isFirst()) return false
      const nowOthers = others.get()
      const nowOwn = own.get()
      if (nowOthers === seenOthers && nowOwn === seenOwn) return false
      seenOthers = nowOthers
      seenOwn = nowOwn
      return true
    },
    without(work) {
      const before = own.get()
      work()
      // What others commit meanwhile is still told; and so is what was written here before.
      if (before === seenOwn) seenOwn = own.get()
    },
  }
}
