import type Database from 'better-sqlite3'
import type { SqliteDatabase } from 'kysely'
import { AppError, type AppErrorOptions } from '../base/errors.ts'

/** The store cannot be read or written at this moment: the disk is full, broken, or held by somebody else. */
export class StoreUnavailable extends AppError {
  readonly code = 'store_unavailable'
  readonly status = 503
  constructor(options?: AppErrorOptions) {
    super('Nothing can be saved at this moment. Please try again in a few minutes.', options)
  }
}

// Faults of the machine. A broken constraint or statement is ours, and stays what it is.
const OUT_OF_ORDER =
  /^SQLITE_(BUSY|CANTOPEN|CORRUPT|FULL|IOERR|LOCKED|NOMEM|NOTADB|PROTOCOL|READONLY)/

/**
 * Does something with the database.
 *
 * @throws {StoreUnavailable} when the machine fails at it.
 */
export function withDatabase<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw OUT_OF_ORDER.test(code) ? new StoreUnavailable({ cause, detail: code }) : cause
  }
}

/** The same for every statement that kysely makes. */
export const guarded = (raw: Database.Database): SqliteDatabase => ({
  close: () => void raw.close(),
  prepare(sql) {
    const statement = withDatabase(() => raw.prepare<unknown[]>(sql))
    return {
      reader: statement.reader,
      all: (parameters) => withDatabase(() => statement.all(...parameters)),
      run: (parameters) => withDatabase(() => statement.run(...parameters)),
      iterate: (parameters) => withDatabase(() => statement.iterate(...parameters)),
    }
  },
})
