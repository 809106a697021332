import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiClient, openApi } from '../support/api.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { addWholePerson } from '../support/whole-person.ts'

let gateway: TestGateway
let shop: ApiClient
let other: ApiClient
let ours: ApiClient
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { totp: {} }
api: { applications: [{ id: shop }, { id: other }] }
`)
  const scopes = ['2fa', 'users']
  shop = await openApi(gateway, 'shop', { scopes })
  other = await openApi(gateway, 'other', { scopes })
  ours = await openApi(gateway, 'gatehouse', { scopes })
})
afterAll(() => gateway.close())

const AGREED = { version: '2026-04', agreed_at: '2026-05-01T14:03:20Z' }

const enroll = (user_id: string, by = shop) =>
  by.post('/2fa/enroll', { user_id, consent: AGREED }, { 'idempotency-key': `enroll-${user_id}` })

describe('GET /api/2fa/users/{user_id}/export', () => {
  it('tells all about a user: what they agreed to and when, factors, and no secret', async () => {
    const { secret, id } = (await enroll('anna')).body
    const { status, body, text } = await shop.get('/2fa/users/anna/export')
    expect(status).toBe(200)
    expect(body.data.consent.rows).toEqual([
      expect.objectContaining({ version: '2026-04', agreed_at: '2026-05-01T14:03:20.000Z' }),
    ])
    expect(body.data.user.rows[0]).toMatchObject({ name: 'anna', application: 'shop' })
    expect(body.data.credential.rows[0]).toMatchObject({ id, kind: 'totp', data: {} })
    expect(text).not.toContain(secret)
    expect(body.withheld).toHaveProperty('credential.data')
  })

  it('knows no user of another application, and nobody who is not there', async () => {
    await enroll('berta')
    for (const [by, name] of [
      [other, 'berta'],
      [ours, 'berta'],
      [shop, 'nobody'],
    ] as const) {
      const { status, body } = await by.get(`/2fa/users/${name}/export`)
      expect([status, body.code]).toEqual([404, 'unknown_user'])
    }
  })
})

describe('DELETE /api/2fa/users/{user_id}', () => {
  it('erases a user once and for all, however often it comes', async () => {
    const first = await enroll('clara')
    for (const _ of [1, 2]) {
      expect((await shop.send('DELETE', '/2fa/users/clara')).status).toBe(204)
      expect((await shop.get('/2fa/users/clara/export')).status).toBe(404)
    }
    // The answer that was kept for a request that comes twice held the secret.
    const again = await enroll('clara')
    expect(again.status).toBe(201)
    expect(again.body.secret).not.toBe(first.body.secret)
  })

  it('touches no user of another application by the same name', async () => {
    await enroll('dora')
    await enroll('dora', other)
    expect((await shop.send('DELETE', '/2fa/users/dora')).status).toBe(204)
    expect((await other.get('/2fa/users/dora/export')).status).toBe(200)
    expect((await other.send('DELETE', '/2fa/users/dora')).status).toBe(204)
  })

  it('erases people who sign in here for keys of ours alone, disabled ones too', async () => {
    const { user } = await addWholePerson(gateway.store, 'Emil', { status: 'disabled' })
    await shop.send('DELETE', `/2fa/users/${user.name}`)
    expect(await gateway.store.users.find(user.id)).toBeDefined()
    expect((await ours.send('DELETE', `/2fa/users/${user.name}`)).status).toBe(204)
    expect(await gateway.store.users.find(user.id)).toBeUndefined()
  })

  it('keeps the last administrator', async () => {
    const user = await gateway.addUser({ name: 'root', groups: ['admins'] })
    const { status, body } = await ours.send('DELETE', '/2fa/users/root')
    expect([status, body.code]).toEqual([409, 'last_administrator'])
    expect(await gateway.store.users.find(user.id)).toBeDefined()
  })

  it('is for keys that have the scope', async () => {
    await enroll('fritz')
    const plain = await openApi(gateway, 'shop', { scopes: ['2fa'] })
    expect((await plain.send('DELETE', '/2fa/users/fritz')).status).toBe(403)
    expect((await plain.get('/2fa/users/fritz/export')).status).toBe(403)
    expect((await shop.get('/2fa/users/fritz/export')).status).toBe(200)
  })
})
