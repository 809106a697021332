import * as z from 'zod'
import { parseNetwork } from '../base/net.ts'
import { duration, network } from '../base/schema.ts'
import { invalidPattern } from './path.ts'
import { invalidExpression } from './pattern.ts'

/** What a rule may ask for, weakest first; `deny` closes. */
export const LEVELS = ['bypass', 'one_factor', 'two_factor', 'phishing_resistant', 'deny'] as const
export type Level = (typeof LEVELS)[number]

/** The levels that somebody can prove. */
export const PROVABLE = [
  'one_factor',
  'two_factor',
  'phishing_resistant',
] as const satisfies readonly Level[]
export type ProvedLevel = (typeof PROVABLE)[number]

/** What a rule may ask for where a sign-in was unusual. */
const AT_RISK = [...PROVABLE, 'deny'] as const

const AMR = 'write the short name of a method, as in RFC 8176: otp'

const checkedBy = (faultOf: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const fault = faultOf(text)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

const NETWORK_NAME = /^[a-z][a-z0-9_-]{0,39}$/

export const networksConfig = z
  .record(z.string(), z.array(network()).min(1))
  .superRefine((named, context) => {
    for (const name of Object.keys(named)) {
      if (NETWORK_NAME.test(name) && !parseNetwork(name)) continue
      const message = 'write a name in small letters, digits and dashes: office'
      context.addIssue({ code: 'custom', path: [name], message })
    }
  })

/** Networks by the names that rules call them by. */
export type NamedNetworks = z.output<typeof networksConfig>

const NETWORK = 'write an address (10.0.0.2), a network (10.0.0.0/8), or a name from networks'

const queryCondition = z
  .strictObject({
    name: z.string().min(1).max(100).meta({ description: 'Of the parameter, decoded.' }),
    present: z.boolean().optional().meta({
      description: 'The parameter must be there, with any value or none; or must not.',
      example: true,
    }),
    is: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({
        description: 'The parameter must have one of these values.',
        example: ['delete'],
      }),
    not: z
      .array(z.string())
      .min(1)
      .optional()
      .meta({
        description: 'The parameter must have none of these values; it may be missing.',
        example: ['view'],
      }),
  })
  .superRefine(({ present, is, not }, context) => {
    if (present === undefined && !is && !not) {
      context.addIssue({ code: 'custom', message: 'write present, is or not' })
    }
    if (present === false && is) {
      context.addIssue({ code: 'custom', message: 'what is not there has no value' })
    }
  })

export const ruleConfig = z
  .strictObject({
    name: z.string().min(1).optional().meta({
      description: 'Shown in the log and beside a refusal; `rule 1`, `rule 2` … when left out.',
    }),
    paths: z
      .array(checkedBy(invalidPattern))
      .min(1)
      .optional()
      .meta({
        description:
          'The rule is about these paths; `*` stands for anything within a segment, `/**` at the end for all below. All paths when left out.',
        example: ['/admin/**'],
      }),
    patterns: z
      .array(checkedBy(invalidExpression))
      .min(1)
      .optional()
      .meta({
        description:
          'The rule is also about paths that fit one of these regular expressions, from `^/` to `$`. One that could take very long is refused.',
        example: ['^/users/[0-9]+/edit$'],
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
      .array(z.string().refine((text) => parseNetwork(text) || NETWORK_NAME.test(text), NETWORK))
      .min(1)
      .optional()
      .meta({
        description:
          'The rule is about clients in these networks, or those with these names. All clients when left out.',
        example: ['10.0.0.0/8', 'office'],
      }),
    query: z
      .array(queryCondition)
      .min(1)
      .optional()
      .meta({
        description:
          'The rule is about requests whose query fulfills all of these. A parameter that could be read in two ways is refused.',
        example: [{ name: 'action', is: ['delete'] }],
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
    at_risk: z
      .strictObject({
        medium: z.enum(AT_RISK).optional().meta({ description: 'Where the risk is medium.' }),
        high: z.enum(AT_RISK).optional().meta({ description: 'Where the risk is high.' }),
      })
      .optional()
      .meta({
        description:
          'What it asks instead where the sign-in was unusual, by the level of its risk; never less than `require`. What is asked at `medium` is asked at `high`, too. Needs `login.risk`.',
        example: { medium: 'two_factor', high: 'deny' },
      }),
    mode: z.enum(['enforce', 'report']).default('enforce').meta({
      description:
        '`report` writes down and counts what the rule would have decided, and goes on with the next rule.',
    }),
  })
  .superRefine((rule, context) => {
    const open = rule.require === 'bypass' || rule.require === 'deny'
    for (const key of ['users', 'groups', 'max_age', 'amr', 'at_risk'] as const) {
      if (open && rule[key] !== undefined) {
        const message = `has no meaning beside require: ${rule.require}, which asks nobody who they are`
        context.addIssue({ code: 'custom', path: [key], message })
      }
    }
    // Nothing about risk may open a door: a signal that is broken would.
    const { medium, high } = rule.at_risk ?? {}
    const steps = [
      ['medium', medium, rule.require],
      ['high', high, medium ?? rule.require],
    ] as const
    for (const [key, asked, least] of steps) {
      if (open || asked === undefined || LEVELS.indexOf(asked) >= LEVELS.indexOf(least)) continue
      const message = `asks for less than ${least}; more risk may only ask for more`
      context.addIssue({ code: 'custom', path: ['at_risk', key], message })
    }
  })

/** One line of a route's policy. */
export type RuleConfig = z.output<typeof ruleConfig>
