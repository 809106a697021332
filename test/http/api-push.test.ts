import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApiAnswer, type ApiClient, openApi } from '../support/api.ts'
import { fetchDocument, type PublishedApi } from '../support/api-document.ts'
import { listenTo } from '../support/event-source.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { openPushService, type PushService } from '../support/push-service.ts'
import { choices, openTwoScreens, pushTo, type TwoScreens } from '../support/two-screens.ts'

const PORTAL = 'https://auth.gw.test'

let service: PushService
let gateway: TestGateway
let published: PublishedApi
let own: ApiClient
beforeAll(async () => {
  service = await openPushService()
  gateway = await openGateway(
    `
portal: { url: "${PORTAL}" }
factors: { push: {}, totp: {} }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
api:
  applications: [{ id: shop }]
`,
    { ways: () => [pushTo(PORTAL)] },
  )
  published = await fetchDocument(gateway)
  own = await openApi(gateway, 'gatehouse', { scopes: ['2fa'] })
})
afterAll(async () => {
  await gateway.close()
  await service.close()
})

let number = 0
let name: string
let screens: TwoScreens
beforeEach(async () => {
  number += 1
  name = `user${number}`
  gateway.clock.advance(86_400)
  screens = await openTwoScreens({ gateway, service, name, rd: 'https://wiki.gw.test/page' })
})

/** Binds the phone through the API. @returns The answer to its confirmation. */
const enroll = async (): Promise<ApiAnswer> => {
  const { body } = await own.post('/2fa/enroll', { user_id: name, type: 'push' })
  const code = await screens.join(screens.browser.subscription, body.link)
  screens.browser.received.length = 0
  return own.post(`/2fa/enroll/${body.id}/confirm`, { code })
}

const DETAILS = { title: 'Send 250.00 EUR', fields: [{ name: 'To', value: 'Bob' }] }
const ask = async () => {
  const asked = await own.post('/2fa/challenges', { user_id: name, details: DETAILS })
  expect(asked).toMatchObject({ status: 201, body: { type: 'push', prompt: 'approval' } })
  return asked.body
}
const look = (id: string, query = '') => own.get(`/2fa/challenges/${id}${query}`)
const listen = (id: string) =>
  listenTo(gateway.port, new URL(`api/2fa/challenges/${id}/events`, gateway.portal).href, {
    authorization: `Bearer ${own.token}`,
  })

/** Picks a number on the phone. */
const pick = async (wanted: (number: string) => boolean) => {
  await screens.phone.open(screens.request())
  const picked = choices(screens.phone.page).find(wanted)
  await screens.phone.submit({ number: picked ?? '' })
}

/** What a signed result says, but for when it was signed. */
const claimsOf = (result: string) => {
  const { iat: _, exp: __, jti: ___, ...claims } = decodeJwt(result)
  return claims
}

describe('an approval on another device, asked for through the API', () => {
  it('is enrolled by a link and the number that the device shows', async () => {
    const { body } = await own.post('/2fa/enroll', { user_id: name, type: 'push' })
    expect(body).toMatchObject({ status: 'pending', type: 'push' })
    expect(body.link).toContain('/approver/')
    const early = await own.post(`/2fa/enroll/${body.id}/confirm`, { code: '11' })
    expect(early).toMatchObject({ status: 422, body: { code: 'answer_pending' } })
    const shown = await screens.join(screens.browser.subscription, body.link)
    const other = shown === '11' ? '12' : '11'
    const wrong = await own.post(`/2fa/enroll/${body.id}/confirm`, { code: other })
    expect(wrong).toMatchObject({ status: 422, body: { code: 'answer_wrong' } })
    const right = await own.post(`/2fa/enroll/${body.id}/confirm`, { code: shown })
    expect(right).toMatchObject({ status: 200, body: { type: 'push', status: 'active' } })
  })

  it('is told to all who wait, and to whoever asks afterwards, with the signed result', async () => {
    const { body: factor } = await enroll()
    const challenge = await ask()
    const stream = await listen(challenge.id)
    expect(JSON.parse(await stream.next('challenge'))).toMatchObject({ state: 'pending' })
    const polls = [look(challenge.id, '?wait=25'), look(challenge.id, '?wait=25')]
    await pick((it) => it === challenge.number)
    const told = [
      ...(await Promise.all(polls)).map(({ body }) => body),
      JSON.parse(await stream.next('challenge')),
      (await look(challenge.id)).body,
      (await own.post('/2fa/verify', { challenge_id: challenge.id })).body,
    ]
    await stream.ended
    const expected = {
      ...{ iss: PORTAL, aud: 'gatehouse', sub: name, challenge_id: challenge.id },
      ...{ amr: ['mca'], factor: factor.id, factor_type: 'push', details: DETAILS },
    }
    for (const body of told) {
      expect(body.state ?? 'verified').toBe('verified')
      expect(body).toMatchObject({ amr: ['mca'], attempts_left: 0 })
      expect(claimsOf(body.result)).toEqual(expected)
    }
    expect(told.at(-1).verified).toBe(true)
    const operation = published.operationAt('GET', `/2fa/challenges/${challenge.id}`)
    if (!operation) throw new Error('not in the document')
    expect(published.faultsOf(operation, await look(challenge.id))).toEqual([])
    // Who waited was no guess, and nobody was refused.
    const trail = await gateway.store.events.listByUser(screens.user.id, ['login.refused'], 9)
    expect(trail).toEqual([])
  })

  it('is told for as long as it lasts and a minute after the answer, and the state for a day', async () => {
    await enroll()
    const challenge = await ask()
    gateway.clock.advance(50)
    await pick((it) => it === challenge.number)
    expect((await look(challenge.id)).body.result).toBeTruthy()
    gateway.clock.advance(59)
    expect((await look(challenge.id)).body.result).toBeTruthy()
    gateway.clock.advance(1)
    const { body } = await look(challenge.id)
    expect(body).toMatchObject({ state: 'verified' })
    expect(body).not.toHaveProperty('result')
    const late = await own.post('/2fa/verify', { challenge_id: challenge.id })
    expect(late.body).toMatchObject({ verified: false, reason: 'used' })
  })

  it('counts from the moment in which it is given, though nobody asks before its time is up', async () => {
    await enroll()
    const challenge = await ask()
    gateway.clock.advance(50)
    await pick((it) => it === challenge.number)
    gateway.clock.advance(30)
    const { body } = await look(challenge.id)
    expect(body).toMatchObject({ state: 'verified', amr: ['mca'] })
    expect(body.result).toBeTruthy()
    gateway.clock.advance(30)
    expect((await look(challenge.id)).body).not.toHaveProperty('result')
  })

  it('that is not given in time is over', async () => {
    await enroll()
    const challenge = await ask()
    gateway.clock.advance(60)
    expect((await look(challenge.id)).body).toMatchObject({ state: 'expired' })
  })

  it('is asked for without an answer, which nothing else is', async () => {
    await enroll()
    const challenge = await ask()
    const waiting = await own.post('/2fa/verify', { challenge_id: challenge.id })
    expect(waiting.body).toMatchObject({ verified: false, reason: 'pending', attempts_left: 5 })
    await own.post(`/2fa/challenges/${challenge.id}/cancel`)
    await gateway.addUser({ name: `app${number}`, secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
    const { body } = await own.post('/2fa/challenges', { user_id: `app${number}` })
    expect(await own.post('/2fa/verify', { challenge_id: body.id })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ field: 'code' }] },
    })
    expect((await look(body.id)).body.attempts_left).toBe(5)
  })

  it('ends with a number that is not the one, and tells nothing signed', async () => {
    await enroll()
    const challenge = await ask()
    const poll = look(challenge.id, '?wait=25')
    await pick((it) => it !== challenge.number)
    const { body } = await poll
    expect(body).toMatchObject({ state: 'denied' })
    expect(body).not.toHaveProperty('result')
    const verify = await own.post('/2fa/verify', { challenge_id: challenge.id })
    expect(verify.body).toMatchObject({ verified: false, reason: 'denied' })
  })

  it('is over when the device is removed meanwhile, for whoever waits too', async () => {
    const { body: factor } = await enroll()
    const challenge = await ask()
    const poll = look(challenge.id, '?wait=25')
    await own.send('DELETE', `/2fa/factors/${factor.id}`)
    const { status, body } = await poll
    expect([status, body.state, body.attempts_left]).toEqual([200, 'canceled', 0])
    const verify = await own.post('/2fa/verify', { challenge_id: challenge.id })
    expect(verify.body).toMatchObject({ verified: false, reason: 'expired' })
  })

  it('ends nobody’s question in two ways: of fifty who ask, each is told the same', async () => {
    await enroll()
    const challenge = await ask()
    await pick((it) => it === challenge.number)
    const all = await Promise.all(
      Array.from({ length: 50 }, () => own.post('/2fa/verify', { challenge_id: challenge.id })),
    )
    expect(all.every(({ body }) => body.verified === true)).toBe(true)
  })
})
