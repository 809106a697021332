import * as z from 'zod'
import { duration, listenAddress, secret } from '../base/schema.ts'

export const healthConfig = z.strictObject({
  listen: listenAddress().prefault('127.0.0.1:9092').meta({
    description: 'Where `/health/live` and `/health/ready` answer, apart from the doors.',
  }),
})

export type HealthConfig = z.output<typeof healthConfig>

/** The name under which keys may speak of the people who sign in here. */
export const OUR_PEOPLE = 'gatehouse'

const passkeys = z.strictObject({
  rp_id: z.string().min(1).meta({
    description: 'The domain to which the application’s passkeys belong.',
    example: 'shop.example.com',
  }),
  origins: z
    .array(z.string().min(1))
    .min(1)
    .meta({
      description:
        'Where they may be used: web origins, or `android:apk-key-hash:…` of a native application.',
      example: ['https://shop.example.com'],
    }),
})

const application = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'write a short name in lower case: shop')
    .refine((id) => id !== OUR_PEOPLE, {
      message: `${OUR_PEOPLE} stands for the people who sign in here, and needs no entry`,
    })
    .meta({ description: 'The name by which keys are made for it.', example: 'shop' }),
  name: z.string().min(1).max(60).optional().meta({
    description: 'What people call it; stands in their authenticator apps and messages.',
    example: 'The Shop',
  }),
  passkeys: passkeys.optional().meta({
    description: 'Where its passkeys belong. Left out: none can be made through the API.',
  }),
  webhook_secret: secret()
    .optional()
    .meta({
      description:
        'Signs what is posted to the application (Standard Webhooks), 24 to 64 bytes in base64 behind `whsec_`. Left out: nothing is posted.',
      example: { file: '/run/secrets/shop-webhooks' },
    }),
  webhook_hosts: z
    .array(z.string().min(1))
    .optional()
    .meta({
      description: 'Hosts to which webhooks may be posted, by https.',
      example: ['shop.example.com'],
    }),
})

export const apiConfig = z.strictObject({
  applications: z.array(application).default([]).meta({
    description: 'Other applications whose users’ second factors are kept here.',
  }),
  result_lifetime: duration().prefault('5m').meta({
    description: 'How long the signed result of a challenge is good for.',
  }),
})

export type ApiConfig = z.output<typeof apiConfig>
export type ApplicationConfig = ApiConfig['applications'][number]
