import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SCOPES } from '../../src/api/scopes.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { fetchDocument, type PublishedApi } from '../support/api-document.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

/** An application calls its users what it likes, as long as every route can be asked about them. */

let gateway: TestGateway
let published: PublishedApi
let shop: ApiClient
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { totp: {} }
api: { applications: [{ id: shop, device_key: {} }] }
`)
  published = await fetchDocument(gateway)
  shop = await openApi(gateway, 'shop:test', { scopes: Object.keys(SCOPES) })
})
afterAll(() => gateway.close())

describe('an id that is taken', () => {
  it.each([
    'a/b',
    'a//b',
    '/',
    '\\',
    '%2e',
    '%2E%2e',
    '%',
    '%00',
    '?a=b',
    '#x',
    ';v=1',
    '...',
    '.a',
    '../up',
    'a/../b',
    'a+b c',
    ' ',
    'mailto:maria@example.com',
    'Grüße 🌊',
    '"quoted"',
    '__proto__',
    'x'.repeat(128),
  ])('can be asked about, and erased: %j', async (user_id) => {
    const below = `/2fa/users/${encodeURIComponent(user_id)}`
    const { status, body } = await shop.post('/2fa/enroll', { user_id })
    expect(status).toBe(201)
    expect((await shop.get(`${below}/factors`)).body.factors).toMatchObject([{ id: body.id }])
    expect((await shop.get(`${below}/export`)).body.data.user.rows).toMatchObject([
      { name: user_id },
    ])
    expect((await shop.post(`${below}/bypass`, {})).body).toMatchObject({ user_id })
    expect((await shop.send('DELETE', below)).status).toBe(204)
    expect(await gateway.store.users.findExternal('shop:test', user_id)).toBeUndefined()
  })
})

describe('an id that is refused', () => {
  const REFUSED = [
    ['.', /"\."/],
    ['..', /"\.\."/],
    ['', /1 to 128/],
    ['x'.repeat(129), /1 to 128/],
    ['a\nb', /control character/],
    ['a\u0000', /control character/],
    ['\u202ea', /control character/],
    ['\ud800', /control character/],
  ] as const

  /** Every route that takes one in its body. */
  const takers = () =>
    published.operations.filter(({ operation: { requestBody } }) => {
      const schema =
        requestBody && 'content' in requestBody
          ? requestBody.content['application/json']?.schema
          : undefined
      const name = schema && '$ref' in schema ? (schema.$ref.split('/').at(-1) ?? '') : ''
      const { properties } = { properties: {}, ...published.document.components?.schemas?.[name] }
      return 'user_id' in properties
    })

  it.each(REFUSED)('says why, at every route: %j', async (user_id, why) => {
    expect(takers().length).toBeGreaterThan(6)
    for (const { method, path } of takers()) {
      const { status, body } = await shop.send(method, path, { user_id })
      expect({ status, code: body.code }, path).toEqual({ status: 400, code: 'invalid_request' })
      const told = body.errors.filter(({ field }: { field: string }) => field === 'user_id')
      expect(told, path).toEqual([{ field: 'user_id', message: expect.stringMatching(why) }])
    }
    // No user was made of it.
    expect(await gateway.store.users.findExternal('shop:test', user_id)).toBeUndefined()
  })

  it('is refused in a path, too', async () => {
    for (const written of ['%00', '%0A', 'x'.repeat(129), '%E2%80%AE']) {
      const { status } = await shop.send('DELETE', `/2fa/users/${written}`)
      expect(status, written).toBe(400)
    }
  })
})
