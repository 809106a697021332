import type Database from 'better-sqlite3'
import type { UnixSeconds } from '../base/clock.ts'
import { isBusy } from './errors.ts'
import type { Guard } from './guard.ts'

/** What is left in the files of a database of rows that were deleted. */
export interface Remains {
  /** Somebody was erased: empties the log, and remembers that the file is to be written anew. */
  note(): Promise<void>
  /** Writes the file anew, and empties the log. */
  remove(): Promise<void>
  /** The same, if somebody was erased since the last time and that was a day ago. */
  removeWhenDue(now: UnixSeconds): Promise<void>
}

const DAY = 86_400

/**
 * `secure_delete` overwrites the rows themselves. The log still holds whole pages as they were, and pages
 * that were split or merged may hold copies between their cells.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_secure_delete
 */
export function createRemains(raw: Database.Database, guard: Guard): Remains {
  const value = raw.prepare<[string], string>('select value from meta where key = ?').pluck()
  const keep = raw.prepare<[string, string]>(
    'insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
  )
  const forget = raw.prepare<[string]>('delete from meta where key = ?')
  const emptyLog = () =>
    guard.write(() => {
      const [{ busy }] = raw.pragma('wal_checkpoint(TRUNCATE)') as [{ busy: number }]
      if (busy !== 0) throw new Busy()
    })

  const remove = async () => {
    await guard.write(() => {
      forget.run('remains')
      raw.exec('VACUUM')
    })
    await emptyLog()
  }

  return {
    async note() {
      await guard.write(() => keep.run('remains', 'yes'))
      // Who is gone is gone already; should somebody read all the while, the log goes with the rest.
      await emptyLog().catch((cause) => {
        if (!isBusy(cause.cause)) throw cause
      })
    },
    remove,
    async removeWhenDue(now) {
      const isNoted = () => value.get('remains') !== undefined
      if (!guard.read(isNoted)) return
      if (now - Number(guard.read(() => value.get('scrubbed_at')) ?? 0) < DAY) return
      await guard.write(() => keep.run('scrubbed_at', String(now)))
      await remove()
    },
  }
}

/** Somebody reads from the log, so that it cannot be emptied in this moment. */
class Busy extends Error {
  override readonly name = 'Busy'
  readonly code = 'SQLITE_BUSY'
}
