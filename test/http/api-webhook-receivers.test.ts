import { createHmac, randomBytes } from 'node:crypto'
import { generate } from 'otplib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ApiClient, openApi } from '../support/api.ts'
import { fetchDocument } from '../support/api-document.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { openPostServer, type Posted, type PostServer } from '../support/posted.ts'
import { openPushService, type PushService } from '../support/push-service.ts'
import { openTwoScreens, pushTo, type TwoScreens } from '../support/two-screens.ts'

const PORTAL = 'https://auth.gw.test'

/** A receiver, and what its webhooks are signed with. */
interface Receiver {
  key: Buffer
  server: PostServer
}

const openReceiver = async (): Promise<Receiver> => ({
  key: randomBytes(32),
  server: await openPostServer((_, response) => void response.writeHead(204).end()),
})
const written = ({ key, server }: Receiver) =>
  `origins: ["${server.url}"], secret: "whsec_${key.toString('base64')}"`

/** Checks a request as a receiver with that secret does. */
function isSignedBy(key: Buffer, { headers, body }: Posted): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const own = createHmac('sha256', key).update(signed).digest('base64')
  return headers['webhook-signature'] === `v1,${own}`
}

let gateway: TestGateway
let live: Receiver
let trial: Receiver
let own: Receiver
let shop: ApiClient
let shopTest: ApiClient
let otherTest: ApiClient
beforeAll(async () => {
  live = await openReceiver()
  trial = await openReceiver()
  own = await openReceiver()
  gateway = await openGateway(`
portal: { url: "${PORTAL}" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {} }
api:
  applications:
    - { id: shop, webhooks: { ${written(live)}, test: { ${written(trial)} } } }
    - { id: other, webhooks: { ${written(live)} } }
`)
  shop = await openApi(gateway, 'shop')
  shopTest = await openApi(gateway, 'shop:test')
  otherTest = await openApi(gateway, 'other:test')
})
afterAll(async () => {
  await gateway.close()
  for (const { server } of [live, trial, own]) await server.close()
})

let number = 0
let user: string
beforeEach(() => {
  number += 1
  user = `customer-${number}`
  gateway.clock.advance(3600)
  for (const { server } of [live, trial, own]) server.posted.length = 0
})

const enrolled = async (client: ApiClient) => {
  const { body } = await client.post('/2fa/enroll', { user_id: user })
  return client.post(`/2fa/enroll/${body.id}/confirm`, { code: '000000' })
}
const ask = (client: ApiClient, { server }: Receiver, more: object = {}) =>
  client.post('/2fa/challenges', { user_id: user, webhook: `${server.url}/hook`, ...more })

const arrivedAt = async ({ server }: Receiver): Promise<Posted> => {
  await vi.waitFor(() => expect(server.posted).toHaveLength(1), { timeout: 6000, interval: 20 })
  return server.posted[0] as Posted
}

describe('a key for tests', () => {
  it('has its webhooks go to the receiver for tests, signed with its secret, and marked', async () => {
    await enrolled(shopTest)
    const { id } = (await ask(shopTest, trial)).body
    await shopTest.post('/2fa/verify', { challenge_id: id, code: '000000' })
    const posted = await arrivedAt(trial)
    expect(isSignedBy(trial.key, posted)).toBe(true)
    expect(isSignedBy(live.key, posted)).toBe(false)
    const { faultsIn } = await fetchDocument(gateway)
    expect(faultsIn('ChallengeEnded', JSON.parse(posted.body))).toEqual([])
    expect(JSON.parse(posted.body)).toMatchObject({
      type: 'challenge.verified',
      data: { id, test: true },
    })
    expect(live.server.posted).toEqual([])
  })

  it('has none go to the receiver of live keys', async () => {
    await enrolled(shopTest)
    const { status, body } = await ask(shopTest, live)
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'webhook_not_allowed' })
  })

  it('has none at all where there is no receiver for tests', async () => {
    await enrolled(otherTest)
    expect((await ask(otherTest, live)).body.code).toBe('webhook_not_allowed')
  })

  it('brings nothing to a live receiver that was owed before there was another', async () => {
    await enrolled(otherTest)
    const person = await gateway.store.users.findExternal('other:test', user)
    const owed = { challengeId: 'over', application: 'other:test', url: `${live.server.url}/hook` }
    await gateway.store.webhooks.insert(
      {
        ...{ ...owed, id: 'msg_owed', userId: person?.id ?? '', about: { id: 'over' } },
        createdAt: gateway.clock.now(),
      },
      10,
    )
    await vi.waitFor(
      async () =>
        expect(await gateway.store.webhooks.listDue(gateway.clock.now() + 86_400, 10)).toEqual([]),
      { timeout: 6000 },
    )
    expect(live.server.posted).toEqual([])
  })
})

it('a live key has none go to the receiver for tests', async () => {
  const { body } = await shop.post('/2fa/enroll', { user_id: user })
  const code = await generate({ secret: body.secret, epoch: gateway.clock.now() })
  expect((await shop.post(`/2fa/enroll/${body.id}/confirm`, { code })).status).toBe(200)
  expect((await ask(shop, trial)).body.code).toBe('webhook_not_allowed')
  expect((await ask(shop, live)).status).toBe(201)
})

describe('a key of gatehouse', () => {
  const rd = 'https://wiki.gw.test/page'
  let service: PushService
  let home: TestGateway
  let screens: TwoScreens
  let gatehouse: ApiClient
  beforeEach(async () => {
    service = await openPushService()
    home = await openGateway(
      `
portal: { url: "${PORTAL}" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { push: {} }
api:
  webhooks: { ${written(own)} }
  applications: [{ id: shop, webhooks: { ${written(live)} } }]
`,
      { ways: () => [pushTo(PORTAL)] },
    )
    gatehouse = await openApi(home, 'gatehouse')
    screens = await openTwoScreens({ gateway: home, service, name: user, rd })
    await screens.enroll()
  })
  afterEach(async () => {
    await home.close()
    await service.close()
  })

  it('is told by a webhook that somebody who signs in here has said no', async () => {
    const { phone, request, browser } = screens
    const { status, body } = await ask(gatehouse, own)
    expect({ status, type: body.type }).toEqual({ status: 201, type: 'push' })
    await vi.waitFor(() => expect(browser.received).toHaveLength(1), { timeout: 6000 })
    await phone.open(request())
    await phone.submit({ deny: '1' })
    const posted = await arrivedAt(own)
    expect(isSignedBy(own.key, posted)).toBe(true)
    expect(JSON.parse(posted.body)).toMatchObject({
      type: 'challenge.denied',
      data: { id: body.id, user_id: user, state: 'denied' },
    })
  })

  it('has none go to the receiver of an application', async () => {
    expect((await ask(gatehouse, live)).body.code).toBe('webhook_not_allowed')
  })
})
