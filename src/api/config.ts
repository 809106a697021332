import * as z from 'zod'
import { duration, listenAddress, network } from '../base/schema.ts'
import { signingSecret } from '../channels/webhook/config.ts'
import { applicationDeviceKeys } from '../factors/device-key/config.ts'
import { applicationPasskeys } from '../factors/passkey/config.ts'
import { OWN_APPLICATION } from '../model/user.ts'

export const healthConfig = z.strictObject({
  listen: listenAddress().prefault('127.0.0.1:9092').meta({
    description: 'Where `/health/live` and `/health/ready` answer, apart from the doors.',
  }),
})

export type HealthConfig = z.output<typeof healthConfig>

/** The name under which keys may speak of the people who sign in here. */
export const OUR_PEOPLE = OWN_APPLICATION

/** Stands behind the id of an application where a key is for trying things out: a world of its own. */
const FOR_TESTS = ':test'

/** The name under which keys for tests speak of an application's users; no two of them meet. */
export const testsOf = (application: string): string => `${application}${FOR_TESTS}`

/** Right wherever a code of a key for tests is asked for; nothing else is. */
export const TEST_CODE = '000000'

export const isForTests = (application: string): boolean => application.endsWith(FOR_TESTS)

/** The application that a key speaks for, also where it is one for tests. */
export const liveIdOf = (application: string): string => application.replace(FOR_TESTS, '')

const ORIGIN = 'write where the application is, without a path: https://shop.example.com'

const LOOPBACK = /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/

/** TLS, or this very machine. */
const origin = () =>
  z
    .string()
    .refine((text) => originOf(text) === text, { message: ORIGIN })
    .refine((text) => !text.startsWith('http:') || LOOPBACK.test(text), {
      message: 'plain http goes to this machine alone; write https',
    })

/** `undefined` where it is the address of no web server. */
export function originOf(text: string): string | undefined {
  const { origin: found, protocol, username, password } = URL.parse(text) ?? {}
  const isWeb = protocol === 'https:' || protocol === 'http:'
  return isWeb && username === '' && password === '' ? found : undefined
}

const receiver = {
  origins: z
    .array(origin())
    .min(1)
    .meta({
      description: 'Where addresses may be, and nowhere else. Redirects are not followed.',
      example: ['https://shop.example.com'],
    }),
  networks: z
    .array(network())
    .default([])
    .meta({
      description:
        'Private networks in which these names may be. The open internet needs no entry, and neither does an address that stands in `origins` itself.',
      example: ['10.20.0.0/16'],
    }),
  secret: signingSecret().meta({
    description: 'Signs each request (HMAC-SHA256): `whsec_` and 24 to 64 bytes in base64.',
    example: { file: '/run/secrets/shop-webhook' },
  }),
  timeout: duration().prefault('10s').meta({ description: 'How long an answer may take.' }),
}

/** Where word of challenges goes. */
export type ReceiverConfig = z.output<z.ZodObject<typeof receiver>>

const webhooks = z
  .strictObject({
    ...receiver,
    test: z.strictObject(receiver).optional().meta({
      description:
        'Where the webhooks of keys for tests go, with a secret of their own. Left out: they have none.',
    }),
  })
  .refine(({ secret, test }) => secret !== test?.secret, {
    message: 'write another one: what is signed for tests must be worth nothing elsewhere',
    path: ['test', 'secret'],
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
  passkey: applicationPasskeys.optional().meta({
    description:
      'Passkeys of its users, on its own pages, always with fingerprint, face or PIN. Left out: it has none.',
    example: { rp_id: 'shop.example.com', origins: ['https://shop.example.com'] },
  }),
  device_key: applicationDeviceKeys.optional().meta({
    description:
      'Keys that its app keeps in a phone’s hardware and uses after a fingerprint or a face. Left out: it has none.',
    example: {},
  }),
  trusted_networks: z
    .array(network())
    .default([])
    .meta({
      description:
        'From there `preauth` says that no second factor is needed, as long as the risk is low.',
      example: ['10.20.0.0/16'],
    }),
  webhooks: webhooks.optional().meta({
    description:
      'Lets a challenge name an address that gets word of its end, as [Standard Webhooks](https://www.standardwebhooks.com/) describes it.',
  }),
})

const aMinute = (most: number, description: string) =>
  z.int().min(1).max(1_000_000).default(most).meta({ description })

export const apiConfig = z.strictObject({
  applications: z.array(application).default([]).meta({
    description: 'Other applications whose users’ second factors are kept here.',
  }),
  webhooks: z.strictObject(receiver).optional().meta({
    description:
      'The same as `applications[].webhooks`, for challenges that keys of `gatehouse` put to the people who sign in here.',
  }),
  result_lifetime: duration().prefault('5m').meta({
    description: 'How long the signed result of a challenge is good for.',
  }),
  requests_per_minute: z
    .strictObject({
      key: aMinute(1200, 'Of one key.'),
      user: aMinute(120, 'About one user, whom the request names.'),
      address: aMinute(2400, 'From one address, whatever the key.'),
    })
    .prefault({})
    .meta({
      description:
        'More than that is refused for the rest of the minute. Each worker counts for itself. Guesses are limited apart from this, and for all workers together.',
    }),
})

export type ApiConfig = z.output<typeof apiConfig>
export type ApplicationConfig = ApiConfig['applications'][number]

/** By the name that stands in a key: the applications that are told how challenges end, and where. */
export function receiversOf(config: ApiConfig): ReadonlyMap<string, ReceiverConfig> {
  const own = config.webhooks ? ([[OUR_PEOPLE, config.webhooks]] as const) : []
  const others = config.applications.flatMap(({ id, webhooks: its }) => [
    ...(its ? ([[id, its]] as const) : []),
    ...(its?.test ? ([[testsOf(id), its.test]] as const) : []),
  ])
  return new Map<string, ReceiverConfig>([...own, ...others])
}
