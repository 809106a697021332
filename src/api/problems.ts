import type { Enrollments } from '../login/enrollments.ts'
import type { Checked } from '../login/guess.ts'
import type { ProblemDetails } from '../web/problem.ts'

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
    case 'not_offered':
      return {
        status: 400,
        code: 'factor_not_offered',
        title: 'This kind of factor is not offered here.',
        errors: [{ field: 'type', message: 'is not offered here' }],
      }
  }
}

/** Why an answer did not bind anything. */
export const answerProblem = ({ reason }: Extract<Checked, { ok: false }>): ProblemDetails => ({
  status: 422,
  code: `answer_${reason}`,
  title: 'The answer was not right, so nothing is bound.',
})
