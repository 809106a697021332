import { afterAll, beforeAll, expect, it } from 'vitest'
import { createInbox } from '../../src/channels/inbox/index.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { aCredential } from '../support/builders.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let own: ApiClient
let shop: ApiClient
beforeAll(async () => {
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {}, email: {} }
login: { two_factor_methods: [totp] }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
api: { applications: [{ id: shop }] }
`,
    { ways: (clock) => [createInbox({ clock })] },
  )
  own = await openApi(gateway, 'gatehouse')
  shop = await openApi(gateway, 'shop')
})
afterAll(() => gateway.close())

it('takes as a second factor of the people who sign in here what the portal takes, and no more', async () => {
  const alice = await gateway.addUser({ name: 'alice' })
  const target = 'alice@gw.test'
  const data = { target }
  await gateway.store.credentials.insert(aCredential({ userId: alice.id, kind: 'email', data }))
  const whose = { user_id: alice.name }
  expect((await own.post('/2fa/preauth', whose)).body).toMatchObject({
    result: 'enroll',
    factors: [],
  })
  expect((await own.post('/2fa/challenges', whose)).body.code).toBe('no_factor')
  const wish = { ...whose, type: 'email', target }
  expect((await own.post('/2fa/enroll', wish)).body.code).toBe('factor_not_offered')
  expect((await own.post('/2fa/enroll', whose)).status).toBe(201)
  // Another application decides for its own users.
  expect((await shop.post('/2fa/enroll', wish)).status).toBe(201)
})
