import { decodeJwt, decodeProtectedHeader } from 'jose'
import { generate } from 'otplib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApiAnswer, type ApiClient, openApi } from '../support/api.ts'
import { fetchDocument, type PublishedApi } from '../support/api-document.ts'
import {
  type CeremonyOptions,
  createAuthenticator,
  type SoftAuthenticator,
} from '../support/authenticator.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { createNativeDevice } from '../support/native-device.ts'
import { optionsOn } from '../support/passkeys.ts'

const SHOP = 'https://shop.gw.test'

let gateway: TestGateway
let published: PublishedApi
let shop: ApiClient
let other: ApiClient
let bare: ApiClient
let portal: ApiClient
const faults: string[] = []

beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: one_factor }] }
factors: { totp: {}, passkey: { rp_id: gw.test } }
api:
  applications:
    - id: shop
      name: The Shop
      passkey: { rp_id: gw.test, origins: ["${SHOP}", "https://m.shop.gw.test"] }
      device_key: {}
    - id: other
      passkey: { rp_id: gw.test, origins: ["${SHOP}"] }
      device_key: {}
    - id: bare
`)
  published = await fetchDocument(gateway)
  shop = checked(await openApi(gateway, 'shop'))
  other = checked(await openApi(gateway, 'other'))
  bare = checked(await openApi(gateway, 'bare'))
  portal = checked(await openApi(gateway, 'gatehouse'))
})
afterAll(() => gateway.close())

/** Every answer has to be one that the document announces. */
function checked(client: ApiClient): ApiClient {
  const send: ApiClient['send'] = async (method, path, body, headers) => {
    const answer = await client.send(method, path, body, headers)
    const operation = published.operationAt(method, path)
    faults.push(...(operation ? published.faultsOf(operation, answer) : [`no ${method} ${path}`]))
    return answer
  }
  return {
    ...client,
    send,
    post: (path, body, headers) => send('POST', path, body, headers),
    get: (path, headers) => send('GET', path, undefined, headers),
  }
}
afterEach(() => {
  expect(faults.splice(0)).toEqual([])
})

let number = 0
let user: string
let phone: SoftAuthenticator
beforeEach(() => {
  number += 1
  user = `customer ${number}`
  phone = createAuthenticator({ origin: SHOP, attachment: 'platform' })
  gateway.clock.advance(3600)
})

const optionsFor = async (by: ApiClient, name = user) =>
  (await by.post('/biometric/register/options', { user_id: name })).body

async function register(device = phone, by = shop, name = user): Promise<ApiAnswer> {
  const { challenge_id, options } = await optionsFor(by, name)
  const response = device.create(options)
  return by.post('/biometric/register/verify', { challenge_id, response })
}

const ask = async (body: object = { user_id: user }, by = shop) =>
  (await by.post('/biometric/authenticate/options', body)).body

const answer = (challenge_id: string, response: object, by = shop) =>
  by.post('/biometric/authenticate/verify', { challenge_id, response })

async function authenticate(device = phone, body: object = { user_id: user }, by = shop) {
  const { challenge_id, options } = await ask(body, by)
  return answer(challenge_id, device.get(options), by)
}

describe('a passkey for another application', () => {
  it('is made for the application’s own domain, with fingerprint, face or PIN', async () => {
    const wish = { user_id: user, user_name: 'maria@shop.test', display_name: 'Maria Lopez' }
    const { status, body } = await shop.post('/biometric/register/options', wish)
    expect(status).toBe(201)
    expect(body.options).toMatchObject({
      rp: { id: 'gw.test', name: 'The Shop' },
      user: { name: 'maria@shop.test', displayName: 'Maria Lopez' },
      authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      excludeCredentials: [],
    })
    expect(Buffer.from(body.options.challenge, 'base64url')).toHaveLength(32)
    expect(JSON.stringify(body.options)).not.toContain(user)
  })

  it('counts from its first answer on, and is told so in a signed statement', async () => {
    const { challenge_id, options } = await optionsFor(shop)
    const response = phone.create(options)
    const wish = { challenge_id, response, label: 'My phone' }
    const { status, body } = await shop.post('/biometric/register/verify', wish)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      user_id: user,
      factor: { type: 'passkey', label: 'My phone', status: 'active' },
    })
    expect(decodeProtectedHeader(body.result).typ).toBe('gatehouse-registration+jwt')
    expect(decodeJwt(body.result)).toMatchObject({ sub: user, aud: 'shop', factor: body.factor.id })
    const { body: listed } = await shop.get(`/2fa/users/${encodeURIComponent(user)}/factors`)
    expect(listed.factors).toMatchObject([{ id: body.factor.id, label: 'My phone' }])
  })

  it('signs its user in, which a signed statement tells the application alone', async () => {
    const { body: made } = await register()
    const details = { title: 'Send 250.00 EUR', fields: [{ name: 'To', value: 'Bob' }] }
    const { challenge_id, options } = await ask({ user_id: user, details })
    expect(options).toMatchObject({
      rpId: 'gw.test',
      userVerification: 'required',
      allowCredentials: [{ id: phone.id }],
    })
    const { status, body } = await answer(challenge_id, phone.get(options))
    expect(status).toBe(200)
    expect(body).toMatchObject({
      verified: true,
      user_id: user,
      factor: made.factor.id,
      type: 'passkey',
      challenge_id,
      amr: ['pop', 'hwk', 'user'],
    })
    expect(decodeProtectedHeader(body.result)).toMatchObject({
      alg: 'ES256',
      typ: 'gatehouse-result+jwt',
    })
    expect(decodeJwt(body.result)).toMatchObject({
      ...{ iss: 'https://auth.gw.test', aud: 'shop', sub: user, challenge_id, details },
      factor_type: 'passkey',
    })
  })

  it('tells by itself whose it is', async () => {
    await register()
    const { challenge_id, options } = await ask({})
    expect(options.allowCredentials ?? []).toEqual([])
    const { body } = await answer(challenge_id, phone.get(options))
    expect(body).toMatchObject({ verified: true, user_id: user, challenge_id })
    expect(decodeJwt(body.result)).toMatchObject({ sub: user, challenge_id })
  })

  it('is one of several, each of which answers, and none of which is made twice', async () => {
    await register()
    const key = createAuthenticator({ origin: SHOP })
    const { challenge_id, options } = await optionsFor(shop)
    expect(options.excludeCredentials).toMatchObject([{ id: phone.id }])
    const again = { challenge_id, response: phone.create(options) }
    expect(await shop.post('/biometric/register/verify', again)).toMatchObject({
      status: 422,
      body: { code: 'answer_wrong' },
    })
    expect((await register(key)).status).toBe(200)
    for (const device of [key, phone]) {
      expect((await authenticate(device)).body.verified).toBe(true)
    }
    const { body } = await shop.get(`/2fa/users/${encodeURIComponent(user)}/factors`)
    const active = body.factors.filter(({ status }: { status: string }) => status === 'active')
    expect(active).toHaveLength(2)
  })

  it('answers to the second factor’s own routes, too', async () => {
    await register()
    const { body } = await shop.post('/2fa/challenges', { user_id: user, type: 'passkey' })
    const verify = { challenge_id: body.id, response: phone.get(body.options) }
    expect((await shop.post('/2fa/verify', verify)).body).toMatchObject({ verified: true })
  })

  it('is removed where all factors are', async () => {
    const { body } = await register()
    expect((await shop.send('DELETE', `/2fa/factors/${body.factor.id}`)).status).toBe(204)
    const gone = await shop.post('/biometric/authenticate/options', { user_id: user })
    expect(gone).toMatchObject({ status: 409, body: { code: 'no_factor' } })
    expect((await authenticate(phone, {})).body).toMatchObject({ verified: false })
  })

  it('is taken from another of its origins, and from nowhere else', async () => {
    const mobile = createAuthenticator({ origin: 'https://m.shop.gw.test' })
    expect((await register(mobile)).status).toBe(200)
    for (const origin of ['https://auth.gw.test', 'https://evil.test', 'http://shop.gw.test']) {
      expect((await register(createAuthenticator({ origin }))).status).toBe(422)
    }
  })
})

describe('what a person agreed to', () => {
  const consent = { version: '2026-05', agreed_at: '2026-05-01T14:03:20Z' }
  const kept = async () => {
    const made = await gateway.store.users.findExternal('shop', user)
    return gateway.store.consents.listByUser(made?.id ?? '')
  }

  it.each(['register/options', 'devices'])('is kept as %s begins', async (path) => {
    const begun = await shop.post(`/biometric/${path}`, { user_id: user, consent })
    expect(begun.status).toBe(201)
    expect(await kept()).toMatchObject([
      { document: 'application', version: '2026-05', agreedAt: 1_777_644_200 },
    ])
  })

  it.each(['register/options', 'devices'])('later than now begins no %s', async (path) => {
    const late = { ...consent, agreed_at: '2999-01-01T00:00:00Z' }
    const begun = await shop.post(`/biometric/${path}`, { user_id: user, consent: late })
    expect(begun).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'consent.agreed_at' }] },
    })
    expect(await gateway.store.users.findExternal('shop', user)).toBeUndefined()
  })
})

describe('an answer to another application’s question', () => {
  const wrong: [string, (options: CeremonyOptions) => object][] = [
    ['without verification of the user', (it) => phone.get(it, { verified: false })],
    ['for another domain', (it) => phone.get(it, { rpId: 'evil.test' })],
    ['from another page', (it) => phone.get(it, { client: { origin: 'https://auth.gw.test' } })],
    ['from within a frame', (it) => phone.get(it, { client: { crossOrigin: true } })],
    [
      'to another challenge',
      (it) => phone.get({ ...it, challenge: Buffer.alloc(32).toString('base64url') }),
    ],
    ['with another signature', (it) => phone.get(it, { sign: () => Buffer.alloc(64, 7) })],
    ['that is none', () => ({ id: 'x' })],
  ]
  it.each(wrong)('is wrong %s', async (_, make) => {
    await register()
    for (const body of [{ user_id: user }, {}]) {
      const { challenge_id, options } = await ask(body)
      const { status, body: said } = await answer(challenge_id, make(options))
      expect([status, said.verified, said.reason]).toEqual([200, false, 'wrong'])
      expect(said.result).toBeUndefined()
    }
  })

  it('counts once', async () => {
    await register()
    for (const body of [{ user_id: user }, {}]) {
      const { challenge_id, options } = await ask(body)
      const response = phone.get(options)
      expect((await answer(challenge_id, response)).body.verified).toBe(true)
      expect((await answer(challenge_id, response)).body.verified).toBe(false)
    }
  })

  it('counts once, however many come at the same time', async () => {
    await register()
    const { challenge_id, options } = await ask({})
    const response = phone.get(options)
    const all = await Promise.all(Array.from({ length: 8 }, () => answer(challenge_id, response)))
    expect(all.filter(({ body }) => body.verified)).toHaveLength(1)
  })

  it('comes too late after five minutes', async () => {
    await register()
    const late: unknown[] = []
    for (const body of [{ user_id: user }, {}]) {
      const { challenge_id, options } = await ask(body)
      gateway.clock.advance(301)
      late.push((await answer(challenge_id, phone.get(options))).body.reason)
    }
    expect(late).toEqual(['expired', 'expired'])
  })

  it('of a copied authenticator, whose count goes back, is wrong', async () => {
    await register()
    expect((await authenticate()).body.verified).toBe(true)
    const copy = phone.copy()
    expect((await authenticate()).body.verified).toBe(true)
    expect((await authenticate(copy)).body).toMatchObject({ verified: false, reason: 'wrong' })
  })

  it('ends the question with the fifth that is wrong', async () => {
    await register()
    const { challenge_id, options } = await ask()
    const reasons: string[] = []
    for (let guess = 0; guess < 5; guess += 1) {
      reasons.push((await answer(challenge_id, { id: 'x' })).body.reason)
    }
    expect(reasons.at(-1)).toBe('exhausted')
    expect((await answer(challenge_id, phone.get(options))).body.verified).toBe(false)
  })

  it('has to come with the name of its own question', async () => {
    await register()
    const [first, second] = [await ask({}), await ask({})]
    const swapped = await answer(first.challenge_id, phone.get(second.options))
    expect(swapped.body).toMatchObject({ verified: false })
    expect(swapped.body.result).toBeUndefined()
    const { status, body } = await answer('nothing', phone.get(second.options))
    expect([status, body.code]).toEqual([404, 'unknown_challenge'])
  })

  it('by another user’s passkey is wrong', async () => {
    await register()
    const { challenge_id, options } = await ask()
    const mallory = createAuthenticator({ origin: SHOP })
    await register(mallory, shop, `${user} mallory`)
    const said = await answer(challenge_id, mallory.get(options))
    expect(said.body).toMatchObject({ verified: false, user_id: user })
  })
})

describe('a passkey of one application', () => {
  it('is nobody’s to another one, though their domain is the same', async () => {
    const { body } = await register()
    const named = await other.post('/biometric/authenticate/options', { user_id: user })
    expect([named.status, named.body.code]).toEqual([404, 'unknown_user'])
    const open = await ask({}, other)
    expect((await answer(open.challenge_id, phone.get(open.options), other)).body).toEqual({
      verified: false,
      challenge_id: open.challenge_id,
      reason: 'wrong',
    })
    // Nor do questions of the one serve the other.
    const mine = await ask()
    expect((await answer(mine.challenge_id, phone.get(mine.options), other)).status).toBe(404)
    const ours = await ask({})
    expect((await answer(ours.challenge_id, phone.get(ours.options), other)).body.verified).toBe(
      false,
    )
    const pending = await optionsFor(shop)
    const response = createAuthenticator({ origin: SHOP }).create(pending.options)
    const taken = { challenge_id: pending.challenge_id, response }
    expect((await other.post('/biometric/register/verify', taken)).status).toBe(404)
    for (const method of ['DELETE', 'PATCH']) {
      const change = method === 'PATCH' ? { label: 'mine' } : undefined
      const path = `/2fa/factors/${body.factor.id}`
      expect((await other.send(method, path, change)).status).toBe(404)
    }
    expect((await authenticate()).body.verified).toBe(true)
  })

  it('signs nobody in at the portal, though the domain is the portal’s', async () => {
    await register()
    const visitor = gateway.visitor()
    const page = await visitor.open('https://auth.gw.test/login')
    const said = phone.get(optionsOn(page.body), { client: { origin: 'https://auth.gw.test' } })
    const signedIn = await visitor.submit({ answer: JSON.stringify(said) })
    expect(signedIn.status).toBe(401)
  })

  it('is not taken for a second user by its id', async () => {
    await register()
    const { userHandle } = phone
    expect((await register(phone, shop, `${user} again`)).status).toBe(422)
    expect((await register(phone, other, user)).status).toBe(422)
    phone.userHandle = userHandle
    expect((await authenticate()).body.verified).toBe(true)
  })

  it('is not there for an application without a domain', async () => {
    for (const path of ['register', 'authenticate']) {
      const { status, body } = await bare.post(`/biometric/${path}/options`, { user_id: user })
      expect([status, body.code]).toEqual([400, 'factor_not_offered'])
    }
  })
})

describe('the people who sign in here', () => {
  it('make passkeys through the API that open the portal', async () => {
    const alice = await gateway.addUser({ name: `alice${number}` })
    const own = createAuthenticator({ origin: 'https://auth.gw.test' })
    expect(await register(own, portal, alice.name)).toMatchObject({
      status: 200,
      body: { user_id: alice.name },
    })
    const unverified = await ask({ user_id: alice.name }, portal)
    const said = own.get(unverified.options, { verified: false })
    expect((await answer(unverified.challenge_id, said, portal)).body.verified).toBe(false)
    const { body } = await authenticate(own, {}, portal)
    expect(body).toMatchObject({ verified: true, user_id: alice.name })
    const visitor = gateway.visitor()
    const page = await visitor.open('https://auth.gw.test/login')
    const signedIn = await visitor.submit({
      answer: JSON.stringify(own.get(optionsOn(page.body))),
    })
    expect(signedIn.status).toBe(303)
  })

  it('have no device keys this way, which would wait at the portal in vain', async () => {
    const alice = await gateway.addUser({ name: `alice${number}` })
    const { body } = await portal.post('/biometric/devices', { user_id: alice.name })
    expect(body.code).toBe('factor_not_offered')
  })
})

describe('a key on a device', () => {
  const begin = async (by = shop) => (await by.post('/biometric/devices', { user_id: user })).body
  const bind = async (device = createNativeDevice()) => {
    const { id, to_sign } = await begin()
    const wish = { ...device.register(to_sign), label: 'Pixel 8' }
    const bound = await shop.post(`/biometric/devices/${id}/confirm`, wish)
    return { id, device, bound }
  }
  const askDevice = async (id: string, body: object = {}) =>
    (await shop.post(`/biometric/devices/${id}/challenge`, body)).body
  const verify = (id: string, challenge_id: string, signature: string, by = shop) =>
    by.post(`/biometric/devices/${id}/verify`, { challenge_id, signature })

  it.each([
    ['SPKI', false],
    ['JWK', true],
  ])('is bound by its signature, as %s', async (_, jwk) => {
    const { id, bound } = await bind(createNativeDevice({ jwk }))
    expect(bound.status).toBe(200)
    expect(bound.body).toMatchObject({
      user_id: user,
      factor: { id, type: 'device_key', label: 'Pixel 8', facts: ['taken at its word'] },
    })
    expect(decodeProtectedHeader(bound.body.result).typ).toBe('gatehouse-registration+jwt')
  })

  it('is not bound by another one’s signature, nor by none, nor on another curve', async () => {
    const { id, to_sign } = await begin()
    const [mine, theirs] = [createNativeDevice(), createNativeDevice()]
    const signed = mine.register(to_sign)
    const attempts = [
      { ...signed, signature: theirs.register(to_sign).signature },
      { ...signed, public_key: theirs.register(to_sign).public_key },
      mine.register({ ...to_sign, nonce: 'another' }),
      mine.register({ ...to_sign, issuer: 'https://evil.test/' }),
      createNativeDevice({ curve: 'P-384' }).register(to_sign),
    ]
    const path = `/biometric/devices/${id}/confirm`
    const codes: string[] = []
    for (const attempt of attempts) codes.push((await shop.post(path, attempt)).body.code)
    expect(codes.slice(0, 4)).toEqual(Array(4).fill('answer_wrong'))
    const { body } = await shop.post(`/biometric/devices/${id}/challenge`, {})
    expect(body.code).toBe('device_not_active')
  })

  it('signs what its app has shown, which a signed statement tells the application', async () => {
    const { id, device } = await bind()
    const details = { title: 'Send 250.00 EUR', amount: { value: '250.00', currency: 'EUR' } }
    const { challenge_id, to_sign } = await askDevice(id, { details })
    expect(JSON.parse(to_sign.details)).toMatchObject({ application: 'shop', ...details })
    const { status, body } = await verify(id, challenge_id, device.sign(to_sign))
    expect(status).toBe(200)
    expect(body).toMatchObject({ verified: true, user_id: user, factor: id, amr: ['pop', 'user'] })
    expect(decodeJwt(body.result)).toMatchObject({ sub: user, challenge_id, details })
    const again = await verify(id, challenge_id, device.sign(to_sign))
    expect(again.body).toMatchObject({ verified: false, reason: 'used' })
  })

  it('is not believed with a signature for anything else', async () => {
    const { id, device } = await bind()
    const { challenge_id, to_sign } = await askDevice(id)
    const said = JSON.parse(to_sign.details)
    const forged = [
      device.sign({ ...to_sign, details: JSON.stringify({ ...said, title: 'Send nothing' }) }),
      device.sign({ ...to_sign, nonce: 'another' }),
      createNativeDevice().sign(to_sign),
      device.register(to_sign).signature,
    ]
    const reasons: string[] = []
    for (const signature of forged) {
      reasons.push((await verify(id, challenge_id, signature)).body.reason)
    }
    expect(reasons).toEqual(Array(4).fill('wrong'))
    expect((await verify(id, challenge_id, device.sign(to_sign))).body.verified).toBe(true)
  })

  it('has five tries and five minutes, and one question at a time', async () => {
    const { id, device } = await bind()
    const first = await askDevice(id)
    for (let guess = 0; guess < 5; guess += 1) await verify(id, first.challenge_id, 'AAAA')
    const exhausted = await verify(id, first.challenge_id, device.sign(first.to_sign))
    expect(exhausted.body).toMatchObject({ verified: false, reason: 'exhausted' })

    const second = await askDevice(id)
    gateway.clock.advance(301)
    const late = await verify(id, second.challenge_id, device.sign(second.to_sign))
    expect(late.body).toMatchObject({ verified: false, reason: 'expired' })

    const [third, fourth] = [await askDevice(id), await askDevice(id)]
    const old = await verify(id, third.challenge_id, device.sign(third.to_sign))
    expect(old.body.verified).toBe(false)
    const now = await verify(id, fourth.challenge_id, device.sign(fourth.to_sign))
    expect(now.body.verified).toBe(true)
  })

  it('is not locked by garbage, which costs its owner no guesses at codes either', async () => {
    const { id, device } = await bind()
    const app = (await shop.post('/2fa/enroll', { user_id: user })).body
    const first = await generate({ secret: app.secret, epoch: gateway.clock.now() })
    await shop.post(`/2fa/enroll/${app.id}/confirm`, { code: first })
    let last: ApiAnswer | undefined
    for (let question = 0; question < 21; question += 1) {
      gateway.clock.advance(20)
      const { challenge_id } = await askDevice(id)
      for (let time = 0; time < 5; time += 1) last = await verify(id, challenge_id, 'AAAA')
    }
    // Only what is wrong is told to wait.
    expect(last).toMatchObject({ status: 429, body: { code: 'throttled' } })
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0)
    const { challenge_id, to_sign } = await askDevice(id)
    const right = await verify(id, challenge_id, device.sign(to_sign))
    expect(right).toMatchObject({ status: 200, body: { verified: true } })
    const code = await generate({ secret: app.secret, epoch: gateway.clock.now() })
    expect((await shop.post('/2fa/verify', { user_id: user, code })).body.verified).toBe(true)
  })

  it('is gone once it is removed, and nothing of it answers', async () => {
    const { id, device } = await bind()
    const { challenge_id, to_sign } = await askDevice(id)
    expect((await shop.send('DELETE', `/2fa/factors/${id}`)).status).toBe(204)
    expect((await verify(id, challenge_id, device.sign(to_sign))).status).toBe(404)
    expect((await shop.post(`/biometric/devices/${id}/challenge`, {})).status).toBe(404)
  })

  it('is nobody’s to another application', async () => {
    const { id, device } = await bind()
    const { challenge_id, to_sign } = await askDevice(id)
    expect((await other.post(`/biometric/devices/${id}/challenge`, {})).status).toBe(404)
    expect((await verify(id, challenge_id, device.sign(to_sign), other)).status).toBe(404)
    expect((await other.send('DELETE', `/2fa/factors/${id}`)).status).toBe(404)
    const pending = await begin()
    const introduced = device.register(pending.to_sign)
    const path = `/biometric/devices/${pending.id}/confirm`
    expect((await other.post(path, introduced)).status).toBe(404)
    // A device of the same application, but not the one that was asked.
    const second = await bind()
    expect((await verify(second.id, challenge_id, device.sign(to_sign))).status).toBe(404)
    expect((await verify(id, challenge_id, device.sign(to_sign))).body.verified).toBe(true)
  })

  it('is no passkey, and a passkey is none', async () => {
    const { body } = await register()
    expect((await shop.post(`/biometric/devices/${body.factor.id}/challenge`, {})).status).toBe(404)
    const { id } = await begin()
    const response = { response: {}, challenge_id: id }
    expect((await shop.post('/biometric/register/verify', response)).status).toBe(404)
    const { challenge_id } = await optionsFor(shop)
    const wish = createNativeDevice().register({ issuer: '', credential: '', nonce: '' })
    const path = `/biometric/devices/${challenge_id}/confirm`
    expect((await shop.post(path, wish)).status).toBe(404)
  })

  it('needs an application that has device keys', async () => {
    const { status, body } = await bare.post('/biometric/devices', { user_id: user })
    expect([status, body.code]).toEqual([400, 'factor_not_offered'])
  })
})

it('opens to no key without the scope', async () => {
  const narrow = checked(await openApi(gateway, 'shop', { scopes: ['2fa'] }))
  for (const { method, path } of published.operations) {
    if (!path.startsWith('/biometric/')) continue
    const { status, body } = await narrow.send(method, path.replaceAll(/\{\w+\}/g, 'x'), {})
    expect([path, status, body.code]).toEqual([path, 403, 'insufficient_scope'])
  }
})
