import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../src/model/user.ts'
import {
  createAuthenticator,
  type SoftAuthenticator,
  type Tampering,
} from '../support/authenticator.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import type { Visitor } from '../support/visitor.ts'

let recorder: Recorder
let gateway: TestGateway
beforeAll(async () => {
  recorder = await openRecorder()
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
factors:
  passkey:
    rp_id: gw.test
    origins: [https://login.example.org]
    android: [{ package: com.example.app, fingerprints: ["${Array(32).fill('AB').join(':')}"] }]
    ios: { app_ids: [9JA89QQLNQ.com.example.app] }
  totp: {}
routes:
  - host: wiki.gw.test
    upstream: http://127.0.0.1:${recorder.port}
    rules: [{ require: two_factor }]
  - host: key.gw.test
    upstream: http://127.0.0.1:${recorder.port}
    rules: [{ require: phishing_resistant }]
  - host: gw.test
    upstream: http://127.0.0.1:${recorder.port}
    rules: [{ require: one_factor }]
`)
})
afterAll(async () => {
  await gateway.close()
  await recorder.close()
})

const WIKI = 'https://wiki.gw.test/page'
const KEY = 'https://key.gw.test/page'
const login = (rd: string) => `https://auth.gw.test/login?rd=${encodeURIComponent(rd)}`

let number = 0
let user: User
let visitor: Visitor
beforeEach(async () => {
  number += 1
  user = await gateway.addUser({ name: `user${number}` })
  visitor = gateway.visitor()
  gateway.clock.advance(3600)
})

const onward = (answer: { location: string | undefined }) => visitor.open(answer.location ?? '')
const typePassword = () => visitor.submit({ username: user.name, password: PASSWORD })
const aPasskey = (traits = {}) => createAuthenticator({ origin: 'https://auth.gw.test', ...traits })

/** An authenticator of the user's, enrolled long ago. */
async function enrolled(traits = {}): Promise<SoftAuthenticator> {
  const authenticator = aPasskey(traits)
  await addPasskey(gateway.store, user, authenticator)
  return authenticator
}

/** What the script does with the page that is shown. */
function press(authenticator: SoftAuthenticator, tampering: Tampering = {}) {
  const options = optionsOn(visitor.page.body)
  return visitor.submit({ answer: spoken(authenticator.get(options, tampering)) })
}

const opens = async (url: string) => (await visitor.get(url)).status === 200

describe('a sign-in that begins with a passkey', () => {
  it('takes no name and no password, and opens what asks for the best', async () => {
    const passkey = await enrolled()
    await visitor.open(login(KEY))
    expect(visitor.page.body).toContain('autocomplete="username webauthn"')
    expect(await press(passkey)).toMatchObject({ status: 303, location: KEY })
    expect(await opens(KEY)).toBe(true)
    const [session] = await gateway.store.sessions.listByUser(user.id)
    expect(session).toMatchObject({
      aal: 2,
      phishingResistant: true,
      amr: ['pop', 'hwk', 'user', 'mfa'],
    })
  })

  it('asks for the password beside a key that was enrolled without its user’s PIN', async () => {
    const key = await enrolled({ verifies: false })
    await visitor.open(login(KEY))
    await onward(await press(key, { verified: true }))
    expect(visitor.page.body).toContain('type="password"')
    expect(await visitor.submit({ password: PASSWORD })).toMatchObject({
      status: 303,
      location: KEY,
    })
  })

  it('gets fresh options for a page that stood open', async () => {
    const passkey = await enrolled()
    await visitor.open(login(WIKI))
    gateway.clock.advance(301)
    const stale = await press(passkey)
    expect(stale).toMatchObject({ status: 401 })
    gateway.clock.advance(301)
    const fresh = await visitor.get('https://auth.gw.test/login/passkey-options')
    expect(fresh.headers).toMatchObject({ 'cache-control': 'no-store' })
    const answer = spoken(passkey.get(JSON.parse(fresh.body)))
    expect(await visitor.submit({ answer })).toMatchObject({ status: 303, location: WIKI })
  })

  it('is refused to a passkey that nobody knows, which the browser may then forget', async () => {
    const stranger = aPasskey()
    stranger.userHandle = 'AAAA'
    await visitor.open(login(WIKI))
    expect(await press(stranger)).toMatchObject({ status: 401 })
    expect(visitor.page.body).toContain(`data-unknown="${stranger.id}"`)
    expect(visitor.page.body).toContain('id="passkey-problem" role="alert"')
    expect(visitor.page.body).not.toContain('aria-invalid')
  })

  it('is refused to somebody who is disabled, whose passkey the browser keeps', async () => {
    const passkey = await enrolled()
    await gateway.store.users.setStatus(user.id, 'disabled')
    await visitor.open(login(WIKI))
    expect(await press(passkey)).toMatchObject({ status: 401 })
    expect(visitor.page.body).not.toContain('data-unknown')
  })

  it.each(['', '{', '[]', '{"id":"AAAA"}', '{"id":null}', 'null'])(
    'is refused to an answer that is none: %s',
    async (answer) => {
      await visitor.open(login(WIKI))
      expect((await visitor.submit({ answer, password: '', username: '' })).status).toBe(401)
    },
  )
})

describe('a passkey beside a password', () => {
  it('is asked for on a page of its own, and counts', async () => {
    const key = await enrolled({ verifies: false })
    await visitor.open(login(KEY))
    await onward(await typePassword())
    expect(visitor.page.body).toContain('data-passkey="prove"')
    expect(visitor.page.headers['content-security-policy']).toContain("script-src 'self'")
    expect(await press(key)).toMatchObject({ status: 303, location: KEY })
    expect(await opens(KEY)).toBe(true)
  })

  it('may be any that the person has', async () => {
    const [first, second] = [await enrolled(), await enrolled()]
    for (const key of [second, first]) {
      visitor = gateway.visitor()
      await visitor.open(login(WIKI))
      await onward(await typePassword())
      expect(await press(key)).toMatchObject({ status: 303, location: WIKI })
    }
  })

  it('may not be somebody else’s', async () => {
    await enrolled()
    const own = user
    user = await gateway.addUser({ name: `mallory${number}` })
    const hers = await enrolled()
    user = own
    await visitor.open(login(WIKI))
    await onward(await typePassword())
    expect(await press(hers)).toMatchObject({ status: 401 })
  })

  it('is asked for anew when the page stood open for too long', async () => {
    const key = await enrolled()
    await visitor.open(login(WIKI))
    await onward(await typePassword())
    const before = optionsOn(visitor.page.body).challenge
    await visitor.open(visitor.url)
    expect(optionsOn(visitor.page.body).challenge).toBe(before)
    gateway.clock.advance(301)
    await visitor.open(visitor.url)
    expect(optionsOn(visitor.page.body).challenge).not.toBe(before)
    expect(await press(key)).toMatchObject({ status: 303, location: WIKI })
  })

  it('is kept from one who only has a password, on the way to what asks for it', async () => {
    await gateway.store.credentials.insert({
      ...(await addPasskey(gateway.store, user, aPasskey())),
      id: `totp${number}`,
      kind: 'totp',
      handle: `totp${number}`,
      data: { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
    })
    await visitor.open(login(KEY))
    await onward(await typePassword())
    // The app is an authenticator, too, and not good enough here; a direct request does not change that.
    expect(visitor.page.body).toContain('data-passkey="prove"')
    expect(visitor.page.body).not.toContain('name="way"')
    expect((await onward(await visitor.submit({ way: `totp${number}` }))).body).toContain(
      'data-passkey="prove"',
    )
  })
})

describe('an enrollment of a passkey', () => {
  /** The page on which the first passkey is set up. */
  async function toEnrollment(rd: string) {
    await visitor.open(login(rd))
    await onward(await typePassword())
    if (visitor.page.body.includes('name="enroll" value="passkey"')) {
      await onward(await visitor.submit({ enroll: 'passkey' }))
    }
    expect(visitor.page.body).toContain('data-passkey="enroll"')
    return optionsOn(visitor.page.body)
  }

  it('is recommended at the first sign-in, and leads to the page that was asked for', async () => {
    await visitor.open(login(WIKI))
    await onward(await typePassword())
    const [first] = /name="enroll" value="\w+"/.exec(visitor.page.body) ?? []
    expect(first).toContain('passkey')
    const options = await toEnrollment(WIKI)
    const passkey = aPasskey()
    const done = await visitor.submit({ answer: spoken(passkey.create(options)) })
    expect(done).toMatchObject({ status: 303, location: WIKI })

    visitor = gateway.visitor()
    await visitor.open(login(KEY))
    expect(await press(passkey)).toMatchObject({ status: 303, location: KEY })
  })

  it('is all that is offered where a rule asks for the best', async () => {
    await toEnrollment(KEY)
    const other = await onward(await visitor.submit({ enroll: 'totp' }))
    expect(other.body).toContain('value="passkey"')
    expect(other.body).not.toContain('value="totp"')
  })

  it('is refused with a sentence, and can be tried again', async () => {
    const options = await toEnrollment(WIKI)
    const passkey = aPasskey()
    const wrong = passkey.create(options, { client: { origin: 'https://evil.test' } })
    expect(await visitor.submit({ answer: spoken(wrong) })).toMatchObject({ status: 401 })
    expect(visitor.page.body).toContain('role="alert"')
    expect(await visitor.submit({ answer: '{' })).toMatchObject({ status: 401 })
    const answer = spoken(passkey.create(optionsOn(visitor.page.body)))
    expect(await visitor.submit({ answer })).toMatchObject({ status: 303, location: WIKI })
  })

  it('goes on when the page stood open for too long', async () => {
    const before = await toEnrollment(WIKI)
    gateway.clock.advance(301)
    await visitor.open(visitor.url)
    const after = optionsOn(visitor.page.body)
    expect(after.challenge).not.toBe(before.challenge)
    const answer = spoken(aPasskey().create(after))
    expect(await visitor.submit({ answer })).toMatchObject({ status: 303, location: WIKI })
  })
})

describe('the documents about passkeys', () => {
  it.each([
    ['https://auth.gw.test/.well-known/webauthn', { origins: ['https://login.example.org'] }],
    ['https://gw.test/.well-known/webauthn', { origins: ['https://login.example.org'] }],
    [
      'https://gw.test/.well-known/assetlinks.json',
      [{ target: { package_name: 'com.example.app' } }],
    ],
    [
      'https://gw.test/.well-known/apple-app-site-association',
      { webcredentials: { apps: ['9JA89QQLNQ.com.example.app'] } },
    ],
  ])('stand at %s, for everybody', async (url, document) => {
    const answer = await visitor.get(url)
    expect(answer).toMatchObject({ status: 200, cookies: [] })
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(JSON.parse(answer.body)).toMatchObject(document)
  })

  it('stand nowhere else', async () => {
    expect((await visitor.get('https://wiki.gw.test/.well-known/webauthn')).status).toBe(302)
    expect((await visitor.get('https://gw.test/.well-known/webauthn/')).status).toBe(302)
    expect((await visitor.get('https://gw.test/.well-known/%77ebauthn')).status).not.toBe(200)
    const posted = await visitor.get('https://gw.test/.well-known/webauthn', { method: 'POST' })
    expect(posted.status).not.toBe(200)
  })
})

describe('what the sign-in page loads', () => {
  it('is under 30 KB on the wire, with both scripts', async () => {
    await visitor.open(login(WIKI))
    const { body } = visitor.page
    const addresses = [...body.matchAll(/(?:src|href)="(https:[^"]*\/assets\/[^"]*)"/g)]
    expect(addresses.filter(([, url = '']) => url.endsWith('.js'))).toHaveLength(2)
    const sizes = await Promise.all(
      addresses.map(async ([, url = '']) => {
        const answer = await visitor.get(url, { headers: { 'accept-encoding': 'br' } })
        return Number(answer.headers['content-length'])
      }),
    )
    expect(sizes.every((size) => size > 0)).toBe(true)
    const total = Buffer.byteLength(body) + sizes.reduce((sum, size) => sum + size, 0)
    expect(total).toBeLessThan(30_000)
  })
})
