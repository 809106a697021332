import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApiClient, openApi } from '../support/api.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let shop: ApiClient
let second: ApiClient
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {} }
api:
  applications: [{ id: shop }, { id: other }]
  requests_per_minute: { key: 5, user: 3, address: 8 }
`)
  shop = await openApi(gateway, 'shop')
  second = await openApi(gateway, 'other')
})
afterAll(() => gateway.close())
beforeEach(() => {
  gateway.clock.advance(60)
})

const factors = (client: ApiClient, user: string) => client.get(`/2fa/users/${user}/factors`)

describe('an answer', () => {
  it('says what the quotas are, and what is left of each', async () => {
    const { headers } = await factors(shop, 'a')
    expect(headers['ratelimit-policy']).toBe('"address";q=8;w=60, "key";q=5;w=60, "user";q=3;w=60')
    expect(headers.ratelimit).toBe('"address";r=7;t=60, "key";r=4;t=60, "user";r=2;t=60')
    gateway.clock.advance(20)
    const later = await shop.get('/2fa/challenges/x')
    expect(later.headers.ratelimit).toBe('"address";r=6;t=40, "key";r=3;t=40')
  })
})

describe('more requests than', () => {
  it('one user has are refused until the minute is over, and others are not', async () => {
    for (let time = 0; time < 3; time += 1) expect((await factors(shop, 'b')).status).toBe(200)
    const refused = await shop.post('/2fa/verify', { user_id: 'b', code: '123456' })
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded' } })
    expect(refused.headers['retry-after']).toBe('60')
    expect(refused.headers.ratelimit).toContain('"user";r=0;t=60')
    expect((await factors(second, 'b')).status).toBe(200)
    gateway.clock.advance(60)
    expect((await factors(shop, 'b')).status).toBe(200)
  })

  it('one key has are refused, whomever they are about', async () => {
    for (let time = 0; time < 5; time += 1) await factors(shop, `c${time}`)
    expect((await factors(shop, 'c9')).body.title).toContain('key')
    expect((await factors(second, 'c9')).status).toBe(200)
  })

  it('one address has are refused before a key is looked at', async () => {
    const wrong = { authorization: 'Bearer ghk_AAAAAAAAAAAAAAAA_AAAA' }
    const statuses: number[] = []
    for (let time = 0; time < 9; time += 1) {
      statuses.push((await shop.get('/2fa/users/d/factors', wrong)).status)
    }
    expect(statuses).toEqual([...Array<number>(8).fill(401), 429])
    const refused = await factors(shop, 'd')
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded' } })
    expect(refused.headers.ratelimit).toBe('"address";r=0;t=60')
    expect(refused.headers['x-request-id']).toBeTruthy()
  })
})

describe('a request about one user', () => {
  it('counts for them by whatever it names them', async () => {
    const { body } = await shop.post('/2fa/enroll', { user_id: 'e' })
    const left = (answer: { headers: Record<string, unknown> }) =>
      /"user";r=(\d)/.exec(String(answer.headers.ratelimit))?.[1]
    expect(left(await shop.get('/2fa/users/e/factors'))).toBe('1')
    const path = `/2fa/factors/${body.id}`
    expect(left(await shop.send('PATCH', path, { label: 'x' }))).toBe('0')
    const refused = await shop.post(`/2fa/enroll/${body.id}/confirm`, { code: '000000' })
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded' } })
    // What is somebody else's tells nothing about them.
    expect(left(await second.send('PATCH', path, { label: 'x' }))).toBeUndefined()
  })

  it('counts for them by a challenge, whichever route it comes by', async () => {
    const begun = await shop.post('/2fa/enroll', { user_id: 'f' })
    const code = await generate({ secret: begun.body.secret, epoch: gateway.clock.now() })
    await shop.post(`/2fa/enroll/${begun.body.id}/confirm`, { code })
    gateway.clock.advance(60)
    const { body } = await shop.post('/2fa/challenges', { user_id: 'f' })
    await shop.get(`/2fa/challenges/${body.id}`)
    await shop.post('/2fa/verify', { challenge_id: body.id, code: '000000' })
    const refused = await shop.post('/2fa/verify', { challenge_id: body.id, code: '000000' })
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded' } })
    expect(refused.body.title).toContain('user')
  })
})
