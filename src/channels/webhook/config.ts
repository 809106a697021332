import * as z from 'zod'
import { duration, secret } from '../../base/schema.ts'

const KEY = 'write whsec_ and 24 to 64 random bytes in base64, e.g. of: openssl rand -base64 32'

/** The bytes of a signing key as Standard Webhooks writes it; `undefined` when it is none. */
export function signingKey(text: string): Uint8Array | undefined {
  const [, encoded = ''] = /^(?:whsec_)?([A-Za-z0-9+/]{32,}={0,2})$/.exec(text) ?? []
  const key = Buffer.from(encoded, 'base64')
  return key.byteLength >= 24 && key.byteLength <= 64 ? key : undefined
}

/** The secret under which requests are signed. */
export const signingSecret = () =>
  secret().refine((text) => signingKey(text) !== undefined, { message: KEY })

export const webhookConfig = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !/^https?:\/\/[^/]*@/.test(text), {
      message: 'write no user name or password here; requests are signed',
    })
    .transform((text) => new URL(text))
    .meta({
      description:
        'Gets a signed POST for each message, as [Standard Webhooks](https://www.standardwebhooks.com/) describes it. Redirects are not followed.',
      example: 'https://sms.example.com/gatehouse',
    }),
  secret: signingSecret().meta({
    description: 'Signs each request (HMAC-SHA256): `whsec_` and 24 to 64 bytes in base64.',
    example: { file: '/run/secrets/webhook' },
  }),
  media: z
    .array(z.enum(['email', 'sms', 'voice']))
    .min(1)
    .meta({
      description: 'What goes this way, also where another channel could carry it.',
      example: ['sms'],
    }),
  timeout: duration().prefault('10s').meta({
    description: 'How long the answer may take.',
  }),
})

export type WebhookConfig = z.output<typeof webhookConfig>
