import * as z from 'zod'
import { duration, network } from '../base/schema.ts'
import { invalidPattern } from './path.ts'

/** What a rule may ask for, weakest first; `deny` closes. */
export const LEVELS = ['bypass', 'one_factor', 'two_factor', 'phishing_resistant', 'deny'] as const
export type Level = (typeof LEVELS)[number]

const AMR = 'write the short name of a method, as in RFC 8176: otp'

const pathPattern = z.string().superRefine((pattern, context) => {
  const fault = invalidPattern(pattern)
  if (fault) context.addIssue({ code: 'custom', message: fault })
})

export const ruleConfig = z
  .strictObject({
    name: z.string().min(1).optional().meta({
      description: 'Shown in the log and beside a refusal; `rule 1`, `rule 2` … when left out.',
    }),
    paths: z
      .array(pathPattern)
      .min(1)
      .optional()
      .meta({
        description:
          'The rule is about these paths; `*` stands for anything within a segment, `/**` at the end for all below. All paths when left out.',
        example: ['/admin/**'],
      }),
    methods: z
      .array(z.string().regex(/^[A-Z]+$/, 'write methods in capitals: GET'))
      .min(1)
      .optional()
      .meta({
        description:
          'The rule is about these methods. `GET` covers `HEAD`. All methods when left out.',
        example: ['GET'],
      }),
    networks: z
      .array(network())
      .min(1)
      .optional()
      .meta({
        description: 'The rule is about clients in these networks. All clients when left out.',
        example: ['10.0.0.0/8'],
      }),
    users: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: 'The rule lets in these users, and nobody else besides `groups`.',
        example: ['alice'],
      }),
    groups: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: 'The rule lets in members of these groups, and nobody else besides `users`.',
        example: ['admins'],
      }),
    require: z.enum(LEVELS).meta({
      description:
        '`bypass` (anyone), `one_factor`, `two_factor`, `phishing_resistant` (a passkey with user verification) or `deny`.',
    }),
    max_age: duration().optional().meta({
      description: 'The proof may be no older than this; asked for again when it is.',
      example: '10m',
    }),
    amr: z
      .array(z.string().regex(/^[a-z0-9_-]{1,20}$/, AMR))
      .min(1)
      .optional()
      .meta({
        description:
          'One of these methods must have been used (RFC 8176): `pwd`, `otp`, `hwk` … Any when left out.',
        example: ['hwk'],
      }),
  })
  .superRefine((rule, context) => {
    const open = rule.require === 'bypass' || rule.require === 'deny'
    for (const key of ['users', 'groups', 'max_age', 'amr'] as const) {
      if (open && rule[key] !== undefined) {
        const message = `has no meaning beside require: ${rule.require}, which asks nobody who they are`
        context.addIssue({ code: 'custom', path: [key], message })
      }
    }
  })

/** One line of a route's policy. */
export type RuleConfig = z.output<typeof ruleConfig>
