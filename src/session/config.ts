import * as z from 'zod'
import { duration, hostName } from '../base/schema.ts'

export const sessionConfig = z.strictObject({
  idle: duration().prefault('30m').meta({
    description: 'Sign out after this long without a request.',
  }),
  absolute: duration().prefault('12h').meta({
    description: 'Sign out after this long, whatever happens.',
  }),
  remembered: duration().prefault('30d').meta({
    description:
      'How long "keep me signed in" lasts. Such a session never satisfies more than `one_factor`.',
  }),
  per_user: z.int().min(1).max(1000).default(50).meta({
    description: 'Sessions that one user may have; one more ends the oldest.',
  }),
  cookie_domain: hostName().optional().meta({
    description:
      'The parent domain of the cookie that serves the portal and the hosts beside it. Left out: the longest one that the portal and the routes below its registrable domain share, or none where everything lives on one host. Routes elsewhere have cookies of their own, and the same sign-in.',
    example: 'example.com',
  }),
})

/** As the code sees it: every duration is a whole number of seconds. */
export type SessionConfig = z.output<typeof sessionConfig>
