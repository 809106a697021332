import { decodeJwt, decodeProtectedHeader } from 'jose'
import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sha256 } from '../../src/base/bytes.ts'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import { type ApiAnswer, type ApiClient, openApi } from '../support/api.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { createNativeDevice } from '../support/native-device.ts'
import { sendRaw } from '../support/raw.ts'

let gateway: TestGateway
let inbox: Inbox
let shop: ApiClient
let other: ApiClient
beforeAll(async () => {
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {}, email: {}, backup_code: {}, device_key: {} }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
api:
  applications:
    - { id: shop, name: The Shop }
    - { id: other }
  requests_per_minute: { user: 1000 }
`,
    {
      ways: (clock) => {
        inbox = createInbox({ clock })
        return [inbox]
      },
    },
  )
  shop = await openApi(gateway, 'shop')
  other = await openApi(gateway, 'other')
})
afterAll(() => gateway.close())

let number = 0
let user: string
beforeEach(() => {
  number += 1
  user = `customer ${number}`
  gateway.clock.advance(3600)
})

const code = (secret: string, steps = 0) =>
  generate({ secret, epoch: gateway.clock.now() + steps * 30 })

const enrolled = async (by: ApiClient = shop) => {
  const begun = await by.post('/2fa/enroll', { user_id: user })
  const { id, secret } = begun.body
  await by.post(`/2fa/enroll/${id}/confirm`, { code: await code(secret) })
  gateway.clock.advance(30)
  return { id, secret }
}

const mailedCode = (): string => {
  const [mail] = inbox.messages()
  return /\b\d{6}\b/.exec(mail?.message.text ?? '')?.[0] ?? ''
}

describe('POST /api/2fa/enroll', () => {
  it('gives secret, address and picture of an authenticator app to a bare user id', async () => {
    const { status, body } = await shop.post('/2fa/enroll', { user_id: user })
    expect(status).toBe(201)
    expect(body).toMatchObject({ user_id: user, type: 'totp', status: 'pending' })
    expect(body.secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(body.uri).toContain('otpauth://totp/')
    expect(body.uri).toContain('The%20Shop')
    expect(body.qr_code).toContain('<svg')
  })

  it('counts for nothing before the first code', async () => {
    const { body } = await shop.post('/2fa/enroll', { user_id: user })
    const verified = await shop.post('/2fa/verify', {
      user_id: user,
      code: await code(body.secret),
    })
    expect(verified.body.verified).toBe(false)
    const confirmed = await shop.post(`/2fa/enroll/${body.id}/confirm`, {
      code: await code(body.secret),
    })
    expect(confirmed).toMatchObject({ status: 200, body: { status: 'active', type: 'totp' } })
  })

  it('binds no more than one may have, however many were begun', async () => {
    const begun: { id: string; secret: string }[] = []
    for (let each = 0; each < 13; each += 1) {
      begun.push((await shop.post('/2fa/enroll', { user_id: user })).body)
    }
    const answers: ApiAnswer[] = []
    for (const { id, secret } of begun) {
      answers.push(await shop.post(`/2fa/enroll/${id}/confirm`, { code: await code(secret) }))
    }
    expect(answers.map(({ status }) => status)).toEqual([...Array(12).fill(200), 422])
    const { status, body } = await shop.post('/2fa/enroll', { user_id: user })
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'too_many_factors' })
  })

  it('binds nothing by a wrong code', async () => {
    const { body } = await shop.post('/2fa/enroll', { user_id: user })
    const wrong = await shop.post(`/2fa/enroll/${body.id}/confirm`, { code: '000000' })
    expect(wrong).toMatchObject({ status: 422, body: { code: 'answer_wrong' } })
  })

  it('binds nothing after the time that it names', async () => {
    const { body } = await shop.post('/2fa/enroll', { user_id: user })
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(600_000)
    gateway.clock.advance(600)
    const late = await shop.post(`/2fa/enroll/${body.id}/confirm`, {
      code: await code(body.secret),
    })
    expect(late).toMatchObject({ status: 404, body: { code: 'unknown_enrollment' } })
  })

  it('sends a first code to a mail address, masked in the answer', async () => {
    const target = 'customer@shop.test'
    const begun = await shop.post('/2fa/enroll', { user_id: user, type: 'email', target })
    expect(begun).toMatchObject({ status: 201, body: { delivery: 'sent' } })
    expect(begun.body.sent_to).not.toContain('customer')
    const confirmed = await shop.post(`/2fa/enroll/${begun.body.id}/confirm`, {
      code: mailedCode(),
    })
    expect(confirmed.status).toBe(200)
  })

  it('keeps what the person agreed to', async () => {
    const consent = { version: '2026-05', agreed_at: '2026-05-01T14:03:20Z' }
    await shop.post('/2fa/enroll', { user_id: user, consent })
    const made = await gateway.store.users.findExternal('shop', user)
    expect(await gateway.store.consents.listByUser(made?.id ?? '')).toMatchObject([
      { version: '2026-05', agreedAt: 1_777_644_200 },
    ])
  })

  it.each([
    ['lies in the future', { version: '1', agreed_at: '2999-01-01T00:00:00Z' }],
    ['is no time', { version: '1', agreed_at: 'yesterday' }],
    ['is of no version', { version: '', agreed_at: '2026-05-01T14:03:20Z' }],
    ['is half', { version: '1' }],
  ])('binds nothing where a consent %s', async (_, consent) => {
    const { status, body } = await shop.post('/2fa/enroll', { user_id: user, consent })
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' })
    expect(body.errors[0].field).toMatch(/^consent\./)
    expect(await gateway.store.users.findExternal('shop', user)).toBeUndefined()
  })
})

describe('a key that an app keeps on a device', () => {
  it('is introduced by the app through the API, and answers from then on', async () => {
    const own = await openApi(gateway, 'gatehouse')
    const alice = await gateway.addUser({ name: `alice${number}` })
    const begun = await own.post('/2fa/enroll', { user_id: alice.name, type: 'device_key' })
    expect(begun).toMatchObject({ status: 201, body: { options: { issuer: gateway.portal } } })
    const device = createNativeDevice()
    const confirm = `/2fa/enroll/${begun.body.id}/confirm`
    const stranger = createNativeDevice().introduce({ ...begun.body.options, nonce: 'another' })
    expect((await own.post(confirm, { response: JSON.parse(stranger) })).status).toBe(422)
    const response = JSON.parse(device.introduce(begun.body.options))
    expect(await own.post(confirm, { response })).toMatchObject({
      status: 200,
      body: { type: 'device_key', status: 'active' },
    })
    const entrance = new URL('approve/device', gateway.portal).href
    const headers = { authorization: `Bearer ${device.secret}` }
    expect((await gateway.visitor().get(entrance, { headers })).status).toBe(200)
  })

  it('is none for the users of other applications', async () => {
    const begun = await shop.post('/2fa/enroll', { user_id: user, type: 'device_key' })
    expect(begun).toMatchObject({ status: 400, body: { code: 'factor_not_offered' } })
  })
})

describe('POST /api/2fa/verify', () => {
  it('answers success once, and failure the second time', async () => {
    const { secret } = await enrolled()
    const answer = { user_id: user, code: await code(secret) }
    const first = await shop.post('/2fa/verify', answer)
    expect(first).toMatchObject({
      status: 200,
      body: { verified: true, type: 'totp', amr: ['otp'] },
    })
    const second = await shop.post('/2fa/verify', answer)
    expect(second.body).toMatchObject({ verified: false, reason: 'used' })
  })

  it('lets one of fifty at the same time through', async () => {
    const { secret } = await enrolled()
    const answer = { user_id: user, code: await code(secret) }
    const all = await Promise.all(
      Array.from({ length: 50 }, () => shop.post('/2fa/verify', answer)),
    )
    expect(all.filter(({ body }) => body.verified === true)).toHaveLength(1)
  })

  it('lets one of fifty answers to one question through, whatever else they find', async () => {
    const { secret } = await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const answer = { challenge_id: body.id, code: await code(secret) }
    const all = await Promise.all(
      Array.from({ length: 50 }, () => shop.post('/2fa/verify', answer)),
    )
    expect(all.filter((it) => it.body.verified === true)).toHaveLength(1)
    expect(all.every(({ status }) => status === 200 || status === 429)).toBe(true)
    expect((await shop.get(`/2fa/challenges/${body.id}`)).body.state).toBe('verified')
  })

  it('answers for a user whom nobody knows as for a wrong code', async () => {
    const { status, body } = await shop.post('/2fa/verify', { user_id: 'nobody', code: '123456' })
    expect({ status, body }).toEqual({
      status: 200,
      body: { verified: false, user_id: 'nobody', reason: 'wrong', attempts_left: 9 },
    })
  })

  /** Wrong codes, until one has to wait. */
  const guessesOf = async (name: string, code = '000000') => {
    const statuses: number[] = []
    while (statuses.at(-1) !== 429 && statuses.length < 25) {
      statuses.push((await shop.post('/2fa/verify', { user_id: name, code })).status)
    }
    return statuses.length
  }

  it('lets nobody tell by waiting whether a user is known', async () => {
    await enrolled()
    await shop.post('/2fa/enroll', { user_id: `${user} bare` })
    const known = await guessesOf(user)
    expect(known).toBeLessThan(25)
    expect(await guessesOf(`${user} nobody`)).toBe(known)
    expect(await guessesOf(`${user} bare`)).toBe(known)
  })

  it('checks nothing while one has to wait', async () => {
    const { secret } = await enrolled()
    await guessesOf(user)
    const right = { user_id: user, code: await code(secret) }
    expect((await shop.post('/2fa/verify', right)).status).toBe(429)
    gateway.clock.advance(900)
    const later = { user_id: user, code: await code(secret) }
    expect((await shop.post('/2fa/verify', later)).body.verified).toBe(true)
  })

  it('counts a wrong code once, against each authenticator that it may be of and no other', async () => {
    const first = await enrolled()
    const second = await enrolled()
    const backup = await shop.post('/2fa/enroll', { user_id: user, type: 'backup_code' })
    await shop.post(`/2fa/enroll/${backup.body.id}/confirm`, { code: 'kept' })
    const failures = async () => {
      const made = await gateway.store.users.findExternal('shop', user)
      const own = await gateway.store.credentials.listByUser(made?.id ?? '')
      return Object.fromEntries(own.map((it) => [it.id, it.failures]))
    }
    // More than there may be of backup codes: digits are none.
    for (let guess = 0; guess < 7; guess += 1) {
      const { body } = await shop.post('/2fa/verify', { user_id: user, code: '000000' })
      const attempts_left = 9 - guess
      expect(body).toEqual({ verified: false, user_id: user, reason: 'wrong', attempts_left })
    }
    expect(await failures()).toEqual({ [first.id]: 7, [second.id]: 7, [backup.body.id]: 0 })
    const right = { user_id: user, code: await code(second.secret) }
    expect((await shop.post('/2fa/verify', right)).body).toMatchObject({
      verified: true,
      factor: second.id,
    })
    expect(await failures()).toMatchObject({ [first.id]: 7, [second.id]: 0 })
    await shop.post('/2fa/verify', { user_id: user, code: '0000-0000-0000-0000' })
    expect(await failures()).toMatchObject({ [second.id]: 0, [backup.body.id]: 1 })
  })

  it('slows guesses down, and says for how long', async () => {
    await enrolled()
    const statuses: number[] = []
    for (let guess = 0; guess < 25; guess += 1) {
      statuses.push((await shop.post('/2fa/verify', { user_id: user, code: '000000' })).status)
    }
    expect(statuses.at(-1)).toBe(429)
    const slowed = await shop.post('/2fa/verify', { user_id: user, code: '000000' })
    expect(slowed.body.code).toBe('throttled')
    expect(Number(slowed.headers['retry-after'])).toBeGreaterThan(0)
  })

  it('lets no user pay for the wrong codes of others, who come from the same address', async () => {
    const { secret } = await enrolled()
    for (let other = 0; other < 8; other += 1) {
      const name = `${user} ${other}`
      const { body } = await shop.post('/2fa/enroll', { user_id: name })
      const confirm = `/2fa/enroll/${body.id}/confirm`
      for (let guess = 0; guess < 9; guess += 1) await shop.post(confirm, { code: '000000' })
    }
    const answer = { user_id: user, code: await code(secret) }
    expect((await shop.post('/2fa/verify', answer)).body.verified).toBe(true)
  })

  it('signs the outcome and the details that were shown, for the application alone', async () => {
    const { secret } = await enrolled()
    const details = { title: 'Send 250.00 EUR', fields: [{ name: 'To', value: 'Bob' }] }
    const challenge = await shop.post('/2fa/challenges', { user_id: user, details })
    expect(challenge).toMatchObject({ status: 201, body: { state: 'pending', prompt: 'code' } })
    const verified = await shop.post('/2fa/verify', {
      challenge_id: challenge.body.id,
      code: await code(secret),
    })
    expect(verified.body.verified).toBe(true)
    expect(decodeProtectedHeader(verified.body.result)).toMatchObject({
      alg: 'ES256',
      typ: 'gatehouse-result+jwt',
    })
    expect(decodeJwt(verified.body.result)).toMatchObject({
      iss: 'https://auth.gw.test',
      aud: 'shop',
      sub: user,
      challenge_id: challenge.body.id,
      details,
    })
  })
})

describe('a challenge', () => {
  it('goes through its states, and stays readable', async () => {
    const { secret } = await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user, type: 'totp' })
    expect((await shop.get(`/2fa/challenges/${body.id}`)).body.state).toBe('pending')
    await shop.post('/2fa/verify', { challenge_id: body.id, code: await code(secret) })
    expect((await shop.get(`/2fa/challenges/${body.id}`)).body.state).toBe('verified')
    const again = await shop.post('/2fa/verify', {
      challenge_id: body.id,
      code: await code(secret, 1),
    })
    expect(again.body).toMatchObject({ verified: false, reason: 'used' })
  })

  it('says with each answer what it still takes, and until when', async () => {
    const { secret } = await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const numbers = { resends_left: 0, retry_after: 0, expires_at: body.expires_at }
    expect(body).toMatchObject({ attempts_left: 5, ...numbers })
    const wrong = await shop.post('/2fa/verify', { challenge_id: body.id, code: '000000' })
    expect(wrong.body).toMatchObject({ verified: false, attempts_left: 4, ...numbers })
    const right = { challenge_id: body.id, code: await code(secret) }
    const verified = await shop.post('/2fa/verify', right)
    expect(verified.body).toMatchObject({ verified: true, attempts_left: 0, ...numbers })
    const { body: seen } = await shop.get(`/2fa/challenges/${body.id}`)
    expect(decodeJwt(seen.result)).toMatchObject({ challenge_id: body.id, sub: user })
  })

  it('shows what is signed, to the letter', async () => {
    const { secret } = await enrolled()
    for (const details of [{ title: 'Sign in' }, { title: 'Sign in', fields: [] }]) {
      gateway.clock.advance(60)
      const { body } = await shop.post('/2fa/challenges', { user_id: user, details })
      expect(body.details).toEqual(details)
      const right = { challenge_id: body.id, code: await code(secret) }
      const verified = await shop.post('/2fa/verify', right)
      expect(decodeJwt(verified.body.result).details).toEqual(details)
    }
  })

  it.each([
    ['no answer', {}],
    ['two answers', { code: '123456', response: {} }],
  ])('takes %s for no answer', async (_, answer) => {
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    for (const whose of [{ challenge_id: body.id }, { user_id: user }]) {
      const refused = await shop.post('/2fa/verify', { ...whose, ...answer })
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    }
    expect((await shop.get(`/2fa/challenges/${body.id}`)).body.attempts_left).toBe(5)
  })

  it('stays readable when its factor is removed, and answers nothing then', async () => {
    const { id, secret } = await enrolled()
    const open = async () => (await shop.post('/2fa/challenges', { user_id: user })).body.id
    const ended = await open()
    await shop.post('/2fa/verify', { challenge_id: ended, code: await code(secret) })
    const pending = await open()
    gateway.clock.advance(30)
    await shop.send('DELETE', `/2fa/factors/${id}`)
    expect((await shop.get(`/2fa/challenges/${ended}`)).body).toMatchObject({
      state: 'verified',
      factor: id,
    })
    expect((await shop.get(`/2fa/challenges/${pending}`)).body.state).toBe('canceled')
    const late = { challenge_id: pending, code: await code(secret) }
    expect((await shop.post('/2fa/verify', late)).body).toMatchObject({
      verified: false,
      reason: 'expired',
    })
    expect((await shop.post(`/2fa/challenges/${pending}/resend`)).status).toBe(409)
  })

  it('is exhausted after five wrong answers', async () => {
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const reasons: string[] = []
    for (let guess = 0; guess < 6; guess += 1) {
      const { body: answer } = await shop.post('/2fa/verify', {
        challenge_id: body.id,
        code: '000000',
      })
      reasons.push(answer.reason)
    }
    expect(reasons).toEqual(['wrong', 'wrong', 'wrong', 'wrong', 'exhausted', 'exhausted'])
    expect((await shop.get(`/2fa/challenges/${body.id}`)).body).toMatchObject({
      state: 'exhausted',
      attempts_left: 0,
    })
  })

  it('can be taken back', async () => {
    const { secret } = await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    expect((await shop.post(`/2fa/challenges/${body.id}/cancel`)).body.state).toBe('canceled')
    const late = await shop.post('/2fa/verify', { challenge_id: body.id, code: await code(secret) })
    expect(late.body.verified).toBe(false)
  })

  it('expires', async () => {
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    gateway.clock.advance(301)
    expect((await shop.get(`/2fa/challenges/${body.id}`)).body.state).toBe('expired')
  })
})

describe('waiting for the end of a challenge', () => {
  it('is for a hundred requests of one key at a time, and says when to ask again', async () => {
    await enrolled()
    const patient = await openApi(gateway, 'shop')
    const ids: string[] = []
    for (let each = 0; each < 2; each += 1) {
      ids.push((await shop.post('/2fa/challenges', { user_id: user })).body.id)
    }
    const [open, spare] = ids
    const wait = () => patient.get(`/2fa/challenges/${open}?wait=25`)
    const waiting = Array.from({ length: 100 }, wait)
    // All of them wait once one more has to go.
    const refused = await vi.waitFor(
      async () => {
        const answer = await patient.get(`/2fa/challenges/${spare}?wait=1`)
        expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_waiting' } })
        return answer
      },
      { timeout: 20_000 },
    )
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    // Whoever does not wait is told, and so are other keys.
    expect((await patient.get(`/2fa/challenges/${open}`)).status).toBe(200)
    const other = shop.get(`/2fa/challenges/${open}?wait=25`)
    await shop.post(`/2fa/challenges/${open}/cancel`)
    for (const { body } of await Promise.all([...waiting, other])) {
      expect(body.state).toBe('canceled')
    }
    const again = patient.get(`/2fa/challenges/${spare}?wait=25`)
    await shop.post(`/2fa/challenges/${spare}/cancel`)
    expect((await again).body.state).toBe('canceled')
  }, 40_000)
})

describe('a challenge by mail', () => {
  it('is sent five times, each a while after the one before, and no more', async () => {
    const target = 'customer@shop.test'
    const begun = await shop.post('/2fa/enroll', { user_id: user, type: 'email', target })
    await shop.post(`/2fa/enroll/${begun.body.id}/confirm`, { code: mailedCode() })
    gateway.clock.advance(3600)
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const resend = () => shop.post(`/2fa/challenges/${body.id}/resend`)
    const soon = await resend()
    expect(soon).toMatchObject({ status: 429, body: { code: 'throttled' } })
    expect(Number(soon.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    for (let sent = 1; sent < 5; sent += 1) {
      gateway.clock.advance(120)
      expect(await resend()).toMatchObject({ status: 200, body: { resends_left: 4 - sent } })
    }
    for (const seconds of [0, 120]) {
      gateway.clock.advance(seconds)
      expect(await resend()).toMatchObject({ status: 409, body: { code: 'challenge_over' } })
    }
  })
})

describe('an authenticator of somebody who signs in here', () => {
  it('takes the sessions along that were proved with it, and all changes are written down', async () => {
    const own = await openApi(gateway, 'gatehouse')
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const alice = await gateway.addUser({ name: `alice${number}`, secret })
    const visitor = gateway.visitor()
    await visitor.open(
      `https://auth.gw.test/login?rd=${encodeURIComponent('https://wiki.gw.test/')}`,
    )
    const asked = await visitor.submit({ username: alice.name, password: PASSWORD })
    await visitor.open(asked.location ?? '')
    await visitor.submit({ code: await code(secret) })
    expect(await gateway.store.sessions.listByUser(alice.id)).toMatchObject([{ aal: 2 }])
    const [app] = await gateway.store.credentials.listByUser(alice.id)
    await own.send('PATCH', `/2fa/factors/${app?.id}`, { label: 'Old phone' })
    expect((await own.send('DELETE', `/2fa/factors/${app?.id}`)).status).toBe(204)
    expect(await gateway.store.sessions.listByUser(alice.id)).toEqual([])
    const names = ['factor.changed', 'factor.removed'] as const
    const trail = await gateway.store.events.listByUser(alice.id, names, 9)
    expect(trail.map(({ name, details }) => [name, details?.by])).toEqual([
      ['factor.removed', 'api gatehouse'],
      ['factor.changed', 'api gatehouse'],
    ])
  })
})

describe('somebody who signs in here, and said that a change was not theirs', () => {
  it('is closed to changes by this way too, until the day is over', async () => {
    const own = await openApi(gateway, 'gatehouse', { scopes: ['2fa', 'users'] })
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    const alice = await gateway.addUser({ name: `alice${number}`, secret })
    const [app] = await gateway.store.credentials.listByUser(alice.id)
    const begun = await own.post('/2fa/enroll', { user_id: alice.name })
    await gateway.store.users.freeze(alice.id, gateway.clock.now() + 600)
    const confirm = async () =>
      own.post(`/2fa/enroll/${begun.body.id}/confirm`, { code: await code(begun.body.secret) })
    const changes = [
      () => own.post('/2fa/enroll', { user_id: alice.name }),
      confirm,
      () => own.send('PATCH', `/2fa/factors/${app?.id}`, { label: 'x' }),
      () => own.send('DELETE', `/2fa/factors/${app?.id}`),
      () => own.post(`/2fa/users/${alice.name}/bypass`, {}),
    ]
    for (const change of changes) {
      expect(await change()).toMatchObject({ status: 409, body: { code: 'user_frozen' } })
    }
    const bound = await gateway.store.credentials.listByUser(alice.id)
    expect(bound.map(({ state }) => state).sort()).toEqual(['active', 'pending'])
    // What they have still counts.
    const right = { user_id: alice.name, code: await code(secret) }
    expect((await own.post('/2fa/verify', right)).body.verified).toBe(true)
    gateway.clock.advance(600)
    expect((await own.send('DELETE', `/2fa/factors/${app?.id}`)).status).toBe(204)
    const { body } = await own.post('/2fa/enroll', { user_id: alice.name })
    const late = { code: await code(body.secret) }
    expect((await own.post(`/2fa/enroll/${body.id}/confirm`, late)).status).toBe(200)
  })

  it('is sent to no enrollment meanwhile', async () => {
    const own = await openApi(gateway, 'gatehouse')
    const bob = await gateway.addUser({ name: `bob${number}` })
    const asked = () => own.post('/2fa/preauth', { user_id: bob.name })
    expect((await asked()).body.result).toBe('enroll')
    await gateway.store.users.freeze(bob.id, gateway.clock.now() + 600)
    expect((await asked()).body).toMatchObject({ result: 'deny', reason: 'user_frozen' })
  })
})

describe('a key', () => {
  it('sees and changes nothing of another application', async () => {
    const { id, secret } = await enrolled()
    const { body: challenge } = await shop.post('/2fa/challenges', { user_id: user })
    expect(
      (await other.get(`/2fa/users/${encodeURIComponent(user)}/factors`)).body.factors,
    ).toEqual([])
    expect((await other.send('DELETE', `/2fa/factors/${id}`)).status).toBe(404)
    expect((await other.send('PATCH', `/2fa/factors/${id}`, { label: 'x' })).status).toBe(404)
    expect((await other.get(`/2fa/challenges/${challenge.id}`)).status).toBe(404)
    expect((await other.post(`/2fa/challenges/${challenge.id}/cancel`)).status).toBe(404)
    const answer = { challenge_id: challenge.id, code: await code(secret) }
    expect((await other.post('/2fa/verify', answer)).status).toBe(404)
    expect(
      (await other.post('/2fa/verify', { user_id: user, code: await code(secret) })).body.verified,
    ).toBe(false)
    expect((await shop.post('/2fa/verify', answer)).body.verified).toBe(true)
  })

  it('cannot touch the people who sign in here', async () => {
    const alice = await gateway.addUser({
      name: `alice${number}`,
      secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    })
    for (const name of [alice.name, alice.id]) {
      const { body } = await shop.get(`/2fa/users/${name}/factors`)
      expect(body.factors).toEqual([])
    }
    const [credential] = await gateway.store.credentials.listByUser(alice.id)
    expect((await shop.send('DELETE', `/2fa/factors/${credential?.id}`)).status).toBe(404)
  })

  it.each([
    ['that is unknown', 'ghk_AAAAAAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['of another shape', 'secret'],
    ['that is missing', ''],
  ])('%s opens nothing', async (_, token) => {
    const { status, body } = await shop.post(
      '/2fa/enroll',
      { user_id: user },
      {
        authorization: token ? `Bearer ${token}` : '',
      },
    )
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'invalid_api_key' })
  })

  it('that has expired, or is used from elsewhere, or lacks the scope, opens nothing', async () => {
    const old = await openApi(gateway, 'shop', { expiresAt: gateway.clock.now() })
    const far = await openApi(gateway, 'shop', { networks: ['10.0.0.0/8'] })
    const narrow = await openApi(gateway, 'shop', { scopes: [] })
    const codes: string[] = []
    for (const client of [old, far, narrow]) {
      codes.push((await client.post('/2fa/enroll', { user_id: user })).body.code)
    }
    expect(codes).toEqual(['invalid_api_key', 'invalid_api_key', 'insufficient_scope'])
  })

  it('that is used from elsewhere is answered like one that is none, and written down as what it is', async () => {
    const far = await openApi(gateway, 'shop', { networks: ['10.0.0.0/8'] })
    const token = 'ghk_AAAAAAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    const none = { authorization: `Bearer ${token}` }
    const told = ({ status, body: { request_id, ...body }, headers }: ApiAnswer) => {
      const { date, 'x-request-id': id, ratelimit, ...others } = headers
      return { status, body, others }
    }
    for (let time = 0; time < 40; time += 1) {
      const unknown = await shop.get('/2fa/users/x/factors', none)
      expect(told(await far.get('/2fa/users/x/factors'))).toEqual(told(unknown))
      gateway.clock.advance(60)
    }
    const newest = { limit: 1, newestFirst: true }
    const [written] = await gateway.store.events.list({ names: ['api.key_refused'] }, newest)
    expect(written).toMatchObject({
      address: '127.0.0.1',
      details: { key: far.key.id, application: 'shop', reason: 'network_not_allowed' },
    })
  })
})

describe('a request', () => {
  it('that comes twice with one Idempotency-Key is done once', async () => {
    const headers = { 'idempotency-key': `k${number}` }
    const first = await shop.post('/2fa/enroll', { user_id: user }, headers)
    const second = await shop.post('/2fa/enroll', { user_id: user }, headers)
    expect(second.body).toEqual(first.body)
    expect(second.headers['idempotent-replayed']).toBe('true')
    const otherBody = await shop.post('/2fa/enroll', { user_id: 'somebody' }, headers)
    expect(otherBody.body.code).toBe('idempotency_key_reused')
  })

  it('that was cut short is asked to wait, and done once it cannot be under way any more', async () => {
    const name = `cut short ${number}`.replaceAll(' ', '-')
    const key = sha256(JSON.stringify([shop.key.id, '/api/2fa/enroll', name]))
    const now = gateway.clock.now()
    const request = sha256(JSON.stringify({ user_id: user }))
    // As a process leaves it that dies before it has answered.
    await gateway.store.idempotency.claim({ key, until: now + 15 }, request, now)
    const again = () => shop.post('/2fa/enroll', { user_id: user }, { 'idempotency-key': name })
    for (const [seconds, expected] of [
      [0, '5'],
      [8, '5'],
      [4, '3'],
    ] as const) {
      gateway.clock.advance(seconds)
      const { status, headers, body } = await again()
      expect([status, body.code]).toEqual([409, 'request_under_way'])
      expect(headers['retry-after']).toBe(expected)
    }
    gateway.clock.advance(3)
    const done = await again()
    expect(done.status).toBe(201)
    expect((await again()).body).toEqual(done.body)
  })

  it('by another method is told which there are, and to no address where all of them stand', async () => {
    for (const [method, path, allowed] of [
      ['GET', '/2fa/verify', 'POST'],
      ['POST', '/2fa/users/anna/factors', 'GET'],
      ['PUT', '/2fa/factors/x', 'PATCH, DELETE'],
    ] as const) {
      const { status, body, headers } = await shop.send(method, path)
      expect([status, body.code, headers.allow]).toEqual([405, 'method_not_allowed', allowed])
    }
    for (const path of ['/2fa/enrol', '/2fa', '/', '']) {
      const { status, body } = await shop.get(path)
      expect([path, status, body.code]).toEqual([path, 404, 'unknown_address'])
      expect(body.title).toContain('https://auth.gw.test/api/docs')
    }
  })

  it('without a field says that it is missing', async () => {
    const { body } = await shop.post('/2fa/enroll', { label: 7 })
    expect(body.errors).toEqual([
      { field: 'user_id', message: 'is missing' },
      { field: 'label', message: 'must be of type string, not number' },
    ])
  })

  it('without a body need not state that it has none', async () => {
    await enrolled()
    const { body } = await shop.post('/2fa/challenges', { user_id: user })
    const head = (more: string) =>
      [
        `POST /api/2fa/challenges/${body.id}/cancel HTTP/1.1`,
        'Host: auth.gw.test',
        `Authorization: Bearer ${shop.token}`,
        `${more}\r\n\r\n`,
      ].join('\r\n')
    const chunked = head('Transfer-Encoding: chunked')
    expect((await sendRaw(gateway.port, `${chunked}0\r\n\r\n`)).status).toBe(411)
    expect((await sendRaw(gateway.port, head('Accept: */*'))).status).toBe(200)
  })

  it('with unknown or wrong fields is told each of them', async () => {
    const { status, body } = await shop.post('/2fa/enroll', { user_id: 7, typ: 'totp', extra: 1 })
    expect(status).toBe(400)
    expect(body.code).toBe('invalid_request')
    expect(body.request_id).toBeTruthy()
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'extra',
      'typ',
      'user_id',
    ])
  })

  it.each([
    ['no JSON at all', { body: '{"user_id":', type: 'application/json' }, 400, 'malformed_json'],
    [
      'a form',
      { body: 'user_id=1', type: 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    [
      'too large',
      { body: `{"user_id":"${'x'.repeat(70_000)}"}`, type: 'application/json' },
      413,
      'too_large',
    ],
  ])('that is %s is refused', async (_, { body, type }, status, expected) => {
    const answer = await gateway.visitor().get('https://auth.gw.test/api/2fa/enroll', {
      method: 'POST',
      body,
      headers: { 'content-type': type, authorization: `Bearer ${shop.token}` },
    })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body).code).toBe(expected)
  })
})
