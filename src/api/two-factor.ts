import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Audit } from '../audit/record.ts'
import type { Signals } from '../base/signals.ts'
import type { Factors } from '../factors/contract.ts'
import { type RemovalDeps, removeAuthenticator } from '../login/removal.ts'
import { questionsTo } from '../login/watch.ts'
import type { Credential } from '../model/factor.ts'
import type { ApiKeyRepository } from '../store/contract.ts'
import type { ProblemDetails } from '../web/problem.ts'
import { type AskingDeps, createAsking } from './asking.ts'
import { type ConsentsDeps, createConsents } from './consents.ts'
import { type Courier, MOST_WAITING } from './courier.ts'
import type { ApiEnv } from './env.ts'
import { checkFields, refuse } from './faults.ts'
import { isStillGood } from './keys.ts'
import type { OwnChallenge, OwnCredential } from './ownership.ts'
import { enrollmentProblem } from './problems.ts'
import { body, id, json, refusals } from './routes.ts'
import {
  ChallengeRequestSchema,
  ChallengeSchema,
  ConfirmRequest,
  EnrollmentSchema,
  EnrollRequest,
  FactorSchema,
  label,
  userId,
  VerifyRequest,
  VerifyResult,
} from './schemas.ts'
import { asks } from './scopes.ts'
import { shownEnrollment, shownFactor, shownInBrief } from './shown.ts'
import { usable } from './usable.ts'
import { createWaiting, MOST_OF_A_KEY } from './waiting.ts'

export interface TwoFactorDeps extends AskingDeps, ConsentsDeps, Pick<RemovalDeps, 'sessions'> {
  audit: Audit
  courier: Courier
  keys: ApiKeyRepository
  signals: Signals
}

/** A long poll is answered after this at the latest. */
const LONGEST_WAIT_SECONDS = 25
/** Without a word of it, a look this often. */
const POLL_MS = 1000

/** Second factors of other applications' users: one engine with the portal, and the same guards. */
export function twoFactorApi(deps: TwoFactorDeps): OpenAPIHono<ApiEnv> {
  const { audit, courier, credentials, people } = deps
  const asking = createAsking(deps)
  const consents = createConsents(deps)
  const waiting = createWaiting()
  const {
    engineOf,
    unknown,
    ownCredential,
    ownChallenge,
    shown,
    throttled,
    verdictOn,
    bareVerdict,
  } = asking
  const { aboutOf, bindingOf, closed, confirm, marks, settled } = asking

  /** Fulfilled when something about a user's questions may have changed, and after a while in any case. */
  const heardOf = (userId: string): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        stopListening()
        resolve()
      }
      const timer = setTimeout(end, POLL_MS)
      const stopListening = deps.signals.listen(questionsTo(userId), end)
    })

  /** Has the end of a challenge told where the application wants it. @returns `false` when too many wait. */
  const owesWord = async (c: Context<ApiEnv>, own: OwnChallenge): Promise<boolean> => {
    const { id: challengeId, userId, about } = own.challenge
    if (about.webhook === undefined) return true
    const { application } = c.get('key')
    const told = { ...shownInBrief(own.challenge, people.nameOf(own.user)), ...marks(c) }
    return courier.take({ challengeId, userId, application, url: about.webhook, about: told })
  }

  /** People who sign in here are told of such changes, whoever makes them. */
  const record = (
    c: Context<ApiEnv>,
    name: 'factor.changed' | 'factor.removed',
    { credential: { kind, label }, user }: OwnCredential,
    more: Record<string, string | number>,
  ) =>
    audit.record({
      name,
      userId: user.id,
      address: c.env.client.address,
      details: { kind, label, by: `api ${c.get('key').application}`, ...more },
    })

  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/enroll',
      ...asks('2fa.enroll'),
      summary: 'Begin to bind a factor to a user',
      request: body(EnrollRequest),
      responses: {
        201: json(EnrollmentSchema, 'An enrollment; counts for nothing yet.'),
        ...refusals,
      },
    }),
    async (c) => {
      const wish = c.req.valid('json')
      const fault = consents.faultOf(wish.consent)
      if (fault) return refuse(c, fault)
      const user = await people.findOrMake(c.get('key'), wish.user_id)
      if (!user) return unknown(c, 'user')
      const begun = await engineOf(c).enrollments.begin({
        user,
        kind: wish.type,
        about: aboutOf(c),
        byApplication: true,
        ...(wish.target === undefined ? {} : { target: wish.target }),
      })
      if (!begun.ok) return refuse(c, enrollmentProblem(begun))
      if (wish.label) await credentials.rename(begun.credential.id, user.id, wish.label)
      await consents.keep(user.id, wish.consent)
      const enrollment = await engineOf(c).enrollments.find(begun.credential.id, user)
      if (!enrollment) throw new Error('an enrollment was begun, and is gone')
      return c.json({ ...shownEnrollment(enrollment, wish.user_id), ...marks(c) }, 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/enroll/{id}/confirm',
      ...asks('2fa.enroll'),
      summary: 'Confirm an enrollment by its first answer',
      request: { params: id, ...body(ConfirmRequest) },
      responses: { 200: json(FactorSchema, 'The factor counts from now on.'), ...refusals },
    }),
    async (c) => {
      const { code, response } = c.req.valid('json')
      const answer = code ?? JSON.stringify(response)
      const confirmed = await confirm(c, c.req.valid('param').id, answer)
      if ('refusal' in confirmed) return confirmed.refusal
      const { credential } = confirmed
      return c.json(shownFactor(credential, engineOf(c).factors.get(credential.kind)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/users/{user_id}/factors',
      ...asks('2fa.verify', '2fa.enroll'),
      summary: 'List the factors of a user',
      request: { params: z.strictObject({ user_id: userId() }) },
      responses: {
        200: json(z.strictObject({ factors: z.array(FactorSchema) }), 'Oldest first.'),
        ...refusals,
      },
    }),
    async (c) => {
      const user = await people.find(c.get('key'), c.req.valid('param').user_id)
      const own = user ? await credentials.listByUser(user.id) : []
      return c.json(
        { factors: own.map((it) => shownFactor(it, engineOf(c).factors.get(it.kind))) },
        200,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/factors/{id}',
      ...asks('2fa.enroll'),
      summary: 'Rename a factor',
      request: { params: id, ...body(z.strictObject({ label: label() })) },
      responses: { 200: json(FactorSchema, 'The factor.'), ...refusals },
    }),
    async (c) => {
      const own = await ownCredential(c, c.req.valid('param').id)
      if (!own) return unknown(c, 'factor')
      const refusal = closed(c, own.user)
      if (refusal) return refusal
      const { label: wanted } = c.req.valid('json')
      const { id: credentialId, label: before } = own.credential
      if (wanted !== before && (await credentials.rename(credentialId, own.user.id, wanted))) {
        record(c, 'factor.changed', own, { label: wanted, before })
      }
      const factor = engineOf(c).factors.get(own.credential.kind)
      return c.json(shownFactor({ ...own.credential, label: wanted }, factor), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/factors/{id}',
      ...asks('2fa.enroll'),
      summary: 'Remove a factor',
      request: { params: id },
      responses: { 204: { description: 'It is gone.' }, ...refusals },
    }),
    async (c) => {
      const own = await ownCredential(c, c.req.valid('param').id)
      if (!own) return unknown(c, 'factor')
      const refusal = closed(c, own.user)
      if (refusal) return refusal
      const ended = await removeAuthenticator(deps, own.credential)
      // Questions about it are over.
      deps.changed(own.user.id)
      if (ended !== undefined) record(c, 'factor.removed', own, { sessions: ended })
      return c.body(null, 204)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/challenges',
      ...asks('2fa.verify'),
      summary: 'Put a question to a user',
      request: body(ChallengeRequestSchema),
      responses: { 201: json(ChallengeSchema, 'The challenge.'), ...refusals },
    }),
    async (c) => {
      const wish = c.req.valid('json')
      const user = await people.find(c.get('key'), wish.user_id)
      if (!user) return unknown(c, 'user')
      const credential = chosen(await credentials.listByUser(user.id), wish, engineOf(c).factors)
      if (!credential) {
        const title = 'The user has no such factor. Enroll one first.'
        return refuse(c, { status: 409, code: 'no_factor', title })
      }
      const { context, details, webhook } = wish
      if (webhook !== undefined && !courier.admits(c.get('key').application, webhook)) {
        return refuse(c, WEBHOOK_NOT_ALLOWED)
      }
      const opened = await engineOf(c).challenges.open({
        credential,
        user,
        boundTo: bindingOf(c),
        about: {
          ...aboutOf(c),
          ...(context?.ip === undefined ? {} : { address: context.ip, place: context.ip }),
          ...(context?.user_agent === undefined ? {} : { userAgent: context.user_agent }),
          ...(details === undefined ? {} : { details }),
          ...(webhook === undefined ? {} : { webhook }),
        },
        always: true,
      })
      if (!opened.ok) return throttled(c, opened.seconds)
      const own = opened.challenge && (await ownChallenge(c, opened.challenge.id))
      if (own && !(await owesWord(c, own))) {
        await engineOf(c).challenges.cancel(own.challenge)
        return refuse(c, TOO_MANY_WEBHOOKS)
      }
      return own ? c.json(await shown(c, own), 201) : unknown(c, 'challenge')
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/challenges/{id}',
      ...asks('2fa.verify'),
      summary: 'Look at a challenge, or wait for its end',
      request: {
        params: id,
        query: z.strictObject({
          wait: z.coerce
            .number()
            .int()
            .min(0)
            .max(LONGEST_WAIT_SECONDS)
            .default(0)
            .openapi({ type: 'integer', description: 'Seconds to wait for its end.' }),
        }),
      },
      responses: { 200: json(ChallengeSchema, 'The challenge as it stands.'), ...refusals },
    }),
    async (c) => {
      const { id: challengeId } = c.req.valid('param')
      const until = performance.now() + c.req.valid('query').wait * 1000
      let end: (() => void) | undefined
      try {
        for (;;) {
          const found = await ownChallenge(c, challengeId)
          if (!found) return unknown(c, 'challenge')
          const own = await settled(c, found)
          const isOver = own.challenge.state !== 'pending' || performance.now() >= until
          if (isOver || c.req.raw.signal.aborted) return c.json(await shown(c, own), 200)
          end ??= waiting.begin(c.get('key').id)
          if (!end) return refuse(c, TOO_MANY_WAIT)
          await heardOf(own.user.id)
          if (!(await isStillGood(c.get('key'), deps))) return refuse(c, REVOKED)
        }
      } finally {
        end?.()
      }
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/challenges/{id}/resend',
      ...asks('2fa.verify'),
      summary: 'Send another code, or another number',
      request: { params: id },
      responses: { 200: json(ChallengeSchema, 'The challenge as it stands.'), ...refusals },
    }),
    async (c) => {
      const own = await ownChallenge(c, c.req.valid('param').id)
      if (!own) return unknown(c, 'challenge')
      const { state } = own.challenge
      if (!own.asked?.factor.sends || (state !== 'pending' && state !== 'expired'))
        return refuse(c, OVER)
      const again = await engineOf(c).challenges.resend(own.challenge, own.user)
      if (!again.ok) {
        return again.because === 'spent' ? refuse(c, OVER) : throttled(c, again.seconds)
      }
      // Its end was told already, and there will be another one.
      if (state === 'expired') await owesWord(c, own)
      const now = await ownChallenge(c, own.challenge.id)
      return now ? c.json(await shown(c, now), 200) : unknown(c, 'challenge')
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/challenges/{id}/cancel',
      ...asks('2fa.verify'),
      summary: 'Take a question back',
      request: { params: id },
      responses: { 200: json(ChallengeSchema, 'The challenge as it stands.'), ...refusals },
    }),
    async (c) => {
      const own = await ownChallenge(c, c.req.valid('param').id)
      if (!own) return unknown(c, 'challenge')
      if (own.challenge.state !== 'pending') return refuse(c, OVER)
      await engineOf(c).challenges.cancel(own.challenge)
      deps.changed(own.user.id)
      const now = await ownChallenge(c, own.challenge.id)
      return now ? c.json(await shown(c, now), 200) : unknown(c, 'challenge')
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/verify',
      ...asks('2fa.verify'),
      summary: 'Check an answer',
      request: body(VerifyRequest),
      responses: { 200: json(VerifyResult, 'Whether it was right.'), ...refusals },
    }),
    async (c) => {
      const given = c.req.valid('json')
      const answer = given.code ?? (given.response && JSON.stringify(given.response))
      if (given.challenge_id !== undefined) {
        const own = await ownChallenge(c, given.challenge_id)
        if (!own) return unknown(c, 'challenge')
        const takesNone = !own.asked || own.asked.factor.remote
        if (answer === undefined && !takesNone) return refuse(c, NO_ANSWER)
        const result = await verdictOn(c, own, answer ?? '', given.context?.ip)
        return typeof result === 'number' ? throttled(c, result) : c.json(result, 200)
      }
      const result = await bareVerdict(c, given.user_id ?? '', answer ?? '', given.context?.ip)
      return typeof result === 'number' ? throttled(c, result) : c.json(result, 200)
    },
  )

  return app
}

const REVOKED: ProblemDetails = {
  status: 401,
  code: 'invalid_api_key',
  title: 'This key was revoked, or has run out.',
}

const WEBHOOK_NOT_ALLOWED: ProblemDetails = {
  status: 400,
  code: 'webhook_not_allowed',
  title:
    'Webhooks go only to origins that the configuration names for this application: under api.applications[].webhooks, for a key for tests under webhooks.test, for a key of gatehouse under api.webhooks.',
  errors: [{ field: 'webhook', message: 'is not at an origin that is allowed' }],
}

const TOO_MANY_WEBHOOKS: ProblemDetails = {
  status: 429,
  code: 'too_many_webhooks',
  title: `${MOST_WAITING} webhooks of this application wait for challenges to end, or to be taken. Nothing was asked. See that the receiver answers with 2xx, or leave webhook out and look at the challenge instead.`,
  retryAfter: 60,
}

const TOO_MANY_WAIT: ProblemDetails = {
  status: 429,
  code: 'too_many_waiting',
  title: `Too many requests wait already; those of one key may be ${MOST_OF_A_KEY}. Ask without waiting.`,
  retryAfter: 5,
}

const NO_ANSWER: ProblemDetails = {
  status: 400,
  code: 'invalid_request',
  title: 'Send the answer. Only an approval on another device is asked for without one.',
  errors: [{ field: 'code', message: 'send either a code or a response' }],
}

const OVER: ProblemDetails = {
  status: 409,
  code: 'challenge_over',
  title: 'This challenge takes no more of that.',
}

/** The factor that was asked for; without a wish, the one used last. */
function chosen(
  own: readonly Credential[],
  { factor, type }: { factor?: string | undefined; type?: string | undefined },
  factors: Factors,
): Credential | undefined {
  return usable(own, factors).find(
    ({ id: credentialId, kind }) =>
      (factor === undefined || credentialId === factor) && (type === undefined || kind === type),
  )
}
