/** What may be told beside the sentence: the cause for the chain, `detail` for the log alone. */
export interface AppErrorOptions {
  cause?: unknown
  detail?: string
}

/** A failure with a name for the API and a sentence for the person in front of the screen. */
export abstract class AppError extends Error {
  /** Stable wire code in snake_case. Once released it is never renamed. */
  abstract readonly code: string
  /** HTTP status that the outermost door answers with. */
  abstract readonly status:
    | 400
    | 401
    | 403
    | 404
    | 409
    | 410
    | 413
    | 415
    | 421
    | 429
    | 502
    | 503
    | 504
  readonly detail: string | undefined

  constructor(message: string, { cause, detail }: AppErrorOptions = {}) {
    super(message, { cause })
    this.name = new.target.name
    this.detail = detail
  }
}

/**
 * The operator has to change something before the program can go on: a file, a port, a key.
 * The message says what and how; the command line prints it alone and ends with exit code 1.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}

/** Does this look like a system error with that code (`EADDRINUSE`, `ENOENT` …)? */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
