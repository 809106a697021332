import * as z from 'zod'
import { duration } from '../base/schema.ts'
import { signingSecret } from '../channels/webhook/config.ts'

/** Every kind of alert; `docs/alerts.md` says what each is. */
export const ALERT_KINDS = [
  'burst_of_failures',
  'many_accounts_from_one_address',
  'new_administrator',
  'trail_broken',
  'certificate_ending',
  'key_ending',
  'channel_down',
] as const

export type AlertKindName = (typeof ALERT_KINDS)[number]

const NUMBER = 'write a phone number with its country: +4915112345678'

const many = (least: number) => z.int().min(least).max(1_000_000)

const webhookConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !/^https?:\/\/[^/]*@/.test(text), {
      message: 'write no user name or password here; requests are signed',
    })
    .transform((text) => new URL(text))
    .meta({
      description:
        'Gets each alert as a signed POST of JSON, as [Standard Webhooks](https://www.standardwebhooks.com/) describes it.',
      example: 'https://pager.example.com/gatehouse',
    }),
  secret: signingSecret().meta({
    description: 'Signs each request (HMAC-SHA256): `whsec_` and 24 to 64 bytes in base64.',
    example: { file: '/run/secrets/alerts-webhook' },
  }),
  timeout: duration().prefault('10s').meta({ description: 'How long the answer may take.' }),
})

export type AlertWebhookConfig = z.output<typeof webhookConfig>

export const alertsConfig = z.strictObject({
  mail: z
    .array(z.email('write a mail address: ops@example.com').max(254))
    .max(20)
    .default([])
    .meta({
      description: 'Who gets alerts by mail, through the channel that carries mail.',
      example: ['ops@example.com'],
    }),
  sms: z
    .array(z.string().regex(/^\+[1-9]\d{6,14}$/, NUMBER))
    .max(10)
    .default([])
    .meta({
      description:
        'Who gets alerts as text messages. Where there is another way too, these bring only the first of each kind, and no digests.',
      example: ['+4915112345678'],
    }),
  webhook: webhookConfig.optional().meta({
    description: 'A service of yours that gets alerts.',
  }),
  kinds: z
    .array(z.enum(ALERT_KINDS))
    .min(1)
    .optional()
    .meta({
      description:
        'Which kinds are sent; all of them when left out. All others stand in the log and the trail alone.',
      example: ['new_administrator', 'trail_broken'],
    }),
  quiet: duration().prefault('1h').meta({
    description:
      'After an alert, further ones of its kind are put together for so long and come as one.',
  }),
  burst_of_failures: z
    .strictObject({
      failures: many(2).default(50).meta({
        description: 'So many wrong answers at sign-in, from anywhere and about anybody, …',
      }),
      within: duration().prefault('10m').meta({ description: '… within this time.' }),
    })
    .prefault({})
    .meta({ description: 'When wrong answers become an alert.' }),
  many_accounts_from_one_address: z
    .strictObject({
      accounts: many(2).max(200).default(10).meta({
        description:
          'So many accounts with wrong answers from one address (of IPv6: one /64), … A name that is nobody’s counts each time. Raise it where many people share an address.',
      }),
      within: duration().prefault('10m').meta({ description: '… within this time.' }),
    })
    .prefault({})
    .meta({ description: 'When it is an alert that one address tries several accounts.' }),
  channel_down: z
    .strictObject({
      messages: many(1)
        .default(5)
        .meta({ description: 'So many messages that came to nothing, …' }),
      within: duration().prefault('10m').meta({ description: '… within this time.' }),
    })
    .prefault({})
    .meta({ description: 'When messages that are not delivered become an alert.' }),
  trail_broken: z
    .strictObject({
      every: duration().prefault('6h').meta({
        description:
          'How often the whole trail is checked; the first time a minute after the start.',
      }),
    })
    .prefault({})
    .meta({ description: 'How the trail is watched.' }),
})

export type AlertsConfig = z.output<typeof alertsConfig>
