import type Database from 'better-sqlite3'
import type { UnixSeconds } from '../base/clock.ts'
import { withDatabase } from './errors.ts'

/** What is left in the files of a database of rows that were deleted. */
export interface Remains {
  /** Somebody was erased: empties the log, and remembers that the file is to be written anew. */
  note(): void
  /** Writes the file anew, and empties the log. */
  remove(): void
  /** The same, if somebody was erased since the last time and that was a day ago. */
  removeWhenDue(now: UnixSeconds): void
}

const DAY = 86_400

/**
 * `secure_delete` overwrites the rows themselves. The log still holds whole pages as they were, and pages
 * that were split or merged may hold copies between their cells.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_secure_delete
 */
export function createRemains(raw: Database.Database): Remains {
  const value = raw.prepare<[string], string>('select value from meta where key = ?').pluck()
  const keep = raw.prepare<[string, string]>(
    'insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
  )
  const forget = raw.prepare<[string]>('delete from meta where key = ?')
  const emptyLog = () => raw.pragma('wal_checkpoint(TRUNCATE)')

  const remove = () =>
    withDatabase(() => {
      forget.run('remains')
      raw.exec('VACUUM')
      emptyLog()
    })

  return {
    note: () =>
      withDatabase(() => {
        keep.run('remains', 'yes')
        emptyLog()
      }),
    remove,
    removeWhenDue(now) {
      if (value.get('remains') === undefined) return
      if (now - Number(value.get('scrubbed_at') ?? 0) < DAY) return
      keep.run('scrubbed_at', String(now))
      remove()
    },
  }
}
