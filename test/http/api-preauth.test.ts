import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createInbox } from '../../src/channels/inbox/index.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let shop: ApiClient
let trial: ApiClient
let other: ApiClient
let own: ApiClient
beforeAll(async () => {
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {}, email: {}, backup_code: {} }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
api:
  applications:
    - { id: shop, trusted_networks: [10.20.0.0/16, "2001:db8:1::/48"] }
    - { id: other }
`,
    { ways: (clock) => [createInbox({ clock })] },
  )
  shop = await openApi(gateway, 'shop', { scopes: ['2fa', 'users'] })
  trial = await openApi(gateway, 'shop:test', { scopes: ['2fa', 'users'] })
  other = await openApi(gateway, 'other', { scopes: ['2fa', 'users'] })
  own = await openApi(gateway, 'gatehouse', { scopes: ['2fa', 'users'] })
})
afterAll(() => gateway.close())

let number = 0
let user: string
beforeEach(() => {
  number += 1
  user = `customer ${number}`
  gateway.clock.advance(3600)
})

/** Binds an authenticator app to a user of the tests. */
const enrolled = async () => {
  const { body } = await trial.post('/2fa/enroll', { user_id: user })
  await trial.post(`/2fa/enroll/${body.id}/confirm`, { code: '000000' })
  return body.id as string
}
const preauth = async (client: ApiClient, context: object = {}, user_id = user) =>
  client.post('/2fa/preauth', { user_id, context })
const NOBODY_KNOWN = { score: 0, level: 'low', reasons: [] }

describe('POST /api/2fa/preauth', () => {
  it('sends to enrollment whoever has no factor, and makes nobody known by that', async () => {
    const { status, body } = await preauth(shop)
    expect(status).toBe(200)
    expect(body).toEqual({
      user_id: user,
      result: 'enroll',
      reason: 'no_factor',
      factors: [],
      risk: NOBODY_KNOWN,
    })
    expect(await gateway.store.users.findExternal('shop', user)).toBeUndefined()
  })

  it('names the factors that can answer, with masked targets, and no code is sent', async () => {
    await enrolled()
    const target = 'customer@shop.test'
    const mail = await trial.post('/2fa/enroll', { user_id: user, type: 'email', target })
    await trial.post(`/2fa/enroll/${mail.body.id}/confirm`, { code: '000000' })
    await trial.post('/2fa/enroll', { user_id: user })
    const { body } = await preauth(trial, { ip: '198.51.100.7', user_agent: 'x', action: 'pay' })
    expect(body).toMatchObject({ result: 'challenge', test: true, risk: NOBODY_KNOWN })
    expect(body.factors.map(({ type }: { type: string }) => type).sort()).toEqual(['email', 'totp'])
    expect(JSON.stringify(body)).not.toContain(target)
    expect(JSON.stringify(body.factors)).toContain('@shop.test')
  })

  it.each([
    ['10.20.3.4', 'allow'],
    ['::ffff:10.20.3.4', 'allow'],
    ['2001:db8:1::9', 'allow'],
    ['10.21.3.4', 'challenge'],
    [undefined, 'challenge'],
  ])('from %s says %s', async (ip, result) => {
    await enrolled()
    expect((await preauth(trial, ip === undefined ? {} : { ip })).body.result).toBe(result)
  })

  it('trusts the networks of one application for that one alone', async () => {
    expect((await preauth(other, { ip: '10.20.3.4' })).body.result).toBe('enroll')
  })

  it('leads nobody whose factor was guessed at until it was locked to a new one', async () => {
    const id = await enrolled()
    for (let time = 0; time < 100; time += 1) await gateway.store.credentials.recordFailure(id, 100)
    expect((await preauth(trial)).body).toMatchObject({
      result: 'deny',
      reason: 'factors_disabled',
      factors: [],
    })
  })

  it('denies those who may not sign in here', async () => {
    const alice = await gateway.addUser({ name: `alice${number}`, secret: 'GEZDGNBVGY3TQOJQ' })
    expect((await preauth(own, {}, alice.name)).body.result).toBe('challenge')
    await gateway.store.users.setStatus(alice.id, 'disabled')
    const denied = { result: 'deny', reason: 'unknown_user', factors: [] }
    expect((await preauth(own, {}, alice.name)).body).toMatchObject(denied)
    expect((await preauth(own, {}, 'nobody at all')).body).toMatchObject(denied)
  })

  it.each([{ ip: 'here' }, { ip: '10.0.0.1/8' }, { action: 'a b' }, { place: 'x' }])(
    'refuses %j as a context',
    async (context) => {
      expect(await preauth(shop, context)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
    },
  )
})

describe('POST /api/2fa/users/{user_id}/bypass', () => {
  const path = () => `/2fa/users/${encodeURIComponent(user)}/bypass`
  const verify = (client: ApiClient, code: string) =>
    client.post('/2fa/verify', { user_id: user, code })

  it('gives a pass that counts as often as it says, and stands among the factors', async () => {
    await enrolled()
    const { status, body } = await trial.post(path(), { uses: 2, ttl: 600 })
    expect(status).toBe(201)
    expect(body).toMatchObject({ user_id: user, uses: 2, test: true })
    expect(body.code).toMatch(/^(\w{4}-){3}\w{4}$/)
    const facts = async () => {
      const { body: listed } = await trial.get(`/2fa/users/${encodeURIComponent(user)}/factors`)
      return listed.factors.find(({ id }: { id: string }) => id === body.id)?.facts
    }
    expect(await facts()).toEqual(['2 uses left'])
    expect((await verify(trial, body.code)).body).toMatchObject({ verified: true, type: 'pass' })
    expect(await facts()).toEqual(['1 use left'])
    expect((await verify(trial, body.code.toLowerCase())).body.verified).toBe(true)
    expect((await verify(trial, body.code)).body).toMatchObject({ verified: false, reason: 'used' })
  })

  it('gives one for an hour and one use where nothing is said', async () => {
    await enrolled()
    const { body } = await trial.post(path(), {})
    expect(body.uses).toBe(1)
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(3_600_000)
    gateway.clock.advance(3600)
    expect((await verify(trial, body.code)).body).toMatchObject({ reason: 'expired' })
  })

  it('is answered once, however many use it at the same time', async () => {
    await enrolled()
    const { body } = await trial.post(path(), {})
    const all = await Promise.all(Array.from({ length: 5 }, () => verify(trial, body.code)))
    expect(all.filter((it) => it.body.verified === true)).toHaveLength(1)
  })

  it('ends an earlier pass, and can be taken back', async () => {
    await enrolled()
    const first = await trial.post(path(), {})
    const second = await trial.post(path(), {})
    expect((await verify(trial, first.body.code)).body.verified).toBe(false)
    expect((await trial.send('DELETE', `/2fa/factors/${second.body.id}`)).status).toBe(204)
    expect((await verify(trial, second.body.code)).body.verified).toBe(false)
  })

  it('answers a challenge, whose end stays readable', async () => {
    await enrolled()
    const { body: pass } = await trial.post(path(), {})
    const asked = await trial.post('/2fa/challenges', { user_id: user, type: 'pass' })
    const answer = { challenge_id: asked.body.id, code: pass.code }
    expect((await trial.post('/2fa/verify', answer)).body.verified).toBe(true)
    expect((await trial.get(`/2fa/challenges/${asked.body.id}`)).body.state).toBe('verified')
    const again = await trial.post('/2fa/challenges', { user_id: user, type: 'pass' })
    expect(again).toMatchObject({ status: 409, body: { code: 'no_factor' } })
  })

  it('is worth nothing to another application, nor to the live one', async () => {
    await enrolled()
    const { body } = await trial.post(path(), {})
    for (const client of [shop, other]) {
      await client.post('/2fa/enroll', { user_id: user })
      expect((await verify(client, body.code)).body.verified).toBe(false)
      expect((await client.send('DELETE', `/2fa/factors/${body.id}`)).status).toBe(404)
    }
  })

  it('lets somebody who signs in here set up a new factor, once, and asks for more nowhere', async () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const alice = await gateway.addUser({ name: `alice${number}`, secret })
    const to = `/2fa/users/${alice.name}/bypass`
    expect((await own.post(to, { uses: 2 })).body.errors).toMatchObject([{ field: 'uses' }])
    expect((await own.post(to, {})).status).toBe(201)
    const [kept] = (await gateway.store.credentials.listByUser(alice.id)).filter(
      ({ kind }) => kind === 'pass',
    )
    expect(kept?.data).not.toHaveProperty('uses')
    // It is for the portal, and stays good for it.
    const { body: pass } = await own.post(to, {})
    const answer = { user_id: alice.name, code: pass.code }
    expect((await own.post('/2fa/verify', answer)).body.verified).toBe(false)
    const asked = await own.post('/2fa/challenges', { user_id: alice.name, type: 'pass' })
    expect(asked).toMatchObject({ status: 409, body: { code: 'no_factor' } })
    const left = await gateway.store.credentials.listByUser(alice.id)
    expect(left.find(({ kind }) => kind === 'pass')?.failures).toBe(0)
    expect(JSON.stringify(kept)).toContain('argon2id')
    expect((await own.post('/2fa/users/nobody/bypass', {})).status).toBe(404)
  })

  it.each([{ ttl: 59 }, { ttl: 86_401 }, { ttl: '1h' }, { uses: 0 }, { uses: 11 }, { more: 1 }])(
    'refuses %j',
    async (body) => {
      expect(await trial.post(path(), body)).toMatchObject({ status: 400 })
    },
  )
})
