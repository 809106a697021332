import type { ApiClient } from './api.ts'
import { createAuthenticator } from './authenticator.ts'
import { createNativeDevice } from './native-device.ts'

/** An application's user who has everything that the API can give, with right answers to all that is asked. */
export interface ApiOwner {
  /** What only the owner may use: the value of each `{id}`, by the route. */
  ids: Readonly<Record<string, string>>
  /** What the body of a route names and answers rightly, by the route. */
  bodies: Readonly<Record<string, object>>
}

/** Right for whatever a key for tests is asked by a code. */
export const RIGHT = '000000'

export interface OwnerDeps {
  /** A key for tests. */
  client: ApiClient
  userId: string
  /** Stands in all that is the owner's to see. */
  mark: string
  /** Where the application's pages are. */
  origin: string
}

export async function openOwner(deps: OwnerDeps): Promise<ApiOwner> {
  const { client, userId, mark, origin } = deps
  const about = { user_id: userId }
  const details = { title: mark }
  const post = async (path: string, body: object = {}) => {
    const answer = await client.post(path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }

  const app = await post('/2fa/enroll', about)
  await post(`/2fa/enroll/${app.id}/confirm`, { code: RIGHT })
  await client.send('PATCH', `/2fa/factors/${app.id}`, { label: mark })
  const mail = await post('/2fa/enroll', { ...about, type: 'email', target: `${mark}@shop.test` })
  await post(`/2fa/enroll/${mail.id}/confirm`, { code: RIGHT })
  const begun = await post('/2fa/enroll', about)
  const asked = await post('/2fa/challenges', { ...about, factor: mail.id, details })

  const phone = createAuthenticator({ origin, attachment: 'platform' })
  const first = await post('/biometric/register/options', about)
  const made = { challenge_id: first.challenge_id, response: phone.create(first.options) }
  await post('/biometric/register/verify', { ...made, label: mark })
  const second = createAuthenticator({ origin, attachment: 'platform' })
  const registering = await post('/biometric/register/options', about)
  const proving = await post('/biometric/authenticate/options', { ...about, details })

  const key = createNativeDevice()
  const device = await post('/biometric/devices', about)
  await post(`/biometric/devices/${device.id}/confirm`, {
    ...key.register(device.to_sign),
    label: mark,
  })
  const binding = await post('/biometric/devices', about)
  const signing = await post(`/biometric/devices/${device.id}/challenge`, { details })

  return {
    ids: {
      '/2fa/enroll/{id}/confirm': begun.id,
      '/2fa/factors/{id}': app.id,
      '/2fa/challenges/{id}': asked.id,
      '/2fa/challenges/{id}/resend': asked.id,
      '/2fa/challenges/{id}/cancel': asked.id,
      '/2fa/challenges/{id}/events': asked.id,
      '/biometric/devices/{id}/confirm': binding.id,
      '/biometric/devices/{id}/challenge': device.id,
      '/biometric/devices/{id}/verify': device.id,
    },
    bodies: {
      '/2fa/enroll/{id}/confirm': { code: RIGHT },
      '/2fa/verify': { challenge_id: asked.id, code: RIGHT },
      '/2fa/challenges': { ...about, factor: app.id },
      '/biometric/register/verify': {
        challenge_id: registering.challenge_id,
        response: second.create(registering.options),
      },
      '/biometric/authenticate/verify': {
        challenge_id: proving.challenge_id,
        response: phone.get(proving.options),
      },
      '/biometric/devices/{id}/confirm': createNativeDevice().register(binding.to_sign),
      '/biometric/devices/{id}/verify': {
        challenge_id: signing.challenge_id,
        signature: key.sign(signing.to_sign),
      },
    },
  }
}
