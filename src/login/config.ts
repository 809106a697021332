import * as z from 'zod'
import { duration } from '../base/schema.ts'
import { riskConfig } from '../risk/config.ts'

export const loginConfig = z.strictObject({
  attempt: duration().prefault('10m').meta({
    description: 'A sign-in that was begun must be finished within this time.',
  }),
  remember_me: z.boolean().default(true).meta({
    description: 'Offer "keep me signed in" on the sign-in page.',
  }),
  risk: riskConfig.optional().meta({
    description:
      'How unusual each sign-in is, and what follows. Left out: nothing is weighed, and nothing is kept for it.',
  }),
  two_factor_methods: z
    .array(z.string().min(1))
    .optional()
    .meta({
      description:
        'Factors that satisfy `two_factor` beside a password; all that are switched on when left out. Codes by SMS, voice and e-mail are weak: leave them out where that matters.',
      example: ['totp', 'passkey', 'backup_code'],
    }),
  first_factor: z.enum(['password', 'pass']).default('password').meta({
    description:
      'What it takes to set up the very first second factor: `password`, or also a `pass` from an administrator (`gatehouse factor pass USER`), so that whoever has got hold of a password alone binds nothing of their own to it.',
  }),
  password: z
    .strictObject({
      memory_kib: z.int().min(19_456).max(1_048_576).default(65_536).meta({
        description: 'Memory of one argon2id hash, in KiB.',
      }),
      passes: z.int().min(1).max(20).default(3).meta({ description: 'Passes of argon2id.' }),
      concurrency: z.int().min(1).max(64).default(2).meta({
        description: 'Passwords checked at the same time; each takes the memory above.',
      }),
      queue: z.int().min(1).max(10_000).default(64).meta({
        description: 'Sign-ins that may wait for their turn; one more is told to try again.',
      }),
    })
    .prefault({})
    .meta({
      description:
        'What a password costs to check. A stored hash that is weaker is renewed at sign-in.',
    }),
})
