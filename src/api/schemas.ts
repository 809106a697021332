import { z } from '@hono/zod-openapi'
import { canonicalAddress } from '../base/net.ts'

/** The words of the API, each once: what is checked is what is documented. */

export const time = () =>
  z
    .string()
    .meta({ format: 'date-time', description: 'UTC, RFC 3339.', example: '2026-05-01T14:03:20Z' })

/** What comes as a segment of a path as well: whoever writes an address there takes out the dots. */
const userIdFault = ({ input }: { input?: unknown }): string =>
  input === '.' || input === '..'
    ? `cannot be "${input}": addresses with such a segment lead elsewhere`
    : 'has a control character, or one that cannot be seen'

export const userId = () =>
  z
    .string()
    .min(1, { error: 'write 1 to 128 characters', abort: true })
    .max(128, { error: 'write 1 to 128 characters', abort: true })
    .regex(/^(?!\.\.?$)[^\p{C}]+$/u, { error: userIdFault })
    .meta({
      description:
        'The user, by an id of the application’s own; opaque to Gatehouse, and known to no other application.',
      example: 'abc123',
    })

export const factorType = () =>
  z
    .string()
    .regex(/^[a-z_]{1,32}$/, 'is no name of a factor')
    .meta({ description: 'The kind of factor.', example: 'totp' })

/** Stands there only where it is so. */
const forTests = () =>
  z.literal(true).optional().meta({
    description: 'Done by a key for tests: worth nothing outside of them.',
  })

export const label = () =>
  z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^\p{C}]+$/u, 'has control characters')

export const FactorSchema = z
  .strictObject({
    id: z.string(),
    type: factorType(),
    label: z.string(),
    status: z.enum(['pending', 'active', 'disabled']),
    facts: z.array(z.string()).meta({
      description:
        'What tells it from others, for the person: a masked target, `synced`, codes left.',
    }),
    created_at: time(),
    last_used_at: time().optional(),
  })
  .openapi('Factor')

export const ConsentSchema = z.strictObject({
  version: z.string().min(1).max(64).meta({ description: 'The version of the text.' }),
  agreed_at: z.iso.datetime().meta({ description: 'When the person agreed to it.' }),
})

export const consent = () =>
  ConsentSchema.optional().meta({
    description: 'What the person agreed to; kept with their data.',
  })

export const EnrollRequest = z
  .strictObject({
    user_id: userId(),
    type: factorType().default('totp').meta({
      description:
        '`totp`, `email`, `sms`, `voice` or `backup_code`, as far as they are switched on.',
      example: 'totp',
    }),
    label: label().optional().meta({ description: 'What the person calls it.', example: 'Phone' }),
    target: z.string().min(1).max(254).optional().meta({
      description: 'Where codes go: a mail address, or a phone number in E.164.',
      example: '+491701234567',
    }),
    consent: consent(),
  })
  .openapi('EnrollRequest')

export const EnrollmentSchema = z
  .strictObject({
    id: z.string().meta({ description: 'To be named when it is confirmed.' }),
    user_id: userId(),
    type: factorType(),
    status: z.enum(['pending', 'active']),
    secret: z.string().optional().meta({ description: 'The key of an authenticator app, base32.' }),
    uri: z.string().optional().meta({ description: '`otpauth://…` for an authenticator app.' }),
    qr_code: z.string().optional().meta({ description: 'The same as an SVG picture.' }),
    sent_to: z.string().optional().meta({ description: 'Where a code is on its way to, masked.' }),
    delivery: z.enum(['none', 'waiting', 'sent', 'failed']).optional(),
    options: z.record(z.string(), z.unknown()).optional().meta({
      description: 'Options for `navigator.credentials.create`, as JSON.',
    }),
    link: z.string().optional().meta({ description: 'A page to be opened on another device.' }),
    test: forTests(),
    codes: z
      .array(z.string())
      .optional()
      .meta({ description: 'Codes to be kept, shown this once.' }),
    created_at: time(),
    expires_at: time(),
  })
  .openapi('Enrollment')

export const ConfirmRequest = z
  .strictObject({
    code: z.string().min(1).max(64).optional().meta({ example: '987654' }),
    response: z.record(z.string(), z.unknown()).optional().meta({
      description: 'What `navigator.credentials.create` gave, as JSON.',
    }),
  })
  .refine((body) => (body.code === undefined) !== (body.response === undefined), {
    message: 'send either a code or a response',
  })
  .openapi('ConfirmRequest')

export const DetailsSchema = z
  .strictObject({
    title: z.string().min(1).max(100).meta({ example: 'Send 250.00 EUR' }),
    fields: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(60),
          value: z.string().max(200),
        }),
      )
      .max(10)
      .optional(),
    amount: z
      .strictObject({ value: z.string().max(30), currency: z.string().length(3) })
      .optional(),
  })
  .openapi('Details')

const ip = () =>
  z
    .string()
    .max(45)
    .refine((text) => canonicalAddress(text) !== undefined, { message: 'is no IP address' })
    .transform((text) => canonicalAddress(text) ?? text)

/** Where the person is, as the application sees them. */
const whereabouts = {
  ip: ip().optional().meta({ description: 'Their address.', example: '198.51.100.7' }),
  user_agent: z.string().max(300).optional(),
}

export const ContextSchema = z.strictObject(whereabouts).openapi('Context')

/** Where a right answer comes from is usual from then on. */
export const context = () =>
  ContextSchema.optional().meta({
    description:
      'Where the person is. A right answer makes that a usual place of theirs, which `preauth` goes by.',
  })

export const ChallengeRequestSchema = z
  .strictObject({
    user_id: userId(),
    factor: z.string().min(1).max(64).optional().meta({ description: 'The id of one factor.' }),
    type: factorType().optional(),
    details: DetailsSchema.optional().meta({
      description: 'What the person is asked to agree to; signed with the result.',
    }),
    webhook: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .optional()
      .meta({
        description:
          'Gets word of the end of the challenge; must be at an origin that the configuration names.',
        example: 'https://shop.example.com/webhooks/gatehouse',
      }),
    context: context(),
  })
  .openapi('ChallengeRequest')

export const PreauthRequest = z
  .strictObject({
    user_id: userId(),
    context: z
      .strictObject({
        ...whereabouts,
        action: z
          .string()
          .regex(/^[\w.:/-]{1,64}$/, 'write a short name: sign_in')
          .optional()
          .meta({
            description: 'What the person is about to do; for the trail.',
            example: 'sign_in',
          }),
      })
      .optional(),
  })
  .openapi('PreauthRequest')

export const PREAUTH_RESULTS = ['allow', 'challenge', 'enroll', 'deny'] as const
export const PREAUTH_REASONS = [
  'trusted_network',
  'has_factor',
  'no_factor',
  'factors_disabled',
  'unknown_user',
  'user_frozen',
  'risk',
] as const

export const PreauthSchema = z
  .strictObject({
    user_id: userId(),
    test: forTests(),
    result: z.enum(PREAUTH_RESULTS).meta({
      description:
        '`allow`: let them in without a second factor; `challenge`: ask for one of `factors`; `enroll`: let them set one up first; `deny`: let them in by no means.',
    }),
    reason: z.enum(PREAUTH_REASONS),
    factors: z.array(FactorSchema).meta({
      description: 'Those that can answer now, the one first that would be asked.',
    }),
    risk: z.strictObject({
      score: z.int().min(0).max(100),
      level: z.enum(['low', 'medium', 'high']),
      reasons: z.array(z.string()).meta({ description: 'Stable words, the weightiest first.' }),
    }),
  })
  .openapi('Preauth')

export const BypassRequest = z
  .strictObject({
    ttl: z.int().min(60).max(86_400).default(3600).meta({
      description: 'Seconds for which it is good.',
    }),
    uses: z.int().min(1).max(10).default(1).meta({ description: 'How often.' }),
  })
  .openapi('BypassRequest')

export const BypassSchema = z
  .strictObject({
    id: z.string().meta({ description: 'Its id among the factors of the user.' }),
    user_id: userId(),
    test: forTests(),
    code: z
      .string()
      .meta({ description: 'To be told to the user, and typed by them. Shown once.' }),
    uses: z.int(),
    created_at: time(),
    expires_at: time(),
  })
  .openapi('Bypass')

/** What every answer about a challenge says. */
const numbers = {
  attempts_left: z.int().meta({ description: 'Answers that it still takes.' }),
  resends_left: z.int().meta({ description: 'How often it may still be sent.' }),
  retry_after: z.int().meta({ description: 'Seconds until it may be sent again.' }),
  expires_at: time(),
}

const amr = () =>
  z.array(z.string()).optional().meta({ description: 'How it was proved (RFC 8176).' })

const result = () =>
  z.string().optional().meta({
    description:
      'A signed statement of the outcome and of the details (JWS, keys at `/.well-known/jwks.json`). Told until `expires_at`, and for a minute in any case.',
  })

export const CHALLENGE_STATES = [
  'pending',
  'verified',
  'denied',
  'expired',
  'exhausted',
  'canceled',
  'superseded',
] as const

export const ChallengeSchema = z
  .strictObject({
    id: z.string(),
    user_id: userId(),
    factor: z.string(),
    type: factorType(),
    state: z.enum(CHALLENGE_STATES),
    test: forTests(),
    prompt: z.enum(['code', 'authenticator', 'approval']).optional().meta({
      description: 'Absent once the factor has been removed.',
    }),
    sent_to: z.string().optional(),
    delivery: z.enum(['none', 'waiting', 'sent', 'failed']),
    options: z.record(z.string(), z.unknown()).optional(),
    number: z.string().optional().meta({ description: 'To be found again on the other device.' }),
    details: DetailsSchema.optional(),
    ...numbers,
    amr: amr(),
    result: result(),
    created_at: time(),
  })
  .openapi('Challenge')

const FINAL_STATES = CHALLENGE_STATES.filter((state) => state !== 'pending')

/** What a webhook brings. */
export const ChallengeEnded = z
  .strictObject({
    type: z.enum(FINAL_STATES.map((state) => `challenge.${state}` as const)),
    timestamp: time(),
    data: z.strictObject({
      id: z.string(),
      user_id: userId(),
      factor: z.string(),
      type: factorType(),
      state: z.enum(FINAL_STATES),
      test: forTests(),
      details: DetailsSchema.optional(),
      created_at: time(),
    }),
  })
  .openapi('ChallengeEnded')

export const VerifyRequest = z
  .strictObject({
    user_id: userId().optional(),
    challenge_id: z.string().min(1).max(64).optional(),
    code: z.string().min(1).max(64).optional().meta({ example: '987654' }),
    response: z.record(z.string(), z.unknown()).optional().meta({
      description: 'What `navigator.credentials.get` gave, as JSON.',
    }),
    context: context(),
  })
  .refine((body) => (body.user_id === undefined) !== (body.challenge_id === undefined), {
    message: 'name either a challenge_id, or a user_id with a code',
  })
  .refine((body) => body.code === undefined || body.response === undefined, {
    message: 'send either a code or a response',
    path: ['response'],
  })
  .refine((body) => body.user_id === undefined || body.code !== undefined, {
    message: 'send a code with a user_id',
    path: ['code'],
  })
  .openapi('VerifyRequest')

export const VerifyResult = z
  .strictObject({
    verified: z.boolean(),
    test: forTests(),
    user_id: userId(),
    factor: z.string().optional(),
    type: factorType().optional(),
    challenge_id: z.string().optional(),
    reason: z
      .enum(['wrong', 'used', 'expired', 'exhausted', 'pending', 'denied', 'not_admitted'])
      .optional(),
    attempts_left: numbers.attempts_left.optional().meta({
      description:
        'Answers that the challenge still takes; without one, wrong codes of the user before the next has to wait.',
    }),
    resends_left: numbers.resends_left.optional(),
    retry_after: numbers.retry_after.optional(),
    expires_at: numbers.expires_at.optional(),
    amr: amr(),
    result: result(),
  })
  .openapi('VerifyResult')

export const ProblemSchema = z
  .strictObject({
    type: z.string(),
    status: z.int(),
    title: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.strictObject({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')

export const PersonalDataSchema = z
  .strictObject({
    format: z.literal('gatehouse-personal-data/1'),
    exported_at: time(),
    withheld: z.record(z.string(), z.string()).meta({
      description: 'What is stored and never given, by its name, and why it is stored.',
    }),
    data: z
      .record(
        z.string(),
        z.strictObject({
          what: z.string().meta({ description: 'What a row is.' }),
          kept: z.string().meta({ description: 'How long it is kept.' }),
          rows: z.array(z.record(z.string(), z.unknown())),
        }),
      )
      .meta({
        description:
          'By the kind of thing that is stored: `user`, `credential`, `consent`, `event` …',
      }),
  })
  .openapi('PersonalData')

export const EventSchema = z
  .strictObject({
    id: z.string().meta({ description: 'Its place in the trail.' }),
    at: time(),
    name: z.string().meta({ description: 'What happened.', example: 'factor.enrolled' }),
    user_id: z.string().optional().meta({ description: 'Whom it is about.' }),
    erased: z.literal(true).optional().meta({
      description: 'Whom it was about has been forgotten.',
    }),
    address: z.string().optional().meta({ description: 'From where, as far as it is kept.' }),
    reference: z.string().optional().meta({ description: 'The number that a refusal showed.' }),
    details: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .meta({
        description: 'Anything else worth knowing, such as the kind of factor or a reason.',
      }),
  })
  .openapi('Event')

export const EventsSchema = z
  .strictObject({
    events: z.array(EventSchema),
    cursor: z.string().meta({ description: 'Where to go on.' }),
    more: z.boolean().meta({ description: 'Is there perhaps more at once?' }),
  })
  .openapi('Events')
