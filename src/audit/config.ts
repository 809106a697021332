import * as z from 'zod'
import { duration } from '../base/schema.ts'

export const logConfig = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').meta({
    description: 'How much is written to standard output, as JSON lines.',
  }),
})

export type LogConfig = z.output<typeof logConfig>

export const privacyConfig = z.strictObject({
  addresses: z.enum(['full', 'cut', 'none']).default('full').meta({
    description:
      'How much of people’s addresses is written down, in the log, in histories and in lists of sessions: all, `cut` to the network (`/24`, IPv6 `/48`), or nothing. Limits on guessing always count whole ones, and forget them within the hour.',
  }),
  browsers: duration().prefault('365d').meta({
    description:
      'How long a browser in which somebody has signed in is known as theirs after it was seen last.',
  }),
  erase_by_person: z.boolean().default(false).meta({
    description:
      'May people erase their own account on the account page? Left off, they ask whoever runs the site; see `docs/privacy.md`.',
  }),
})

export type PrivacyConfig = z.output<typeof privacyConfig>
