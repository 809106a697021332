import { createRoute, OpenAPIHono, type z } from '@hono/zod-openapi'
import type { Audit } from '../audit/record.ts'
import { networks } from '../base/net.ts'
import type { Credential } from '../model/factor.ts'
import { isFrozen, type User } from '../model/user.ts'
import { type AskingDeps, createAsking } from './asking.ts'
import { type ApplicationConfig, liveIdOf, OUR_PEOPLE } from './config.ts'
import type { ApiEnv } from './env.ts'
import { checkFields } from './faults.ts'
import { body, json, refusals } from './routes.ts'
import { PreauthRequest, PreauthSchema } from './schemas.ts'
import { asks } from './scopes.ts'
import { shownFactor } from './shown.ts'
import { usable } from './usable.ts'

/** How unusual it is that a user comes from somewhere, and whether that alone keeps them out. */
export type WeighRisk = (occasion: { userId: string; address: string }) => Promise<WeighedRisk>

export interface WeighedRisk {
  score: number
  level: 'low' | 'medium' | 'high'
  /** Stable words. */
  reasons: readonly string[]
  refuse: boolean
}

/** Where nothing is known, nothing is held against anybody. */
export const NO_RISK: WeighedRisk = { score: 0, level: 'low', reasons: [], refuse: false }

/** Does the operator trust an address, where an application's users come from there? */
export type Trust = (application: string, address: string) => boolean

export function trustOf(applications: readonly ApplicationConfig[]): Trust {
  const trusted = new Map(
    applications.map(({ id, trusted_networks: list }) => [id, networks(list)]),
  )
  return (application, address) => trusted.get(liveIdOf(application))?.has(address) ?? false
}

export type PreauthDeps = AskingDeps & {
  audit: Audit
  trusts: Trust
  weighRisk: WeighRisk
}

type Answer = Pick<z.output<typeof PreauthSchema>, 'result' | 'reason'>

const route = createRoute({
  method: 'post',
  path: '/preauth',
  ...asks('2fa.verify'),
  summary: 'Ask what a user has to do',
  description:
    'Before a challenge is put: nothing is sent, and nothing about the user changes. The risk is weighed by the `ip` in `context`, against the places from which the user has answered rightly, at the portal or with a `context` here; browsers are known to the portal alone.',
  request: body(PreauthRequest),
  responses: { 200: json(PreauthSchema, 'What to do, and why.'), ...refusals },
})

/** Says beforehand whether a second factor is called for, and which there are. */
export function preauthApi(deps: PreauthDeps): OpenAPIHono<ApiEnv> {
  const { audit, clock, credentials, people, trusts, weighRisk } = deps
  const { engineOf, marks } = createAsking(deps)
  const riskOf = async (user: User | undefined, address: string | undefined) =>
    user && address !== undefined ? weighRisk({ userId: user.id, address }) : NO_RISK

  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })
  app.openapi(route, async (c) => {
    const { user_id, context = {} } = c.req.valid('json')
    const key = c.get('key')
    const { factors } = engineOf(c)
    const user = await people.find(key, user_id)
    const own = user ? await credentials.listByUser(user.id) : []
    const able = usable(own, factors)
    const risk = await riskOf(user, context.ip)
    const isNear = context.ip !== undefined && trusts(key.application, context.ip)
    const isOurs = key.application === OUR_PEOPLE
    const isClosed = user !== undefined && isFrozen(user, clock.now())
    const answer = decide({ isUnknown: isOurs && !user, isClosed, risk, isNear, able, own })
    if (user) {
      const { result, reason } = answer
      const details = { result, reason, score: risk.score, by: `api ${key.application}` }
      audit.record({
        name: 'login.weighed',
        userId: user.id,
        address: context.ip ?? c.env.client.address,
        details: { ...details, ...(context.action ? { action: context.action } : {}) },
      })
    }
    const { score, level, reasons } = risk
    const shown = able.map((it) => shownFactor(it, factors.get(it.kind)))
    const told = { risk: { score, level, reasons: [...reasons] }, factors: shown }
    return c.json({ user_id, ...marks(c), ...answer, ...told }, 200)
  })
  return app
}

interface Case {
  /** Nobody of that name may sign in here. */
  isUnknown: boolean
  /** Is nothing about them to change for now? */
  isClosed: boolean
  risk: WeighedRisk
  /** Do they come from a network that the operator trusts? */
  isNear: boolean
  /** Factors that can answer now. */
  able: readonly Credential[]
  own: readonly Credential[]
}

/** The first reason that holds. */
export function decide({ isUnknown, isClosed, risk, isNear, able, own }: Case): Answer {
  if (isUnknown) return { result: 'deny', reason: 'unknown_user' }
  if (risk.refuse) return { result: 'deny', reason: 'risk' }
  if (isNear && risk.level === 'low') return { result: 'allow', reason: 'trusted_network' }
  if (able.length > 0) return { result: 'challenge', reason: 'has_factor' }
  // Whoever has guessed until a factor was locked must not be led to setting up their own.
  const isLocked = own.some(({ state }) => state === 'disabled')
  if (isLocked) return { result: 'deny', reason: 'factors_disabled' }
  if (isClosed) return { result: 'deny', reason: 'user_frozen' }
  return { result: 'enroll', reason: 'no_factor' }
}
