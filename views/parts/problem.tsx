import type { Wait } from '../brand.ts'
import { Warning } from './icons.tsx'

/** From this number on, a person is told how many tries are left. */
const fewTries = 3

/** What went wrong, how often one may still try, and when. */
export interface ProblemProps {
  /** The field's `aria-describedby` names it. */
  id: string
  message?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
}

/** A sentence about what went wrong, read aloud at once; nothing at all when nothing did. */
export const Problem = ({ id, message, triesLeft, wait }: ProblemProps) => {
  if (!message && !wait) return null
  return (
    <div class="problem" id={id} role="alert">
      <Warning />
      <p>
        {message ?? 'There were too many tries in a short time.'}
        {triesLeft !== undefined && triesLeft <= fewTries && ` ${tries(triesLeft)}`}
        {wait && (
          <>
            {' '}
            You can try again {span(wait.seconds)}, at{' '}
            <time datetime={wait.until}>{wait.until}</time> UTC.
          </>
        )}
      </p>
    </div>
  )
}

function tries(left: number): string {
  if (left <= 0) return 'No tries are left.'
  return left === 1 ? 'One try is left.' : `${left} tries are left.`
}

function span(seconds: number): string {
  if (seconds === 1) return 'in 1 second'
  if (seconds <= 90) return `in ${seconds} seconds`
  return `in about ${Math.ceil(seconds / 60)} minutes`
}
