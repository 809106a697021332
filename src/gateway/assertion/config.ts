import * as z from 'zod'
import { duration } from '../../base/schema.ts'
import { foldName } from '../reserved-names.ts'

/** Whose statement an application expects. */
export const FORMATS = ['gatehouse', 'pomerium', 'cloudflare', 'google_iap'] as const

/** What a claim may tell. */
export const CLAIM_SOURCES = [
  'id',
  'name',
  'display_name',
  'email',
  'groups',
  'amr',
  'acr',
  'auth_time',
  'session',
  'none',
] as const

/** Lines that frame a message or belong to the client: a statement in one of them would break requests. */
const TAKEN = new Set(
  (
    'host cookie set-cookie content-length content-type content-encoding transfer-encoding te trailer ' +
    'connection keep-alive upgrade expect accept accept-encoding range date authorization'
  ).split(' '),
)

/** Checked and set by the gateway itself. */
const REGISTERED = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'])
const CLAIM = /^[A-Za-z_][\w:./-]{0,99}$/
const MAX_LIFETIME_SECONDS = 600

const claims = z
  .record(
    z
      .string()
      .regex(CLAIM, 'write the name of a claim: department')
      .refine((name) => !REGISTERED.has(name), {
        message: 'this claim is set by the gateway: iss by `issuer`, aud by `audience`',
      }),
    z.enum(CLAIM_SOURCES),
  )
  .optional()
  .meta({
    description:
      'Claims to add or to change, and what each tells: `id`, `name`, `display_name`, `email`, `groups`, `amr`, `acr`, `auth_time`, `session` (a digest), or `none` to leave one out.',
    example: { upn: 'email' },
  })

/** How an application is told, in a signed statement, who is there. */
export const routeAssertionConfig = z.strictObject({
  like: z.enum(FORMATS).optional().meta({
    description:
      'Whose statement the application expects: `gatehouse`, `pomerium`, `cloudflare` or `google_iap`. It sets the defaults of all other keys; `gatehouse` when left out.',
    example: 'pomerium',
  }),
  header: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'write a header name: letters, digits and dashes')
    .refine((name) => !TAKEN.has(foldName(name)), {
      message: 'this header has a meaning of its own; choose another name',
    })
    .optional()
    .meta({ description: 'Carries the statement.', example: 'X-Gatehouse-Assertion' }),
  issuer: z.string().min(1).max(200).optional().meta({
    description: 'The `iss` claim; the portal’s origin, or what `like` is known for.',
    example: 'https://auth.example.com',
  }),
  audience: z.string().min(1).max(200).optional().meta({
    description:
      'The `aud` claim; the application’s origin (with `pomerium` its host). Never the same for two applications: each would believe statements meant for the other.',
    example: 'https://wiki.example.com',
  }),
  algorithm: z.enum(['ES256', 'RS256']).optional().meta({
    description: 'How it is signed: `ES256`, or, with `cloudflare`, `RS256`.',
    example: 'ES256',
  }),
  lifetime: duration()
    .refine((seconds) => seconds >= 10 && seconds <= MAX_LIFETIME_SECONDS, {
      message: 'write between 10s and 10m: every request carries a statement of its own',
    })
    .optional()
    .meta({ description: 'How long a statement is valid; 60 seconds.', example: '60s' }),
  keys_path: z
    .string()
    .regex(/^(?:none|\/[\w.~/-]{1,199})$/, 'write a path, such as /.well-known/jwks.json, or none')
    .optional()
    .meta({
      description:
        'Where on the application’s host the public keys are, in the place of whatever the application has there; `none` where it needs that path itself. `/.gatehouse/.well-known/jwks.json` has them always.',
      example: '/.well-known/jwks.json',
    }),
  claims,
})

/** The same for all applications, but for what must differ between them. */
export const assertionConfig = routeAssertionConfig.omit({ audience: true })

export type RouteAssertionConfig = z.output<typeof routeAssertionConfig>
export type AssertionConfig = z.output<typeof assertionConfig>

/** What {@link assertionFaults} looks at. */
interface Told {
  headers: Readonly<Record<string, string>>
  assertion: RouteAssertionConfig
}

/** Finds statements that would come under the name of a plain identity header: nothing is told twice. */
export function assertionFaults(
  { routes, assertion }: { routes: readonly Told[]; assertion: AssertionConfig },
  broken: ReadonlySet<PropertyKey | undefined>,
): { path: (string | number)[]; message: string }[] {
  return routes.flatMap((route, index) => {
    if (broken.has(index)) return []
    const own = route.assertion.header
    const header = own ?? assertion.header
    const names = Object.values(route.headers).map(foldName)
    if (header === undefined || !names.includes(foldName(header))) return []
    const path =
      own === undefined ? ['assertion', 'header'] : ['routes', index, 'assertion', 'header']
    return [{ path, message: `${header} carries something else for that route already` }]
  })
}
