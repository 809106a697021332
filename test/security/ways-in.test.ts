import { afterEach, beforeEach, describe, expect } from 'vitest'
import { newKeyToken } from '../../src/api/keys.ts'
import type { User } from '../../src/model/user.ts'
import {
  ACCOUNT,
  ACCOUNT_YAML,
  type AccountTest,
  openAccountTest,
  WIKI,
} from '../support/account.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { PASSWORD } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import { send } from '../support/raw.ts'
import type { Browser, Page } from './browser.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'
const APP = 'https://app.gw.test/'
const KEY = 'https://a.gw.test/'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture({
    factors: { passkey: {}, totp: {}, email: {}, backup_code: {} },
    // Nobody is there: what is mailed is tried in the background, and never arrives.
    channels: { smtp: { url: 'smtp://127.0.0.1:1', from: 'gate@gw.test' } },
    rules: { a: [{ require: 'phishing_resistant' }] },
    applications: [{ id: 'shop' }],
  })
})
afterEach(() => fixture.close())

const credentialsOf = ({ id }: User) => fixture.store.credentials.listByUser(id)

/** Follows an answer within the portal to the page that it leads to. */
async function onward(browser: Browser, page: Page): Promise<Page> {
  if (page.location === undefined) return page
  return browser.get(new URL(page.location, page.url).href)
}

/** Name and password, up to the page that comes then. */
async function withPassword(browser: Browser, name: string, rd = APP): Promise<Page> {
  const page = await browser.get(`${PORTAL}/login?rd=${encodeURIComponent(rd)}`)
  return onward(browser, await browser.submit(page, fixture.credentials(name)))
}

const isSignedIn = (browser: Browser) => browser.cookies('app.gw.test').includes(fixture.cookieName)

/** What a browser is let in to: one factor, two, and two that nobody can phish. */
async function levelsOf(browser: Browser): Promise<number[]> {
  const cookie = browser.cookies('app.gw.test')
  const hosts = ['one.gw.test', 'app.gw.test', 'a.gw.test']
  const asked = hosts.map(async (host) => (await fixture.ask(host, '/', cookie)).status)
  return Promise.all(asked)
}
const NOTHING = [401, 401, 401]

/** Makes backup codes on the account page. */
async function backupCodesOf(name: string): Promise<string[]> {
  const browser = fixture.browser()
  await fixture.signIn(browser, name)
  const choice = await browser.get(`${PORTAL}/account/factors/add`)
  const shown = await onward(browser, await browser.submit(choice, { enroll: 'backup_code' }))
  const codes = Array.from(shown.body.matchAll(/<code>([^<]+)<\/code>/g), ([, code = '']) => code)
  expect(codes).toHaveLength(10)
  expect((await browser.submit(shown, { code: 'kept' })).status).toBe(303)
  return codes
}

/** The question for a backup code, with the password given. */
async function toBackupCode(browser: Browser, user: User): Promise<Page> {
  const page = await withPassword(browser, user.name)
  const kept = (await credentialsOf(user)).find(({ kind }) => kind === 'backup_code')
  return onward(browser, await browser.submit(page, { way: kept?.id ?? '' }))
}

describe('a second factor', () => {
  story('MFA-008', 'is none that the page does not take, whatever is posted', async () => {
    const { alice } = fixture.users
    const key = createAuthenticator({ origin: PORTAL })
    await addPasskey(fixture.store, alice, key)
    await fixture.store.credentials.insert({
      ...{ id: 'alice-by-mail', userId: alice.id, kind: 'email', label: 'Mail' },
      ...{ data: { target: alice.email }, version: 1, state: 'active', failures: 0 },
      createdAt: fixture.clock.now(),
    })
    const app = (await credentialsOf(alice)).find(({ kind }) => kind === 'totp')
    const browser = fixture.browser()
    const page = await withPassword(browser, 'alice', KEY)
    expect(page.body).toContain('data-passkey="prove"')
    for (const way of [app?.id ?? '', 'alice-by-mail', 'email', 'totp', 'password']) {
      const answer = await onward(browser, await browser.submit(page, { way }))
      expect(answer.body).toContain('data-passkey="prove"')
    }
    // Nor does a code count that was never asked for.
    const { status } = await browser.submit(page, { code: fixture.code('alice') })
    expect(status).toBe(401)
    expect(await levelsOf(browser)).toEqual(NOTHING)

    // With the app alone she gets as far as the app leads, and no further.
    const other = fixture.browser()
    fixture.clock.advance(30)
    const choice = await withPassword(other, 'alice')
    const code = await onward(other, await other.submit(choice, { way: app?.id ?? '' }))
    await other.submit(code, { code: fixture.code('alice') })
    expect(await levelsOf(other)).toEqual([200, 200, 401])
    const raised = await onward(other, await other.get(`${PORTAL}/login?rd=${KEY}`))
    expect(raised.body).toContain('data-passkey="prove"')
    await other.submit(raised, { way: app?.id ?? '' })
    expect(await levelsOf(other)).toEqual([200, 200, 401])
  })

  story('MFA-015', 'by mail is set up for the account’s own address alone', async () => {
    const { dave, noemail } = fixture.users
    const browser = fixture.browser()
    const choice = await withPassword(browser, 'dave')
    expect(choice.body).toContain('value="email"')
    for (const field of ['target', 'email', 'to', 'address']) {
      const page = await browser.submit(choice, { enroll: 'email', [field]: 'mallory@evil.test' })
      const begun = (await credentialsOf(dave)).filter(({ kind }) => kind === 'email')
      expect(begun.map(({ data }) => data)).toEqual(
        page.status === 429 ? [] : [{ target: 'dave@gw.test' }],
      )
    }
    expect(isSignedIn(browser)).toBe(false)

    // Whoever has no address on file sets up something else.
    await fixture.store.credentials.delete((await credentialsOf(noemail))[0]?.id ?? '', noemail.id)
    const other = fixture.browser()
    const page = await withPassword(other, 'noemail')
    expect(page.body).toContain('value="totp"')
    expect(page.body).not.toContain('value="email"')
    await other.submit(page, { enroll: 'email', target: 'mallory@evil.test' })
    expect((await credentialsOf(noemail)).filter(({ kind }) => kind === 'email')).toEqual([])
  })

  story('MFA-017', 'on paper is good for one of fifty who send it at once', async () => {
    const { alice } = fixture.users
    const [code = '', other = ''] = await backupCodesOf('alice')
    await fixture.store.sessions.deleteByUser(alice.id)
    const browsers = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        const browser = fixture.browser(at % 2 === 0 ? fixture.port : fixture.trustedPort)
        return { browser, page: await toBackupCode(browser, alice) }
      }),
    )
    const answers = await Promise.all(
      browsers.flatMap(({ browser, page }) =>
        Array.from({ length: 5 }, () => browser.submit(page, { code })),
      ),
    )
    expect(answers).toHaveLength(50)
    expect(answers.filter(({ status }) => ![303, 401, 403, 429].includes(status))).toEqual([])
    const done = answers.filter((it) =>
      it.all('set-cookie').some((line) => line.startsWith(`${fixture.cookieName}=`)),
    )
    expect(done).toHaveLength(1)
    expect(await fixture.store.sessions.listByUser(alice.id)).toHaveLength(1)

    // It is used up, and the next one is not.
    fixture.clock.advance(3600)
    const late = fixture.browser()
    const page = await toBackupCode(late, alice)
    expect((await late.submit(page, { code })).status).toBe(401)
    expect((await late.submit(page, { code: other })).status).toBe(303)
    expect(isSignedIn(late)).toBe(true)
  })
})

describe('every way in', () => {
  story('MFA-016', 'gives the level that it proves, and passes the same gate', async () => {
    const { alice, bob } = fixture.users
    const [code = ''] = await backupCodesOf('alice')
    const key = createAuthenticator({ origin: PORTAL })
    await addPasskey(fixture.store, bob, key)
    const { id, token, secretHash } = newKeyToken()
    await fixture.store.apiKeys.insert(
      {
        ...{ id, application: 'shop', label: 'test', scopes: ['2fa'], networks: [] },
        createdAt: fixture.clock.now(),
      },
      secretHash,
    )

    // Neither a name and password in a header nor an application's key is a sign-in.
    const { username, password } = fixture.credentials('alice')
    const basic = Buffer.from(`${username}:${password}`).toString('base64')
    for (const authorization of [`Basic ${basic}`, `Bearer ${token}`]) {
      for (const host of ['one.gw.test', 'app.gw.test', 'a.gw.test']) {
        const headers = [['Authorization', authorization]] as const
        expect((await send(fixture.port, { host, path: '/', headers })).status).toBe(401)
      }
      const headers = [
        ['Authorization', authorization],
        ['Accept', 'text/html'],
      ] as const
      const account = await send(fixture.port, { host: 'auth.gw.test', path: '/account', headers })
      expect(account.status).toBe(303)
    }

    const byPassword = fixture.browser()
    await withPassword(byPassword, 'alice', 'https://one.gw.test/')
    expect(await levelsOf(byPassword)).toEqual([200, 401, 401])

    const byPaper = fixture.browser()
    await byPaper.submit(await toBackupCode(byPaper, alice), { code })
    expect(await levelsOf(byPaper)).toEqual([200, 200, 401])

    // A passkey alone, which has seen a finger or a PIN, is all three.
    const byKey = fixture.browser()
    const page = await byKey.get(`${PORTAL}/login?rd=${encodeURIComponent(KEY)}`)
    await byKey.submit(page, { answer: spoken(key.get(optionsOn(page.body))) })
    expect(await levelsOf(byKey)).toEqual([200, 200, 200])
    fixture.recorder.clear()
    expect(await levelsOf(fixture.browser())).toEqual(NOTHING)
    expect(fixture.recorder.messages()).toEqual([])
  })
})

describe('a first second factor', () => {
  let gateway: AccountTest
  afterEach(() => gateway.close())
  const rd = `${PORTAL}/login?rd=${encodeURIComponent(WIKI)}`

  story('MFA-014', 'is told of, and takes a pass where the configuration says so', async () => {
    gateway = await openAccountTest()
    const dave = await gateway.addPerson({ secret: null })
    const hers = gateway.visitor()
    await hers.open(rd)
    await gateway.send(hers, { username: dave.name, password: PASSWORD })
    await gateway.send(hers, { enroll: 'totp' })
    await hers.submit({ code: await gateway.code(dave.id) })
    const told = await gateway.sent(dave.email ?? '', 1)
    expect(JSON.stringify(told)).toContain('A new way to sign in was set up')
    await gateway.close()

    gateway = await openAccountTest(`${ACCOUNT_YAML}\nlogin: { first_factor: pass }\n`)
    const eve = await gateway.addPerson({ secret: null })
    const thief = gateway.visitor()
    await thief.open(rd)
    const begun = await gateway.send(thief, { username: eve.name, password: PASSWORD })
    expect(begun.status).toBe(403)
    expect(begun.body).not.toContain('name="enroll"')
    // Neither does the account page bind anything, where a password alone opens it.
    await gateway.signIn(thief, eve, 'https://one.gw.test/')
    expect((await thief.open(`${ACCOUNT}/factors/add`)).status).toBe(403)
    await thief.open(`${PORTAL}/logout`)
    const body = thief.page.body.replace(/action="[^"]*"/, `action="${ACCOUNT}/factors/add"`)
    thief.page = { ...thief.page, body }
    await thief.submit({ enroll: 'totp' })
    expect(await gateway.store.credentials.listByUser(eve.id)).toEqual([])

    // With a pass from an administrator it goes on as ever, and the pass itself opens nothing.
    const pass = await gateway.issuePass(eve.id)
    const own = gateway.visitor()
    await own.open(rd)
    await gateway.send(own, { username: eve.name, password: PASSWORD })
    await gateway.send(own, { code: pass })
    expect(own.jar.has('__Secure-gatehouse')).toBe(false)
    await gateway.send(own, { enroll: 'totp' })
    expect((await own.submit({ code: await gateway.code(eve.id) })).location).toBe(WIKI)
  })
})
