import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Audit } from '../audit/record.ts'
import type { PasswordHasher } from '../base/password.ts'
import { givePass } from '../login/passes.ts'
import { type AskingDeps, createAsking } from './asking.ts'
import { OUR_PEOPLE } from './config.ts'
import type { ApiEnv } from './env.ts'
import { checkFields, refuse } from './faults.ts'
import { body, json, refusals } from './routes.ts'
import { BypassRequest, BypassSchema, userId } from './schemas.ts'
import { asks } from './scopes.ts'
import { rfc3339 } from './shown.ts'

export type BypassDeps = AskingDeps & { audit: Audit; passHasher: PasswordHasher }

const route = createRoute({
  method: 'post',
  path: '/users/{user_id}/bypass',
  ...asks('users'),
  summary: 'Give a user a pass for a while',
  description:
    'For whoever has lost their factors: a code that counts as one, a few times and for a day at most. It takes the place of an earlier pass, stands among the factors, and is removed as they are. For people who sign in here it is good once, and leads to setting up a new factor.',
  request: { params: z.strictObject({ user_id: userId() }), ...body(BypassRequest) },
  responses: { 201: json(BypassSchema, 'The pass, shown this once.'), ...refusals },
})

/** Lets somebody in who has lost what they would prove themselves with. */
export function bypassApi(deps: BypassDeps): OpenAPIHono<ApiEnv> {
  const { audit, clock, credentials, passHasher: hasher, people } = deps
  const { closed, marks, unknown } = createAsking(deps)
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })

  app.openapi(route, async (c) => {
    const key = c.get('key')
    const { ttl, uses } = c.req.valid('json')
    const user = await people.find(key, c.req.valid('param').user_id)
    if (!user) return unknown(c, 'user')
    const refusal = closed(c, user)
    if (refusal) return refusal
    const isOurs = key.application === OUR_PEOPLE
    if (isOurs && uses > 1) return refuse(c, ONCE)
    const wish = { seconds: ttl, ...(isOurs ? {} : { uses }) }
    const { pass, credential } = await givePass({ clock, credentials, hasher }, user, wish)
    const { kind, label, createdAt } = credential
    audit.record({
      name: 'factor.enrolled',
      userId: user.id,
      address: c.env.client.address,
      details: { kind, label, by: `api ${key.application}` },
    })
    const times = { created_at: rfc3339(createdAt), expires_at: rfc3339(createdAt + ttl) }
    const whose = { id: credential.id, user_id: people.nameOf(user) }
    return c.json({ ...whose, ...marks(c), code: pass, uses, ...times }, 201)
  })
  return app
}

const ONCE = {
  status: 400,
  code: 'invalid_request',
  title: 'A pass for somebody who signs in here is good once.',
  errors: [{ field: 'uses', message: 'must be 1' }],
} as const
