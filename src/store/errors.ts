import { AppError, type AppErrorOptions } from '../base/errors.ts'

/** The store cannot be read or written at this moment: the disk is full, broken, or held by somebody else. */
export class StoreUnavailable extends AppError {
  readonly code = 'store_unavailable'
  readonly status = 503
  constructor(options?: AppErrorOptions) {
    super('Nothing can be saved at this moment. Please try again in a few minutes.', options)
  }
}

/** What SQLite calls the failure, e.g. `SQLITE_BUSY_SNAPSHOT`; empty for whatever is not from there. */
export const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''

/** Another process holds the database, for this moment. */
export const isBusy = (cause: unknown): boolean => codeOf(cause).startsWith('SQLITE_BUSY')

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
    throw asUnavailable(cause)
  }
}

/** @returns What was given, where it is no fault of the machine. */
export function asUnavailable(cause: unknown): unknown {
  const code = codeOf(cause)
  return OUT_OF_ORDER.test(code) ? new StoreUnavailable({ cause, detail: code }) : cause
}
