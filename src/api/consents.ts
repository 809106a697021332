import type { z } from '@hono/zod-openapi'
import { randomToken } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { ConsentRepository } from '../store/contract.ts'
import type { ProblemDetails } from '../web/problem.ts'
import type { ConsentSchema } from './schemas.ts'

export interface ConsentsDeps {
  clock: Clock
  consents: ConsentRepository
}

/** What a person agreed to, as the application says. */
type Given = z.output<typeof ConsentSchema> | undefined

/** By so much another machine's clock may be ahead. */
const CLOCKS_DIFFER_SECONDS = 300

/** Keeps what people agreed to as authenticators of theirs were begun, whichever kind. */
export function createConsents({ clock, consents }: ConsentsDeps) {
  return {
    /** Why it cannot be true; looked at before anything is made. */
    faultOf: (given: Given): ProblemDetails | undefined =>
      given && agreedAt(given) > clock.now() + CLOCKS_DIFFER_SECONDS
        ? AGREED_IN_THE_FUTURE
        : undefined,

    async keep(userId: string, given: Given): Promise<void> {
      if (!given) return
      await consents.insert({
        id: randomToken(16),
        userId,
        document: 'application',
        version: given.version,
        agreedAt: agreedAt(given),
        recordedAt: clock.now(),
      })
    },
  }
}

const agreedAt = ({ agreed_at }: NonNullable<Given>): UnixSeconds =>
  Math.floor(Date.parse(agreed_at) / 1000)

const AGREED_IN_THE_FUTURE: ProblemDetails = {
  status: 400,
  code: 'invalid_request',
  title: 'Nobody can have agreed to it yet.',
  errors: [{ field: 'consent.agreed_at', message: 'lies in the future' }],
}
