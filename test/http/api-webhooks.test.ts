import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { fetchDocument } from '../support/api-document.ts'
import { listenTo } from '../support/event-source.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { createNativeDevice } from '../support/native-device.ts'
import { openPostServer, type Posted, type PostServer } from '../support/posted.ts'

const KEY = randomBytes(32)
const SECRET = `whsec_${KEY.toString('base64')}`

const yaml = (origin: string) => `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {} }
api:
  applications:
    - { id: shop, device_key: {}, webhooks: { origins: ["${origin}"], secret: "${SECRET}", timeout: 2s } }
    - { id: other }
`

let gateway: TestGateway
let receiver: PostServer
let shop: ApiClient
let trial: ApiClient
let narrow: ApiClient
beforeAll(async () => {
  receiver = await openPostServer((_, response) => void response.writeHead(204).end())
  gateway = await openGateway(yaml(receiver.url))
  shop = await openApi(gateway, 'shop')
  trial = await openApi(gateway, 'shop:test')
  narrow = await openApi(gateway, 'other')
})
afterAll(async () => {
  await gateway.close()
  await receiver.close()
})

let number = 0
let user: string
beforeEach(() => {
  number += 1
  user = `customer ${number}`
  gateway.clock.advance(3600)
  receiver.posted.length = 0
  receiver.answer = (_, response) => void response.writeHead(204).end()
})

const code = (secret: string) => generate({ secret, epoch: gateway.clock.now() })

const enrolled = async () => {
  const { body } = await shop.post('/2fa/enroll', { user_id: user })
  await shop.post(`/2fa/enroll/${body.id}/confirm`, { code: await code(body.secret) })
  gateway.clock.advance(30)
  return { id: body.id as string, secret: body.secret as string }
}

const hook = () => `${receiver.url}/gatehouse`
const asked = async (client = shop, more: object = {}) =>
  (await client.post('/2fa/challenges', { user_id: user, webhook: hook(), ...more })).body

const arrived = async (count = 1) => {
  await vi.waitFor(() => expect(receiver.posted).toHaveLength(count), {
    timeout: 6000,
    interval: 20,
  })
  return receiver.posted.map(({ headers, body }) => ({
    id: headers['webhook-id'],
    ...JSON.parse(body),
  }))
}

describe('a webhook', () => {
  it('tells the end of a challenge, signed as Standard Webhooks says', async () => {
    const { secret } = await enrolled()
    const details = { title: 'Send 250.00 EUR' }
    const { id } = await asked(shop, { details })
    expect(receiver.posted).toHaveLength(0)
    await shop.post('/2fa/verify', { challenge_id: id, code: await code(secret) })
    await arrived()
    const { method, path, headers, body } = receiver.posted[0] as Posted
    expect([method, path]).toEqual(['POST', '/gatehouse'])
    expect(JSON.parse(body)).toMatchObject({
      type: 'challenge.verified',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { id, user_id: user, type: 'totp', state: 'verified', details },
    })
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = createHmac('sha256', KEY).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
    expect(body).not.toContain(secret)
  })

  it('tells every way in which a challenge can end', async () => {
    const { id: factor } = await enrolled()
    const canceled = await asked()
    const exhausted = await asked()
    const expired = await asked()
    const gone = await asked()
    await shop.post(`/2fa/challenges/${canceled.id}/cancel`)
    for (let time = 0; time < 5; time += 1) {
      await shop.post('/2fa/verify', { challenge_id: exhausted.id, code: '000000' })
    }
    await arrived(2)
    gateway.clock.advance(301)
    await arrived(4)
    await shop.send('DELETE', `/2fa/factors/${factor}`)
    const { faultsIn } = await fetchDocument(gateway)
    for (const { body } of receiver.posted) {
      expect(faultsIn('ChallengeEnded', JSON.parse(body))).toEqual([])
    }
    const told = (await arrived(4)).map(({ type, data }) => [type, data.id])
    expect(told).toEqual(
      expect.arrayContaining([
        ['challenge.canceled', canceled.id],
        ['challenge.exhausted', exhausted.id],
        ['challenge.expired', expired.id],
        ['challenge.expired', gone.id],
      ]),
    )
  })

  it('tells of a challenge whose factor was removed', async () => {
    const { id: factor } = await enrolled()
    const { id } = await asked()
    await shop.send('DELETE', `/2fa/factors/${factor}`)
    expect(await arrived()).toMatchObject([{ type: 'challenge.canceled', data: { id } }])
  })

  it('comes again under the same id until it is taken, and then no more', async () => {
    let tries = 0
    receiver.answer = (_, response) => {
      tries += 1
      response.writeHead(tries === 1 ? 500 : 200).end('{"taken":true}')
    }
    await enrolled()
    const { id } = await asked()
    await shop.post(`/2fa/challenges/${id}/cancel`)
    const [first, second] = await arrived(2)
    expect(first.id).toBe(second.id)
    // Taken, it is crossed off a moment after the receiver has said so.
    await expect
      .poll(() => gateway.store.webhooks.listDue(gateway.clock.now() + 86_400, 10))
      .toEqual([])
  })

  it('that was owed when the program ended is sent after it began again', async () => {
    const { id: credentialId } = await enrolled()
    const credential = await gateway.store.credentials.find(credentialId)
    const owed = {
      ...{ id: 'msg_owed', challengeId: 'of before', application: 'shop', url: hook() },
      ...{ userId: credential?.userId ?? '', about: { id: 'of before' } },
    }
    await gateway.store.webhooks.insert({ ...owed, createdAt: gateway.clock.now() }, 10)
    expect(await arrived()).toMatchObject([{ id: 'msg_owed', type: 'challenge.canceled' }])
  })

  it('tells of a challenge that another one has taken the place of', async () => {
    const begun = (await shop.post('/biometric/devices', { user_id: user })).body
    const key = createNativeDevice().register(begun.to_sign)
    await shop.post(`/biometric/devices/${begun.id}/confirm`, key)
    const ask = `/biometric/devices/${begun.id}/challenge`
    const challengeId = (await shop.post(ask, {})).body.challenge_id as string
    const userId = (await gateway.store.credentials.find(begun.id))?.userId ?? ''
    await gateway.store.webhooks.insert(
      {
        ...{ id: 'msg_superseded', challengeId, application: 'shop', url: hook(), userId },
        ...{ about: { id: challengeId }, createdAt: gateway.clock.now() },
      },
      10,
    )
    await shop.post(ask, {})
    expect(await arrived()).toMatchObject([
      { type: 'challenge.superseded', data: { id: challengeId, state: 'superseded' } },
    ])
  })

  it('is not led elsewhere by an answer, and given up by one that says that nobody is there', async () => {
    const elsewhere = await openPostServer((_, response) => void response.writeHead(204).end())
    let tries = 0
    receiver.answer = (_, response) => {
      tries += 1
      response.writeHead(tries === 1 ? 307 : 410, { location: elsewhere.url }).end()
    }
    await enrolled()
    const { id } = await asked()
    await shop.post(`/2fa/challenges/${id}/cancel`)
    await arrived(2)
    expect(elsewhere.posted).toEqual([])
    await vi.waitFor(async () =>
      expect(await gateway.store.webhooks.listDue(gateway.clock.now() + 86_400, 10)).toEqual([]),
    )
    await elsewhere.close()
  })
})

describe('an address for a webhook', () => {
  it.each([
    ['on another port', (url: string) => url.replace(/:\d+$/, ':1')],
    [
      'under another name of the same machine',
      (url: string) => url.replace('127.0.0.1', 'localhost'),
    ],
    ['with a password', (url: string) => url.replace('http://', 'http://me:secret@')],
    ['that only begins alike', (url: string) => `${url}.evil.test/`],
    ['with the origin in its name', (url: string) => url.replace('http://', 'http://evil.test/?')],
    ['in the cloud’s own service', () => 'http://169.254.169.254/latest/meta-data'],
  ])('%s is refused', async (_, change) => {
    await enrolled()
    const webhook = change(receiver.url)
    const { status, body } = await shop.post('/2fa/challenges', { user_id: user, webhook })
    expect(status).toBe(400)
    expect(body.errors).toMatchObject([{ field: 'webhook' }])
  })

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'no url', 7])(
    '%s is none',
    async (webhook) => {
      const { status, body } = await shop.post('/2fa/challenges', { user_id: user, webhook })
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' })
    },
  )

  it('is refused where the application has none', async () => {
    const without = await openApi(gateway, 'other:test')
    const begun = await without.post('/2fa/enroll', { user_id: user })
    await without.post(`/2fa/enroll/${begun.body.id}/confirm`, { code: '000000' })
    const { body } = await without.post('/2fa/challenges', { user_id: user, webhook: hook() })
    expect(body.code).toBe('webhook_not_allowed')
  })
})

describe('the events of a challenge', () => {
  const listen = (id: string, token: string) =>
    listenTo(gateway.port, new URL(`api/2fa/challenges/${id}/events`, gateway.portal).href, {
      authorization: `Bearer ${token}`,
    })
  const next = async (listener: Awaited<ReturnType<typeof listen>>) =>
    JSON.parse(await listener.next('challenge'))

  it('tell how it stands, each change, and end with its end', async () => {
    const { secret } = await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const listener = await listen(body.id, shop.token)
    expect(await next(listener)).toMatchObject({ id: body.id, state: 'pending', attempts_left: 5 })
    await shop.post('/2fa/verify', { challenge_id: body.id, code: '000000' })
    expect(await next(listener)).toMatchObject({ state: 'pending', attempts_left: 4 })
    await shop.post('/2fa/verify', { challenge_id: body.id, code: await code(secret) })
    expect(await next(listener)).toMatchObject({ state: 'verified' })
    await listener.ended
    const late = await listen(body.id, shop.token)
    expect(await next(late)).toMatchObject({ state: 'verified' })
    await late.ended
  })

  it('end when the key is revoked, and tell nothing after that', async () => {
    const passing = await openApi(gateway, 'shop', { scopes: ['2fa.verify'] })
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const listener = await listen(body.id, passing.token)
    expect(await next(listener)).toMatchObject({ state: 'pending' })
    await gateway.store.apiKeys.delete(passing.key.id)
    await shop.post(`/2fa/challenges/${body.id}/cancel`)
    await listener.ended
    const more = await Promise.race([listener.next('challenge'), Promise.resolve('nothing')])
    expect(more).toBe('nothing')
  })

  it('are nobody else’s', async () => {
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    for (const { token } of [narrow, trial]) expect((await listen(body.id, token)).status).toBe(404)
  })

  it('are told to a hundred listeners of one key, and to no more', async () => {
    const busy = await openApi(gateway, 'shop')
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const all = await Promise.all(Array.from({ length: 101 }, () => listen(body.id, busy.token)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(100)
    expect(all.filter(({ status }) => status === 429)).toHaveLength(1)
    for (const { close } of all) close()
  })
})

describe('a long poll', () => {
  it('is answered as soon as something has happened', async () => {
    const { secret } = await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const waiting = shop.get(`/2fa/challenges/${body.id}?wait=20`)
    await shop.post('/2fa/verify', { challenge_id: body.id, code: await code(secret) })
    expect((await waiting).body.state).toBe('verified')
  })

  it('ends with its key', async () => {
    const passing = await openApi(gateway, 'shop')
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const waiting = passing.get(`/2fa/challenges/${body.id}?wait=20`)
    await shop.get(`/2fa/challenges/${body.id}`)
    await gateway.store.apiKeys.delete(passing.key.id)
    await shop.post(`/2fa/challenges/${body.id}/cancel`)
    expect((await waiting).status).toBe(401)
    expect((await passing.get(`/2fa/challenges/${body.id}`)).status).toBe(401)
  })
})

describe('a change of the configuration', () => {
  const change = (origin: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-webhooks-'))
    const file = join(folder, 'config.yaml')
    writeFileSync(file, `${yaml(origin)}store: { path: ./gatehouse.db }\n`)
    const { config } = loadConfig(file, {})
    rmSync(folder, { recursive: true })
    gateway.app.prepare(config, 2).swap()
  }

  it('leaves webhooks on their way, and sends none where none may go any more', async () => {
    await enrolled()
    const [first, second] = [await asked(), await asked()]
    change(receiver.url)
    await shop.post(`/2fa/challenges/${first.id}/cancel`)
    expect(await arrived()).toMatchObject([{ data: { id: first.id } }])
    change('https://elsewhere.test')
    await shop.post(`/2fa/challenges/${second.id}/cancel`)
    await vi.waitFor(async () =>
      expect(await gateway.store.webhooks.listDue(gateway.clock.now() + 86_400, 10)).toEqual([]),
    )
    expect(receiver.posted).toHaveLength(1)
  })
})
