import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { randomToken } from '../base/bytes.ts'
import type { Source } from '../login/guess.ts'
import type { User } from '../model/user.ts'
import type { AskingDeps, createAsking } from './asking.ts'
import {
  AuthenticateOptions,
  AuthenticateOptionsRequest,
  AuthenticateVerifyRequest,
  BiometricResult,
  RegisterOptions,
  RegisterOptionsRequest,
  RegisterVerifyRequest,
  Registration,
} from './biometric-schemas.ts'
import { type ConsentsDeps, createConsents } from './consents.ts'
import type { ApiEnv } from './env.ts'
import { checkFields, refuse } from './faults.ts'
import { enrollmentProblem } from './problems.ts'
import { body, json, refusals } from './routes.ts'
import { asks } from './scopes.ts'
import { ENROLLMENT_SECONDS, rfc3339, shownFactor } from './shown.ts'

export interface BiometricRoutesDeps extends AskingDeps, ConsentsDeps {
  asking: ReturnType<typeof createAsking>
}

const PASSKEY = 'passkey'

/** A question to whoever is there is not on file: its name says so. */
const OPEN = 'open_'
/** As long as `src/factors/passkey` takes an answer to it. */
const OPEN_SECONDS = 300

/** Passkeys on the pages of other applications. */
export function passkeyRoutes(deps: BiometricRoutesDeps): OpenAPIHono<ApiEnv> {
  const { asking, clock, credentials, people, sign } = deps
  const { engineOf, unknown, throttled } = asking
  const consents = createConsents(deps)

  const notOffered = (c: Context<ApiEnv>) =>
    refuse(c, {
      status: 400,
      code: 'factor_not_offered',
      title: 'This application has no passkeys: the operator gives it a domain and origins.',
    })

  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/register/options',
      ...asks('biometric'),
      summary: 'Begin to make a passkey',
      request: body(RegisterOptionsRequest),
      responses: {
        201: json(RegisterOptions, 'What the browser is asked; counts for nothing yet.'),
        ...refusals,
      },
    }),
    async (c) => {
      const { user_id, user_name, display_name, consent } = c.req.valid('json')
      const { enrollments, factors } = engineOf(c)
      if (!factors.has(PASSKEY)) return notOffered(c)
      const fault = consents.faultOf(consent)
      if (fault) return refuse(c, fault)
      const found = await people.findOrMake(c.get('key'), user_id)
      if (!found) return unknown(c, 'user')
      // Shown by the browser, and kept by the authenticator: not by us.
      const name = user_name ?? found.name
      const user: User = {
        ...found,
        name,
        displayName: display_name ?? user_name ?? found.displayName,
      }
      const about = asking.aboutOf(c)
      const begun = await enrollments.begin({ user, kind: PASSKEY, about, byApplication: true })
      if (!begun.ok) return refuse(c, enrollmentProblem(begun))
      await consents.keep(user.id, consent)
      const enrollment = await enrollments.find(begun.credential.id, user)
      if (enrollment?.offer.show !== 'authenticator') throw new Error('begun, and asks nothing')
      const { credential, challenge, offer } = enrollment
      const until = challenge?.expiresAt ?? credential.createdAt + ENROLLMENT_SECONDS
      return c.json(
        {
          challenge_id: credential.id,
          user_id,
          options: { ...offer.options },
          created_at: rfc3339(credential.createdAt),
          expires_at: rfc3339(until),
        },
        201,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/register/verify',
      ...asks('biometric'),
      summary: 'Take the new passkey',
      request: body(RegisterVerifyRequest),
      responses: { 200: json(Registration, 'It counts from now on.'), ...refusals },
    }),
    async (c) => {
      const { challenge_id: pendingId, response, label } = c.req.valid('json')
      const confirmed = await asking.confirm(c, pendingId, JSON.stringify(response), PASSKEY)
      if ('refusal' in confirmed) return confirmed.refusal
      const { credential, user, amr } = confirmed
      if (label !== undefined) await credentials.rename(credential.id, user.id, label)
      const named = { ...credential, ...(label === undefined ? {} : { label }) }
      const factor = shownFactor(named, engineOf(c).factors.get(PASSKEY))
      const userName = people.nameOf(user)
      const claims = { sub: userName, amr, factor: credential.id, factor_type: PASSKEY }
      const result = await sign(claims, c.get('key').application, 'registration')
      return c.json({ user_id: userName, factor, amr, result }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/authenticate/options',
      ...asks('biometric'),
      summary: 'Ask for a passkey: of one user, or of whoever is there',
      request: body(AuthenticateOptionsRequest),
      responses: { 201: json(AuthenticateOptions, 'What the browser is asked.'), ...refusals },
    }),
    async (c) => {
      const { user_id, details } = c.req.valid('json')
      const { challenges, factors } = engineOf(c)
      const discovery = factors.get(PASSKEY)?.discovery
      if (!discovery) return notOffered(c)
      if (user_id === undefined) {
        const id = `${OPEN}${randomToken(16)}`
        const now = clock.now()
        return c.json(
          {
            challenge_id: id,
            options: { ...(await discovery.options(openSource(c, id).browser)) },
            created_at: rfc3339(now),
            expires_at: rfc3339(now + OPEN_SECONDS),
          },
          201,
        )
      }
      const user = await people.find(c.get('key'), user_id)
      if (!user) return unknown(c, 'user')
      const [credential] = (await credentials.listByUser(user.id)).filter(
        ({ kind, state }) => kind === PASSKEY && state === 'active',
      )
      if (!credential) {
        const title = 'The user has no passkey. Register one first.'
        return refuse(c, { status: 409, code: 'no_factor', title })
      }
      const about = { ...asking.aboutOf(c), ...(details ? { details } : {}) }
      const boundTo = asking.bindingOf(c)
      const opened = await challenges.open({ credential, user, boundTo, about })
      if (!opened.ok) return throttled(c, opened.seconds)
      const own = opened.challenge && (await asking.ownChallenge(c, opened.challenge.id))
      if (!own) return unknown(c, 'challenge')
      const { id, options = {}, ...rest } = await asking.shown(c, own)
      const { attempts_left, created_at, expires_at } = rest
      const times = { created_at, expires_at }
      return c.json({ challenge_id: id, user_id, options, attempts_left, ...times }, 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/authenticate/verify',
      ...asks('biometric'),
      summary: 'Check what the passkey signed',
      request: body(AuthenticateVerifyRequest),
      responses: {
        200: json(BiometricResult, 'Whether it was right, and whose it is.'),
        ...refusals,
      },
    }),
    async (c) => {
      const { challenge_id: challengeId, response, context } = c.req.valid('json')
      const place = context?.ip
      const answer = JSON.stringify(response)
      if (challengeId.startsWith(OPEN)) {
        const found = await whoeverIsThere(c, answer)
        if (!found) {
          const nobody = { verified: false, challenge_id: challengeId, reason: 'wrong' as const }
          return c.json(nobody, 200)
        }
        const open = { id: challengeId, source: openSource(c, challengeId), place }
        const result = await asking.openVerdict(c, found, answer, open)
        return typeof result === 'number' ? throttled(c, result) : c.json(result, 200)
      }
      const own = await asking.ownChallenge(c, challengeId)
      if (own?.challenge.kind !== PASSKEY) return unknown(c, 'challenge')
      const result = await asking.verdictOn(c, own, answer, place)
      return typeof result === 'number' ? throttled(c, result) : c.json(result, 200)
    },
  )

  /** The passkey that an answer names, where it belongs to a user of the calling application. */
  const whoeverIsThere = async (c: Context<ApiEnv>, answer: string) => {
    const handle = engineOf(c).factors.get(PASSKEY)?.discovery?.handleOf(answer)
    const credential =
      handle === undefined ? undefined : await credentials.findByHandle(PASSKEY, handle)
    const own = credential && (await asking.ownCredential(c, credential.id))
    return own?.credential.state === 'active' ? own : undefined
  }

  return app
}

/** A question to whoever is there is bound to the application, and to the name that it was given. */
const openSource = (c: Context<ApiEnv>, challengeId: string): Source => ({
  browser: `api ${c.get('key').application} ${challengeId}`,
  address: c.env.client.address,
})
