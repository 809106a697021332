import * as z from 'zod'
import { duration } from '../base/schema.ts'
import { signingSecret } from '../channels/webhook/config.ts'
import type { Retention } from '../store/contract.ts'

export const logConfig = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').meta({
    description: 'How much is written to standard output, as JSON lines.',
  }),
})

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

const FACILITY = [
  'auth',
  'authpriv',
  'audit',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const

const auditWebhookConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !/^https?:\/\/[^/]*@/.test(text), {
      message: 'write no user name or password here; requests are signed',
    })
    .transform((text) => new URL(text))
    .meta({
      description:
        'Gets events as signed POSTs of JSON, up to 100 in one, as [Standard Webhooks](https://www.standardwebhooks.com/) describes it.',
      example: 'https://siem.example.com/gatehouse',
    }),
  secret: signingSecret().meta({
    description: 'Signs each request (HMAC-SHA256): `whsec_` and 24 to 64 bytes in base64.',
    example: { file: '/run/secrets/audit-webhook' },
  }),
  timeout: duration().prefault('10s').meta({ description: 'How long the answer may take.' }),
})

export type AuditWebhookConfig = z.output<typeof auditWebhookConfig>

const syslogConfig = z.strictObject({
  url: z
    .url({ protocol: /^(udp|tcp)$/ })
    .transform((text) => new URL(text))
    .meta({
      description:
        'Gets each event as one message (RFC 5424) whose text is JSON: `udp://host:514`, or `tcp://host:601` with counted octets. Nothing of it is encrypted: send it to this machine or over a network of your own.',
      example: 'udp://127.0.0.1:514',
    }),
  facility: z.enum(FACILITY).default('authpriv').meta({ description: 'Under what it is filed.' }),
})

export type SyslogConfig = z.output<typeof syslogConfig>

/** An event, or a group of them. What the trail says of itself stays as long as anything that it explains. */
const KIND = /^(?!trail(\.|$)|default$)[a-z_]+(\.[a-z_]+)?$/

const keptByKind = z.record(z.string(), duration()).superRefine((kept, context) => {
  for (const kind of Object.keys(kept)) {
    if (KIND.test(kind) && kind !== 'access.allowed') continue
    const message =
      kind === 'access.allowed'
        ? 'write audit.access.keep instead'
        : 'write an event, login.refused, or a group of events, login; and not trail'
    context.addIssue({ code: 'custom', path: [kind], message })
  }
})

const accessConfig = z.strictObject({
  sample: z.int().min(0).max(1_000_000).default(1000).meta({
    description:
      'The first time that a session is let in to an application is always written down; beyond that, one request of somebody who is signed in, in so many. 0 for none.',
  }),
  keep: duration().optional().meta({
    description:
      'How long it is kept who was let in: 30 days, or as long as `audit.keep` if that is shorter, when left out. Refusals are not meant.',
    example: '90d',
  }),
})

export type AccessConfig = z.output<typeof accessConfig>

export const auditConfig = z.strictObject({
  keep: duration().prefault('365d').meta({ description: 'How long events are kept.' }),
  keep_by_kind: keptByKind.default({}).meta({
    description: 'The same for single events or groups of them.',
    example: { access: '30d', 'login.refused': '90d' },
  }),
  access: accessConfig
    .prefault({})
    .meta({ description: 'What is written down of allowed access.' }),
  webhook: auditWebhookConfig.optional().meta({
    description: 'Sends events to a service of yours as they happen.',
  }),
  syslog: syslogConfig.optional().meta({
    description: 'Sends events to a syslog server as they happen.',
  }),
})

export type AuditConfig = z.output<typeof auditConfig>

const ALLOWED_SECONDS = 30 * 86_400

/** How long the store keeps which events. */
export const retentionOf = ({ keep, keep_by_kind: kinds, access }: AuditConfig): Retention => ({
  ...kinds,
  'access.allowed': access.keep ?? Math.min(keep, ALLOWED_SECONDS),
  default: keep,
})
