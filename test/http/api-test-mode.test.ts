import { decodeJwt } from 'jose'
import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { createNativeDevice } from '../support/native-device.ts'

let gateway: TestGateway
let inbox: Inbox
let live: ApiClient
let trial: ApiClient
beforeAll(async () => {
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {}, email: { daily_limit: 4 }, backup_code: {} }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
api: { applications: [{ id: shop, device_key: {} }] }
`,
    {
      ways: (clock) => {
        inbox = createInbox({ clock })
        return [inbox]
      },
    },
  )
  live = await openApi(gateway, 'shop')
  trial = await openApi(gateway, 'shop:test', { scopes: ['2fa', 'biometric'] })
})
afterAll(() => gateway.close())

let number = 0
let user: string
beforeEach(() => {
  number += 1
  user = `customer ${number}`
  gateway.clock.advance(3600)
})

const RIGHT = '000000'

const enroll = async (client: ApiClient, more: object = {}) => {
  const begun = await client.post('/2fa/enroll', { user_id: user, ...more })
  const confirmed = await client.post(`/2fa/enroll/${begun.body.id}/confirm`, { code: RIGHT })
  return { begun, confirmed }
}

describe('a key for tests', () => {
  it('takes one code as right, and no other, not even that of the app', async () => {
    const { begun, confirmed } = await enroll(trial)
    expect(begun.body).toMatchObject({ test: true, type: 'totp' })
    expect(confirmed.status).toBe(200)
    const { secret } = begun.body
    const real = await generate({ secret, epoch: gateway.clock.now() })
    for (const code of [real, '123456', '00000', '0000000']) {
      const { body } = await trial.post('/2fa/verify', { user_id: user, code })
      expect(body).toMatchObject({ verified: false, test: true, reason: 'wrong' })
    }
    const verified = await trial.post('/2fa/verify', { user_id: user, code: RIGHT })
    expect(verified.body).toMatchObject({ verified: true, test: true })
    expect(decodeJwt(verified.body.result)).toMatchObject({ test: true, aud: 'shop:test' })
  })

  it('sends nothing, whoever it is told to write to, and spends nobody’s budget', async () => {
    const target = 'somebody@shop.test'
    for (let time = 0; time < 3; time += 1) {
      const { begun, confirmed } = await enroll(trial, {
        type: 'email',
        target: `${time}${target}`,
      })
      expect(begun).toMatchObject({ status: 201, body: { delivery: 'sent', test: true } })
      expect(confirmed.status).toBe(200)
    }
    const challenge = await trial.post('/2fa/challenges', { user_id: user, type: 'email' })
    expect(challenge.body).toMatchObject({ state: 'pending', test: true, delivery: 'sent' })
    const answer = { challenge_id: challenge.body.id, code: RIGHT }
    expect((await trial.post('/2fa/verify', answer)).body.verified).toBe(true)
    expect((await trial.post('/2fa/verify', answer)).body).toMatchObject({ reason: 'used' })
    expect(inbox.messages()).toEqual([])
    const really = await live.post('/2fa/enroll', { user_id: user, type: 'email', target })
    expect(really).toMatchObject({ status: 201, body: { delivery: 'sent' } })
    expect(inbox.messages()).toHaveLength(1)
  })

  it('answers a challenge as often as any other, and no more', async () => {
    await enroll(trial)
    const { body } = await trial.post('/2fa/challenges', { user_id: user })
    const answer = { challenge_id: body.id, code: '999999' }
    for (let time = 0; time < 5; time += 1) await trial.post('/2fa/verify', answer)
    expect((await trial.post('/2fa/verify', { ...answer, code: RIGHT })).body).toMatchObject({
      verified: false,
      reason: 'exhausted',
    })
  })

  it('gives backup codes that are good once each, as they are', async () => {
    await enroll(trial)
    const begun = await trial.post('/2fa/enroll', { user_id: user, type: 'backup_code' })
    const confirm = `/2fa/enroll/${begun.body.id}/confirm`
    expect((await trial.post(confirm, { code: 'kept' })).status).toBe(200)
    const answer = { user_id: user, code: begun.body.codes[0] }
    expect((await trial.post('/2fa/verify', answer)).body).toMatchObject({
      verified: true,
      type: 'backup_code',
    })
    expect((await trial.post('/2fa/verify', answer)).body.verified).toBe(false)
  })

  it('signs nothing that does not say so', async () => {
    const begun = await trial.post('/biometric/devices', { user_id: user })
    const wish = { ...createNativeDevice().register(begun.body.to_sign), label: 'Pixel 8' }
    const bound = await trial.post(`/biometric/devices/${begun.body.id}/confirm`, wish)
    expect(decodeJwt(bound.body.result)).toMatchObject({ test: true, aud: 'shop:test' })
  })

  it('lives in a world of its own: neither sees what the other has', async () => {
    const { begun } = await enroll(trial)
    const path = `/2fa/users/${encodeURIComponent(user)}/factors`
    expect((await trial.get(path)).body.factors).toHaveLength(1)
    expect((await live.get(path)).body.factors).toEqual([])
    expect((await live.send('DELETE', `/2fa/factors/${begun.body.id}`)).status).toBe(404)
    const challenge = await trial.post('/2fa/challenges', { user_id: user })
    expect((await live.get(`/2fa/challenges/${challenge.body.id}`)).status).toBe(404)
    const answer = { challenge_id: challenge.body.id, code: RIGHT }
    expect((await live.post('/2fa/verify', answer)).status).toBe(404)
    const bare = await live.post('/2fa/verify', { user_id: user, code: RIGHT })
    expect(bare.body.verified).toBe(false)
    expect(bare.body).not.toHaveProperty('test')
  })

  it('cannot be one for the people who sign in here', async () => {
    const own = await openApi(gateway, 'gatehouse:test')
    expect((await own.post('/2fa/verify', { user_id: 'alice', code: RIGHT })).status).toBe(401)
  })
})

it('a live key takes no fixed code', async () => {
  const { confirmed } = await enroll(live)
  expect(confirmed).toMatchObject({ status: 422, body: { code: 'answer_wrong' } })
})
