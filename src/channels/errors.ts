import { AppError, type AppErrorOptions } from '../base/errors.ts'

/**
 * A channel did not take a message, and may later: it was not reached, answered too late, or is not set
 * up as the other side expects. The detail names what happened and never repeats the other side's words,
 * which may hold the message itself.
 */
export class ChannelDown extends AppError {
  readonly code = 'channel_down'
  readonly status = 503

  constructor(channel: string, what: string, options?: AppErrorOptions) {
    const sentence =
      'Messages cannot be sent at this moment. Please try another way to prove it is you.'
    super(sentence, { ...options, detail: `${channel}: ${what}` })
  }
}

/**
 * A channel broke off after it had the whole of a message that costs money: nobody can tell whether it
 * went out. A further try might be paid, and rung, a second time, so none is made.
 */
export class FateUnknown extends ChannelDown {}

/** A system error's or library's own name for what went wrong: `ECONNREFUSED`, `TimeoutError`. */
export function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown failure'
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  // fetch hides what happened behind "fetch failed".
  return code ?? (cause.cause === undefined ? cause.name : nameOf(cause.cause))
}

/** What to write down about a failed try; never what the other side said. */
export const reasonOf = (cause: unknown): string =>
  cause instanceof ChannelDown ? (cause.detail ?? cause.code) : nameOf(cause)
