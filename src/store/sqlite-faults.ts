import { OperatorError } from '../base/errors.ts'
import { StoreUnavailable } from './errors.ts'

/** What to tell an operator whose database is broken. */
export const damaged = (file: string, why: string, cause?: unknown): OperatorError =>
  new OperatorError(
    `The database ${file} is damaged (${why.replace(/\s+/g, ' ').trim()}). ` +
      'Restore it from a backup made with "gatehouse backup"; it was left as it is.',
    { cause },
  )

/**
 * Turns what SQLite or the file system says into a sentence for the operator.
 *
 * @returns What was given, where nobody but a programmer could do anything about it.
 */
export function translate(failure: unknown, file: string): unknown {
  const cause = failure instanceof StoreUnavailable ? failure.cause : failure
  switch (primaryCode(cause)) {
    case 'NOTADB':
    case 'CORRUPT':
      return damaged(file, cause instanceof Error ? cause.message : '', cause)
    case 'CANTOPEN':
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new OperatorError(
        `The database ${file} cannot be opened. Let the user that runs Gatehouse read and write it and its folder.`,
        { cause },
      )
    case 'ENOENT':
    case 'ENOTDIR':
      return new OperatorError(
        `The folder of the database ${file} cannot be made. Name another place in store.path.`,
        { cause },
      )
    case 'READONLY':
      return new OperatorError(
        `The database ${file} cannot be written. Let the user that runs Gatehouse write it and its folder, and check the mount.`,
        { cause },
      )
    case 'FULL':
    case 'ENOSPC':
      return new OperatorError(
        `There is no space left for the database ${file}. Free some and start again.`,
        { cause },
      )
    case 'BUSY':
      return new OperatorError(
        `The database ${file} is held by another program. Wait until that is done, and try again.`,
        { cause },
      )
    default:
      return cause
  }
}

/** `SQLITE_READONLY_DIRECTORY` is a kind of `SQLITE_READONLY`, which is what decides: `READONLY`. */
function primaryCode(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return code.startsWith('SQLITE_') ? (code.split('_')[1] ?? '') : code
}
