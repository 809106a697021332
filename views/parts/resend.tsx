import { Problem } from './problem.tsx'

/** How far a code has come, and how to have another one. */
export interface ResendProps {
  action: string
  csrf: string
  /** Masked: `•••• 42`. */
  to: string
  state: 'none' | 'waiting' | 'sent' | 'failed'
  /** Has its time run out? */
  expired?: boolean | undefined
  /** Time of day in UTC from which on it may be sent again; absent when it may be now. */
  againAt?: string | undefined
}

/** Says where the code went, and offers to send another one. */
export const Resend = ({ action, csrf, to, state, expired, againAt }: ResendProps) => (
  <form class="resend" method="post" action={action}>
    <input type="hidden" name="csrf" value={csrf} />
    {state === 'failed' ? (
      <Problem id="delivery-problem" message={said(state, false, to)} />
    ) : (
      <p>{said(state, expired ?? false, to)}</p>
    )}
    {againAt && state !== 'failed' && state !== 'none' && !expired ? (
      <p class="hint">
        Nothing there? You can have another one from <time datetime={againAt}>{againAt}</time> UTC
        on.
      </p>
    ) : (
      <button type="submit" name="resend" value="1">
        {state === 'none' ? 'Send a code' : 'Send another code'}
      </button>
    )}
  </form>
)

function said(state: ResendProps['state'], expired: boolean, to: string): string {
  if (state === 'none') return `A code can be sent to ${to}.`
  if (state === 'failed') {
    return `The code could not be delivered to ${to}. Try again in a moment, or use another way.`
  }
  if (expired) return `The code that we sent to ${to} is too old by now.`
  return state === 'waiting'
    ? `A code is on its way to ${to}. It takes longer than usual: you can wait, or use another way.`
    : `We sent a code to ${to}.`
}
