import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { randomToken } from '../../src/base/bytes.ts'
import { newUser } from '../../src/login/new-user.ts'
import { openSetUpLink } from '../../src/login/set-up.ts'
import { aUser } from '../support/builders.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/raw.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'

interface Page {
  method: string
  path: string
}

/** Every page of the portal, as the source has them. */
const PAGES: Page[] = readdirSync(new URL('../../src/portal/', import.meta.url), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(new URL(`../../src/portal/${name}`, import.meta.url), 'utf8'))
  .flatMap((text) =>
    Array.from(
      text.matchAll(/\.(get|post|put|patch|delete|all)\(\s*'(\/[^']*)'/g),
      ([, method = '', path = '']) => ({ method: method.toUpperCase(), path }),
    ),
  )

/**
 * Pages that anybody may open: the sign-in itself, what a secret link opens, and what holds nothing. A
 * device that approves is known by a secret of its own, and is shown nothing without it. Every other page
 * asks who is there, and so does every page that comes to be.
 */
const OPEN_TO_ALL =
  /^\/(?:$|login(?:\/|$)|logout$|setup$|forgotten$|reset\/|invite\/|undo$|assets\/|push-worker\.js$|approver(?:\/|$)|approve\/)/

/** An address of a page, with something in the place of each parameter. */
const addressOf = ({ path }: Page) => path.replace(/:\w+/g, 'A'.repeat(22))

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

/** A page of the portal with a cookie; the form of another page sends it. */
const visit = (method: string, path: string, cookie = '', headers: [string, string][] = []) =>
  send(fixture.port, {
    method,
    host: 'auth.gw.test',
    path,
    headers: [
      ['Accept', 'text/html'],
      ...(cookie ? [['Cookie', cookie] as const] : []),
      ...(method === 'GET'
        ? []
        : [
            ['Origin', PORTAL] as const,
            ['Content-Type', 'application/x-www-form-urlencoded'] as const,
          ]),
      ...headers,
    ],
    ...(method === 'GET' ? {} : { body: '' }),
  })

describe('a page that is not for everybody', () => {
  story('PRV-002', 'is shown to nobody who is nobody', async () => {
    const guarded = PAGES.filter(({ path }) => !OPEN_TO_ALL.test(path))
    expect(PAGES.length).toBeGreaterThan(50)
    expect(guarded.length).toBeGreaterThan(25)
    const browser = fixture.browser()
    const form = await browser.get(`${PORTAL}/login`)
    for (const page of guarded) {
      const path = addressOf(page)
      const action = form.body.replace(/action="[^"]*"/, `action="${path}"`)
      const { status, all, body } =
        page.method === 'GET'
          ? await browser.get(PORTAL + path)
          : await browser.submit({ ...form, body: action }, {})
      const to = all('location')[0] ?? ''
      const isRefused =
        [401, 403, 404].includes(status) || (status === 303 && to.includes('/login'))
      expect({ ...page, status, isRefused }).toMatchObject({ isRefused: true })
      for (const user of Object.values(fixture.users)) expect(body).not.toContain(user.displayName)
    }
    for (const path of ['/api/2fa/preauth', '/api/2fa/verify', '/api/events', '/api/users']) {
      expect([401, 403, 404, 415]).toContain((await visit('POST', path)).status)
    }
  })

  story('PRV-001', 'and administers others is there for nobody at all', async () => {
    // Administering is done by commands: whoever adds a page for it has to say here who may open it.
    expect(PAGES.filter(({ path }) => /admin|users|config/i.test(path))).toEqual([])
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    fixture.recorder.clear()
    for (const path of ['/admin', '/admin/users', '/admin/config', '/api/users', '/users']) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await visit(method, path, cookie)
        expect([path, method, [401, 403, 404, 415].includes(status)]).toEqual([path, method, true])
      }
    }
    // Nor does an application that is for administrators let her in.
    expect((await fixture.ask('admin.gw.test', '/', cookie)).status).toBe(403)
    expect((await fixture.ask('app.gw.test', '/admin/x', cookie)).status).toBe(403)
    expect(fixture.recorder.messages()).toEqual([])
  })

  story('PRV-010', 'has one address, and no other way to write it opens it', async () => {
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    expect((await visit('GET', '/account', cookie)).status).toBe(200)
    for (const path of [
      '/account%2e',
      '/ACCOUNT',
      '//account',
      '/account/../account',
      '/portal/..%2faccount',
      '/%61ccount',
      '/account/',
      '/account;x',
      '/login/../account',
      '/assets/..%2faccount',
    ]) {
      const { status, body } = await visit('GET', path)
      expect([path, [303, 400, 401, 403, 404].includes(status)]).toEqual([path, true])
      expect(body).not.toContain('Alice Adams')
    }
  })

  story('PRV-011', 'is closed to an administrator with one factor', async () => {
    const cookie = await fixture.resolve('COOKIE:carol:aal1')
    expect((await fixture.ask('one.gw.test', '/', cookie)).status).toBe(200)
    expect((await fixture.ask('admin.gw.test', '/', cookie)).status).toBe(401)
    expect((await fixture.ask('app.gw.test', '/admin/x', cookie)).status).toBe(401)
    for (const page of ['', '/factors', '/password', '/mail', '/sessions/others']) {
      const { status, all } = await visit('GET', `/account${page}`, cookie)
      expect([page, status, all('location')[0]?.includes('/login')]).toEqual([page, 303, true])
    }
  })
})

describe('a user', () => {
  story('PRV-007', 'has a name that nobody else can come near to', async () => {
    const policy = { minimumLength: 8, fault: async () => undefined }
    const made = async (name: string) => {
      const wanted = { name, displayName: '', email: '', groups: [], password: 'x'.repeat(20) }
      const given = await newUser(wanted, { policy, now: fixture.clock.now() })
      return given.ok && (await fixture.store.users.insert(given.user))
    }
    for (const name of [
      'carol',
      'Carol',
      'CAROL',
      ' carol ',
      'c\u0430rol',
      '\uff43arol',
      'car\u200bol',
      'carol\u0000',
      'carol@gw.test',
      'Carol@GW.test',
      'car/ol',
    ]) {
      expect([name, await made(name)]).toEqual([name, false])
    }
    expect(await made('carola')).toBe(true)
  })

  story('PRV-008', 'who comes back under an old name inherits nothing', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice', { rd: 'https://app.gw.test/' })
    const cookie = browser.cookies('app.gw.test')
    const subject = async (of: string) => {
      fixture.recorder.clear()
      await fixture.ask('app.gw.test', '/', of)
      const [, assertion = ''] =
        fixture.recorder
          .messages()[0]
          ?.headers.find(([name]) => name.toLowerCase() === 'x-gatehouse-assertion') ?? []
      const claims = Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString()
      return String(JSON.parse(claims || '{}').sub)
    }
    const before = await subject(cookie)
    expect(before).toBe(fixture.users.alice.id)
    await fixture.store.users.delete(fixture.users.alice.id)
    const next = aUser({ name: 'alice', displayName: 'Another Alice' })
    await fixture.addUser(next)

    expect((await fixture.ask('app.gw.test', '/', cookie)).status).toBe(401)
    expect((await fixture.askForward('app.gw.test', '/', cookie)).status).toBe(401)
    expect(await fixture.store.sessions.listByUser(next.id)).toEqual([])
    expect(await fixture.store.credentials.listByUser(fixture.users.alice.id)).toEqual([])
    const hers = fixture.browser()
    await fixture.signIn(hers, 'alice', { rd: 'https://app.gw.test/' })
    const after = await subject(hers.cookies('app.gw.test'))
    expect(after).toBe(next.id)
    expect(after).not.toBe(before)
  })

  story('PRV-015', 'is looked up by what was typed, and by no part of a statement', async () => {
    const hostile = [
      `alice' OR '1'='1`,
      `alice'--`,
      `alice"; DROP TABLE user; --`,
      'alice%',
      'al_ce',
      'alice\\',
      '*)(uid=*',
      'alice)(|(password=*)',
      '$' + '{jndi:ldap://127.0.0.1/a}',
      '{"$ne":null}',
      "'||(select password_hash from user)||'",
    ]
    const browser = fixture.browser()
    const page = await browser.get(`${PORTAL}/login`)
    const { password } = fixture.credentials('alice')
    for (const username of hostile) {
      fixture.clock.advance(86_400)
      expect([username, (await browser.submit(page, { username, password })).status]).toEqual([
        username,
        401,
      ])
    }
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    for (const text of hostile) {
      const encoded = encodeURIComponent(text)
      for (const path of [
        `/account/factors/${encoded}`,
        `/account/sessions/${encoded}`,
        `/account/history?page=${encoded}&sort=${encoded}`,
        `/login/${encoded}`,
        `/reset/${encoded}`,
        `/login?rd=${encoded}`,
      ]) {
        const { status } = await visit('GET', path, cookie)
        expect([path, status < 500]).toEqual([path, true])
      }
    }
    expect(await fixture.store.users.count()).toBe(Object.keys(fixture.users).length)
  })
})

describe('the set-up link', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: one_factor }] }
`)
  })
  afterEach(() => gateway.close())

  story('PRV-014', 'makes one administrator, once, for whoever read the console', async () => {
    const { clock, store } = gateway
    const open = () => openSetUpLink({ clock, tickets: store.tickets, users: store.users })
    const fields = (name: string) => ({
      username: name,
      display_name: name,
      email: `${name}@gw.test`,
      password: 'eleven green bottles',
    })
    // Without the token of the console there is nothing, from wherever one comes.
    for (const query of ['', '?token=', `?token=${randomToken(32)}`, '?token[]=a']) {
      expect((await gateway.visitor().get(`${PORTAL}/setup${query}`)).status).toBe(403)
    }
    const stale = await open()
    const token = await open()
    expect((await gateway.visitor().get(`${PORTAL}/setup?token=${stale}`)).status).toBe(403)
    const visitors = Array.from({ length: 10 }, () => gateway.visitor())
    for (const visitor of visitors) await visitor.open(`${PORTAL}/setup?token=${token}`)
    const answers = await Promise.all(
      visitors.map((visitor, at) => visitor.submit(fields(`admin${at}`))),
    )
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => ![303, 403].includes(status))).toEqual([])
    expect(await store.users.count()).toBe(1)

    expect((await gateway.visitor().get(`${PORTAL}/setup?token=${token}`)).status).toBe(403)
    expect(await open()).toBeUndefined()
    const [late] = visitors
    expect((await late?.submit(fields('late')))?.status).toBe(403)
    expect(await store.users.count()).toBe(1)
  })
})
