import type { UnixSeconds } from '../base/clock.ts'
import type { Enrollments } from '../login/enrollments.ts'
import type { Checked } from '../login/guess.ts'
import type { ProblemDetails } from '../web/problem.ts'
import { rfc3339 } from './shown.ts'

/** Why an enrollment did not begin. */
export function enrollmentProblem(
  begun: Exclude<Awaited<ReturnType<Enrollments['begin']>>, { ok: true }>,
): ProblemDetails {
  switch (begun.because) {
    case 'target':
      return {
        status: 400,
        code: 'invalid_target',
        title: begun.message,
        errors: [{ field: 'target', message: begun.message }],
      }
    case 'limit':
      return {
        status: 429,
        code: 'throttled',
        title: 'Nothing more can be sent there for now.',
        retryAfter: begun.seconds,
      }
    case 'too_many':
      return {
        status: 409,
        code: 'too_many_factors',
        title: 'The user has as many as one may have.',
      }
    case 'frozen':
      return frozenProblem(begun.until)
    case 'not_offered':
      return {
        status: 400,
        code: 'factor_not_offered',
        title:
          'This kind of factor is not offered here: the operator switches it on under "factors". Passkeys and device keys are bound below /biometric.',
        errors: [{ field: 'type', message: 'is not offered here' }],
      }
  }
}

/** Somebody said that a change to the account was not theirs: until then nothing about it changes. */
export const frozenProblem = (until: UnixSeconds): ProblemDetails => ({
  status: 409,
  code: 'user_frozen',
  title: `The user said that a change was not theirs: nothing changes until ${rfc3339(until)}.`,
})

/** Why an answer did not bind anything. */
export const answerProblem = ({ reason }: Extract<Checked, { ok: false }>): ProblemDetails => ({
  status: 422,
  code: `answer_${reason}`,
  title: 'The answer was not right, so nothing is bound.',
})
