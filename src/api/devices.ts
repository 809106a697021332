import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import {
  BiometricResult,
  DeviceChallenge,
  DeviceChallengeRequest,
  DeviceConfirmRequest,
  DeviceEnrollment,
  DeviceRequest,
  DeviceVerifyRequest,
  Registration,
  ToSign,
} from './biometric-schemas.ts'
import { createConsents } from './consents.ts'
import type { ApiEnv } from './env.ts'
import { checkFields, refuse } from './faults.ts'
import type { BiometricRoutesDeps } from './passkeys.ts'
import { enrollmentProblem } from './problems.ts'
import { body, id, json, refusals } from './routes.ts'
import { asks } from './scopes.ts'
import { ENROLLMENT_SECONDS, rfc3339, shownFactor } from './shown.ts'

const DEVICE_KEY = 'device_key'

/** Keys that other applications' apps keep in a phone's hardware, behind a fingerprint or a face. */
export function deviceRoutes(deps: BiometricRoutesDeps): OpenAPIHono<ApiEnv> {
  const { asking, people, sign } = deps
  const { engineOf, unknown, throttled } = asking
  const consents = createConsents(deps)

  const notOffered = (c: Context<ApiEnv>) =>
    refuse(c, {
      status: 400,
      code: 'factor_not_offered',
      title: 'This application has no device keys: the operator switches them on for it.',
    })

  const ownDevice = async (c: Context<ApiEnv>, deviceId: string) => {
    const own = await asking.ownCredential(c, deviceId)
    return own?.credential.kind === DEVICE_KEY ? own : undefined
  }

  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/devices',
      ...asks('biometric'),
      summary: 'Begin to bind a key on a device',
      request: body(DeviceRequest),
      responses: {
        201: json(DeviceEnrollment, 'What the app signs with the new key; counts for nothing yet.'),
        ...refusals,
      },
    }),
    async (c) => {
      const { user_id, consent } = c.req.valid('json')
      const { enrollments, factors } = engineOf(c)
      if (!factors.has(DEVICE_KEY)) return notOffered(c)
      const fault = consents.faultOf(consent)
      if (fault) return refuse(c, fault)
      const user = await people.findOrMake(c.get('key'), user_id)
      if (!user) return unknown(c, 'user')
      const about = asking.aboutOf(c)
      const begun = await enrollments.begin({ user, kind: DEVICE_KEY, about, byApplication: true })
      if (!begun.ok) return refuse(c, enrollmentProblem(begun))
      await consents.keep(user.id, consent)
      const enrollment = await enrollments.find(begun.credential.id, user)
      if (enrollment?.offer.show !== 'authenticator') throw new Error('begun, and asks nothing')
      const { credential, offer } = enrollment
      return c.json(
        {
          id: credential.id,
          user_id,
          status: 'pending' as const,
          to_sign: ToSign.parse(offer.options),
          created_at: rfc3339(credential.createdAt),
          expires_at: rfc3339(credential.createdAt + ENROLLMENT_SECONDS),
        },
        201,
      )
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/devices/{id}/confirm',
      ...asks('biometric'),
      summary: 'Take the new key, by its first signature',
      request: { params: id, ...body(DeviceConfirmRequest) },
      responses: { 200: json(Registration, 'It counts from now on.'), ...refusals },
    }),
    async (c) => {
      const { label, ...introduction } = c.req.valid('json')
      const answer = JSON.stringify({ ...introduction, ...(label ? { name: label } : {}) })
      const confirmed = await asking.confirm(c, c.req.valid('param').id, answer, DEVICE_KEY)
      if ('refusal' in confirmed) return confirmed.refusal
      const { credential, user, amr } = confirmed
      const factor = shownFactor(credential, engineOf(c).factors.get(DEVICE_KEY))
      const userName = people.nameOf(user)
      const claims = { sub: userName, amr, factor: credential.id, factor_type: DEVICE_KEY }
      const result = await sign(claims, c.get('key').application, 'registration')
      return c.json({ user_id: userName, factor, amr, result }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/devices/{id}/challenge',
      ...asks('biometric'),
      summary: 'Ask a device for a signature',
      description: 'A challenge before it to the same device is superseded.',
      request: { params: id, ...body(DeviceChallengeRequest) },
      responses: { 201: json(DeviceChallenge, 'What the app shows and signs.'), ...refusals },
    }),
    async (c) => {
      const { challenges, factors } = engineOf(c)
      if (!factors.has(DEVICE_KEY)) return notOffered(c)
      const own = await ownDevice(c, c.req.valid('param').id)
      if (!own) return unknown(c, 'device')
      const { credential, user } = own
      if (credential.state !== 'active') {
        const title = 'This device does not count: it was never confirmed, or is locked.'
        return refuse(c, { status: 409, code: 'device_not_active', title })
      }
      const { details } = c.req.valid('json')
      const opened = await challenges.open({
        credential,
        user,
        boundTo: `api/${c.get('key').application}/device/${credential.id}`,
        about: { ...asking.aboutOf(c), ...(details ? { details } : {}) },
      })
      if (!opened.ok) return throttled(c, opened.seconds)
      const challenge = opened.challenge && (await asking.ownChallenge(c, opened.challenge.id))
      if (!challenge) return unknown(c, 'challenge')
      const { id: challenge_id, user_id, options, ...rest } = await asking.shown(c, challenge)
      const { attempts_left, created_at, expires_at } = rest
      const to_sign = ToSign.parse(options)
      const times = { created_at, expires_at }
      return c.json({ challenge_id, user_id, to_sign, attempts_left, ...times }, 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/devices/{id}/verify',
      ...asks('biometric'),
      summary: 'Check what a device signed',
      request: { params: id, ...body(DeviceVerifyRequest) },
      responses: { 200: json(BiometricResult, 'Whether it was right.'), ...refusals },
    }),
    async (c) => {
      const { challenge_id: challengeId, signature, context } = c.req.valid('json')
      const device = await ownDevice(c, c.req.valid('param').id)
      if (!device) return unknown(c, 'device')
      const own = await asking.ownChallenge(c, challengeId)
      if (own?.challenge.credentialId !== device.credential.id) return unknown(c, 'challenge')
      const answer = JSON.stringify({ signature })
      const result = await asking.verdictOn(c, own, answer, context?.ip)
      return typeof result === 'number' ? throttled(c, result) : c.json(result, 200)
    },
  )

  return app
}
