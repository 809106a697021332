import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest, WIKI } from '../support/account.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { PASSWORD } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import type { Visitor } from '../support/visitor.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

/** Every page of the account with its method, as the list of routes in the source has them. */
const ROUTES = Array.from(
  readFileSync(new URL('../../src/portal/account/index.ts', import.meta.url), 'utf8').matchAll(
    /\.(get|post)\('(\/account[^']*)'/g,
  ),
  ([, method = '', path = '']) => ({ method, path: path.replace(/:\w+/g, 'A'.repeat(22)) }),
)

const NOBODY = [302, 303, 401]

describe('half a sign-in', () => {
  let fixture: Fixture
  beforeEach(async () => {
    fixture = await openFixture()
  })
  afterEach(() => fixture.close())

  const halfway = async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice', { rd: 'https://one.gw.test/' })
    return browser
  }

  story('MFA-001', 'opens nothing that asks for two factors', async () => {
    const browser = await halfway()
    fixture.recorder.clear()
    const { status } = await fixture.ask('app.gw.test', '/', browser.cookies('app.gw.test'))
    expect(NOBODY).toContain(status)
    expect(fixture.recorder.messages()).toEqual([])
  })

  story('MFA-010', 'for one application is none for another that asks for more', async () => {
    const browser = await halfway()
    const cookie = browser.cookies('one.gw.test')
    expect((await fixture.ask('one.gw.test', '/', cookie)).status).toBe(200)
    expect((await fixture.askForward('app.gw.test', '/', cookie)).status).toBe(401)
    expect((await fixture.askForward('one.gw.test', '/', cookie)).status).toBe(200)
  })

  story('MFA-002', 'opens no page of the account, whatever the method', async () => {
    expect(ROUTES.length).toBeGreaterThan(20)
    const browser = await halfway()
    const form = await browser.get('https://auth.gw.test/logout')
    for (const { method, path } of ROUTES) {
      const action = form.body.replace(/action="[^"]*"/, `action="${path}"`)
      const answer =
        method === 'get'
          ? await browser.get(`https://auth.gw.test${path}`)
          : await browser.submit({ ...form, body: action }, { enroll: 'totp', remove: '1' })
      const { status, location } = answer
      expect({ path, status, location }).toEqual({
        path,
        status: 303,
        location: expect.stringContaining('/login?rd='),
      })
    }
    const own = await fixture.store.credentials.listByUser(fixture.users.alice.id)
    expect(own).toHaveLength(1)
  })

  story('MFA-012', 'comes to nothing when its person or its factor goes meanwhile', async () => {
    for (const change of ['disable', 'remove'] as const) {
      const browser = fixture.browser()
      const name = change === 'disable' ? 'bob' : 'carol'
      const { id } = fixture.users[name]
      const page = await fixture.toCode(browser, name)
      const [app] = await fixture.store.credentials.listByUser(id)
      const gone = async () => {
        if (change === 'disable') await fixture.store.users.setStatus(id, 'disabled')
        else await fixture.store.credentials.delete(app?.id ?? '', id)
        for (const session of await fixture.store.sessions.listByUser(id)) {
          await fixture.store.sessions.delete(session.id)
        }
      }
      await Promise.all([browser.submit(page, { code: fixture.code(name) }), gone()])
      const { status } = await fixture.ask('app.gw.test', '/', browser.cookies('app.gw.test'))
      expect(NOBODY).toContain(status)
      expect(await fixture.store.sessions.listByUser(id)).toEqual([])
    }
  })
})

describe('the account', () => {
  let test: AccountTest
  let alice: User
  let visitor: Visitor
  beforeEach(async () => {
    test = await openAccountTest()
    alice = await test.addPerson()
    visitor = test.visitor()
  })
  afterEach(() => test.close())

  const credentials = () => test.store.credentials.listByUser(alice.id)
  const post = async (page: string, fields: Record<string, string>) => {
    await visitor.open('https://auth.gw.test/logout')
    const body = visitor.page.body.replace(/action="[^"]*"/, `action="${ACCOUNT}/${page}"`)
    visitor.page = { ...visitor.page, body }
    return visitor.submit(fields)
  }

  story('MFA-005', 'binds no second authenticator by a password alone', async () => {
    await test.signIn(visitor, alice, 'https://one.gw.test/')
    const before = await credentials()
    for (const fields of [{ enroll: 'totp' }, { enroll: 'email', target: 'mallory@evil.test' }]) {
      expect((await post('factors/add', fields)).location).toContain('/login?rd=')
    }
    expect(await credentials()).toEqual(before)
  })

  story('MFA-006', 'changes nothing by a proof that is older than five minutes', async () => {
    await test.signIn(visitor, alice)
    const before = await credentials()
    const [app] = before
    test.clock.advance(301)
    for (const [page, fields] of [
      ['factors/add', { enroll: 'totp' }],
      ['factors/add', { enroll: 'backup_code' }],
      ['factors/add', { enroll: 'sms', target: '+4915123456789' }],
      [`factors/${app?.id}/remove`, { remove: 'nothing' }],
      [`factors/${app?.id}`, { label: 'mine' }],
      ['mail', { email: 'mallory@evil.test' }],
      ['mail', { remove: '1' }],
      ['password', { password: 'three paper boats', again: 'three paper boats' }],
      ['name', { display_name: 'Mallory' }],
      ['sessions/others', {}],
    ] as const) {
      expect((await post(page, fields)).location).toContain('/login?rd=')
    }
    expect(await credentials()).toEqual(before)
    expect(await test.store.users.find(alice.id)).toEqual(alice)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const told = test.inbox.messages().filter(({ message }) => message.to !== alice.email)
    expect(told).toEqual([])
  })

  story(
    'MFA-007',
    'takes the strongest authenticator for a change, however fresh another is',
    async () => {
      const key = createAuthenticator({ origin: 'https://auth.gw.test' })
      await addPasskey(test.store, alice, key)
      const app = (await credentials()).find(({ kind }) => kind === 'totp')
      await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
      await test.send(visitor, { username: alice.name, password: PASSWORD })
      await test.send(visitor, { way: app?.id ?? '' })
      const code = await test.code(alice.id)
      expect((await visitor.submit({ code })).location).toBe(WIKI)

      // Two factors a moment ago: enough to look, and not to change.
      expect((await visitor.get(ACCOUNT)).status).toBe(200)
      expect((await post('factors/add', { enroll: 'totp' })).location).toContain('/login?rd=')
      await visitor.open(`${ACCOUNT}/factors/add`)
      const question = { url: visitor.url, page: visitor.page }
      // Neither is the app one of the ways, nor does its code count when it is posted all the same.
      expect(question.page.body).not.toContain(app?.id)
      test.clock.advance(30)
      await visitor.submit({ way: app?.id ?? '' })
      Object.assign(visitor, question)
      expect((await visitor.submit({ code: await test.code(alice.id) })).status).toBe(401)
      expect((await visitor.get(`${ACCOUNT}/factors/add`)).location).toContain('/login?rd=')

      await visitor.open(`${ACCOUNT}/factors/add`)
      const answer = spoken(key.get(optionsOn(visitor.page.body)))
      await test.send(visitor, { answer })
      expect(visitor.url).toBe(`${ACCOUNT}/factors/add`)
      expect(await credentials()).toHaveLength(2)
    },
  )

  story('OTP-014', 'changes nothing by a code in a mail for whoever has more', async () => {
    const mailId = await test.addCredential(alice, 'email', { target: alice.email }, 'Mail')
    const codes = () =>
      test.inbox.messages().flatMap(({ message }) => /\b\d{6}\b/.exec(message.text)?.[0] ?? [])
    await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(visitor, { username: alice.name, password: PASSWORD })
    await test.send(visitor, { way: mailId })
    await expect.poll(() => codes().length).toBe(1)
    expect((await visitor.submit({ code: codes()[0] ?? '' })).location).toBe(WIKI)

    // Two factors by the configuration: enough to look, and not to change.
    expect((await visitor.get(ACCOUNT)).status).toBe(200)
    for (const page of ['factors/add', 'mail', 'password', 'name', 'sessions/others']) {
      expect((await visitor.get(`${ACCOUNT}/${page}`)).location).toContain('/login?rd=')
    }
    expect((await post('factors/add', { enroll: 'totp' })).location).toContain('/login?rd=')
    await visitor.open(`${ACCOUNT}/factors/add`)
    const question = { url: visitor.url, page: visitor.page }
    expect(question.page.body).not.toContain(mailId)
    await visitor.submit({ way: mailId })
    Object.assign(visitor, question)
    expect(codes()).toHaveLength(1)
    expect((await visitor.submit({ code: codes()[0] ?? '' })).status).toBe(401)
    await test.giveCode(visitor, alice)
    expect(visitor.url).toBe(`${ACCOUNT}/factors/add`)
    expect(await credentials()).toHaveLength(2)
  })

  story('MFA-018', 'tells how many backup codes are left, and lets no old one live', async () => {
    await test.signIn(visitor, alice)
    const make = async () => {
      await test.openFresh(visitor, alice, 'factors')
      await post('factors/add', { enroll: 'backup_code' })
      const pending = (await credentials()).find(({ state }) => state === 'pending')
      await test.openFresh(visitor, alice, `factors/add/${pending?.id}`)
      const found = visitor.page.body.matchAll(/<code>([^<]+)<\/code>/g)
      const codes = [...found].map(([, code = '']) => code)
      await test.send(visitor, { code: 'kept' })
      return codes
    }
    const use = async (code: string) => {
      const browser = test.visitor()
      await browser.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
      await test.send(browser, { username: alice.name, password: PASSWORD })
      const kept = (await credentials()).find(({ kind }) => kind === 'backup_code')
      await test.send(browser, { way: kept?.id ?? '' })
      return (await browser.submit({ code })).status
    }
    const [used = '', unused = ''] = await make()
    expect(await use(used)).toBe(303)
    expect(await use(used)).toBe(401)
    await test.openFresh(visitor, alice, 'factors')
    expect(visitor.page.body).toContain('9 codes left')
    const kept = (await credentials()).find(({ kind }) => kind === 'backup_code')
    expect(JSON.stringify(kept?.data)).not.toContain(unused.replaceAll('-', ''))
    const [fresh = ''] = await make()
    expect(await use(used)).toBe(401)
    expect(await use(unused)).toBe(401)
    expect(await use(fresh)).toBe(303)
    const told = await test.sent(alice.email ?? '', 4)
    expect(JSON.stringify(told)).toContain('A backup code was used')
  })

  story('SES-011', 'ends the stolen session when the password is changed', async () => {
    await test.signIn(visitor, alice)
    const stolen = test.visitor()
    await test.signIn(stolen, alice)
    await test.openFresh(visitor, alice, 'password')
    await test.send(visitor, { password: 'three paper boats', again: 'three paper boats' })
    expect((await stolen.get(ACCOUNT)).status).toBe(303)
    expect((await visitor.get(ACCOUNT)).status).toBe(200)
    expect(await test.store.sessions.listByUser(alice.id)).toHaveLength(1)
  })

  story('EXP-005', 'shows its owner no secret, no hash and no session', async () => {
    await test.addCredential(alice, 'sms', { target: '+4915123456789', country: 'DE' }, 'Phone')
    await test.signIn(visitor, alice)
    const other = test.visitor()
    await test.signIn(other, alice)
    const sessions = await test.store.sessions.listByUser(alice.id)
    const hidden = [
      ...sessions.flatMap(({ id }) => [id, id.slice(0, 12)]),
      ...(await credentials()).flatMap(({ data }) => Object.values(data as object).map(String)),
      (await test.store.users.passwordHash(alice.id)) ?? '',
      'argon2',
      '23456789',
      'sqlite',
      '/tmp/',
    ].filter((text) => text.length > 3)
    for (const page of ['', '/factors', '/sessions', '/history', '/data']) {
      const { status, body } = await visitor.get(`${ACCOUNT}${page}`)
      expect(status).toBe(200)
      for (const text of hidden) expect(body).not.toContain(text)
    }
  })

  story('PRV-004', 'ends nobody else’s session', async () => {
    const bob = await test.addPerson()
    const [victim, second] = [test.visitor(), test.visitor()]
    await test.signIn(victim, bob)
    await test.signIn(second, bob)
    await test.openFresh(victim, bob, 'sessions')
    const name = /\/sessions\/([0-9a-f]{24})"/.exec(victim.page.body)?.[1] ?? ''
    const [session] = await test.store.sessions.listByUser(bob.id)
    await test.signIn(visitor, alice)
    for (const id of [name, session?.id ?? '']) {
      expect((await post(`sessions/${id}`, {})).location).toBe(`${ACCOUNT}/sessions`)
      expect((await visitor.get(`${ACCOUNT}/sessions/${id}`, { method: 'DELETE' })).status).toBe(
        403,
      )
    }
    expect(await test.store.sessions.listByUser(bob.id)).toHaveLength(2)
  })

  story('PRV-006', 'goes by a new mail address only once it is proved', async () => {
    await test.signIn(visitor, alice)
    await test.openFresh(visitor, alice, 'mail')
    await test.send(visitor, { email: 'carol@gw.test' })
    const before = test.inbox.messages().length
    const forgetful = test.visitor()
    for (const username of [alice.name, 'carol@gw.test']) {
      await forgetful.open('https://auth.gw.test/forgotten')
      await forgetful.submit({ username })
    }
    const sent = await test.sent(alice.email ?? '', 2)
    expect(JSON.stringify(sent)).toContain('/reset/')
    const toCarol = test.inbox.messages().filter(({ message }) => message.to === 'carol@gw.test')
    expect(toCarol).toHaveLength(1)
    expect(test.inbox.messages().length).toBe(before + 1)
    const stranger = test.visitor()
    await stranger.open('https://auth.gw.test/login')
    expect((await stranger.submit({ username: 'carol@gw.test', password: PASSWORD })).status).toBe(
      401,
    )
  })

  story(
    'RST-004',
    'lets no link live that was mailed before its password or address changed',
    async () => {
      for (const change of ['password', 'mail'] as const) {
        const user = await test.addPerson()
        const browser = test.visitor()
        await test.signIn(browser, user)
        await test.sent(user.email ?? '', 1)
        const forgetful = test.visitor()
        await forgetful.open('https://auth.gw.test/forgotten')
        await forgetful.submit({ username: user.name })
        const [mail] = await test.sent(user.email ?? '', 2)
        const text = mail && 'text' in mail ? mail.text : ''
        const link = /https:\/\/auth\.gw\.test\/reset\/\S+/.exec(text)?.[0] ?? ''
        expect((await forgetful.get(link)).status).toBe(200)
        await browser.open(`${ACCOUNT}/${change}`)
        await test.send(
          browser,
          change === 'mail'
            ? { remove: '1' }
            : { password: 'three paper boats', again: 'three paper boats' },
        )
        expect((await forgetful.get(link)).status).toBe(403)
      }
    },
  )

  story('RST-010', 'tells of every change on another way, with no link that signs in', async () => {
    await test.signIn(visitor, alice)
    await test.openFresh(visitor, alice, 'password')
    await test.send(visitor, { password: 'three paper boats', again: 'three paper boats' })
    const told = await test.sent(alice.email ?? '', 2)
    expect(told).toHaveLength(2)
    for (const message of told) {
      const text = 'text' in message ? message.text : ''
      const links = text.match(/https:\/\/\S+/g) ?? []
      expect(links).toHaveLength(1)
      const reader = test.visitor()
      await reader.open(links[0] ?? '')
      expect(reader.jar.has('__Secure-gatehouse')).toBe(false)
      await reader.submit({})
      expect(reader.jar.has('__Secure-gatehouse')).toBe(false)
      expect((await reader.get(ACCOUNT)).status).toBe(303)
    }
  })
})
