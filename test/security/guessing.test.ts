import { generate } from 'otplib'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { randomToken, sha256 } from '../../src/base/bytes.ts'
import type { EventName } from '../../src/model/event.ts'
import { openApi } from '../support/api.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import { send } from '../support/raw.ts'
import type { Browser, Page } from './browser.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'
const APP = 'https://app.gw.test/'
const LOGIN = `${PORTAL}/login?rd=${encodeURIComponent(APP)}`
const DAY = 86_400

/** The guesses at one account that are checked before it slows down. */
const FREE = 10
/** Those from one address. */
const FREE_OF_ADDRESS = 20

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture({ factors: { passkey: {}, totp: {}, backup_code: {} } })
})
afterEach(() => fixture.close())

/** A browser somewhere else, at a node that hears of its address from the proxy in front. */
const browserAt = (address: string, port = fixture.trustedPort) =>
  fixture.browser(port, [['X-Forwarded-For', address]])

type Guess = (address: string, username: string, password?: string, port?: number) => Promise<Page>

/** Guesses from wherever, by one browser that nobody has signed in with. */
async function stranger(): Promise<Guess> {
  const first = browserAt('192.0.2.1')
  const page = await first.get(LOGIN)
  const cookies = first.cookies('auth.gw.test').split('; ')
  return (address, username, password = 'wrong', port = fixture.trustedPort) => {
    const browser = browserAt(address, port)
    for (const cookie of cookies) browser.take('auth.gw.test', cookie)
    return browser.submit(page, { username, password })
  }
}

/** An address of its own for each number. */
const addressOf = (index: number) => `198.51.${index >> 8}.${index & 0xff}`
const statuses = (pages: readonly Page[]) => pages.map(({ status }) => status)
const checked = (pages: readonly Page[]) => statuses(pages).filter((it) => it === 401).length
const others = (pages: readonly Page[], ...known: number[]) =>
  statuses(pages).filter((status) => !known.includes(status))

/** Makes so many requests, a few dozen at a time. */
async function many(count: number, one: (index: number) => Promise<Page>): Promise<Page[]> {
  const pages: Page[] = []
  for (let at = 0; at < count; at += 40) {
    const size = Math.min(40, count - at)
    pages.push(...(await Promise.all(Array.from({ length: size }, (_, it) => one(at + it)))))
  }
  return pages
}

const signsIn = (page: Page) =>
  page.all('set-cookie').some((line) => line.startsWith(`${fixture.cookieName}=`))

/** Signs somebody in with all that is asked for. */
async function getsIn(browser: Browser, name: 'alice' | 'bob'): Promise<boolean> {
  await fixture.store.sessions.deleteByUser(fixture.users[name].id)
  const page = await fixture.signIn(browser, name, { rd: APP })
  return signsIn(page) && page.location === APP
}

const eventsOf = (name: 'alice', ...names: EventName[]) =>
  fixture.store.events.listByUser(fixture.users[name].id, names, 1000)

describe('guesses at a password', () => {
  story('BRU-001', 'are slowed down, and stay below a hundred a day', async () => {
    const guess = await stranger()
    const loop = await many(100, () => guess('192.0.2.7', 'alice'))
    expect(others(loop, 401, 429)).toEqual([])
    expect(checked(loop)).toBeLessThanOrEqual(FREE)
    expect(checked(loop)).toBeGreaterThan(0)

    // A patient one, with as many addresses as they like, who comes as soon as they may.
    const until = fixture.clock.now() + DAY
    let taken = checked(loop)
    for (let at = 0; fixture.clock.now() < until; at += 1) {
      const { status, all } = await guess(addressOf(at), 'alice')
      if (status === 401) taken += 1
      else fixture.clock.advance(Number(all('retry-after')[0]))
    }
    expect(taken).toBeLessThan(100)
    expect(taken).toBeGreaterThan(30)
  })

  story('BRU-002', 'count before they are checked, however many come at once', async () => {
    const guess = await stranger()
    const nodes = [fixture.trustedPort, await fixture.another()]
    const pages = await Promise.all(
      Array.from({ length: 200 }, (_, at) => guess(addressOf(at), 'alice', 'wrong', nodes[at % 2])),
    )
    expect(others(pages, 401, 429)).toEqual([])
    expect(checked(pages)).toBeLessThanOrEqual(FREE)
    expect(await eventsOf('alice', 'login.refused')).toHaveLength(checked(pages))
  })

  story('BRU-003', 'are counted by network, where one person has many addresses', async () => {
    const guess = await stranger()
    const of64 = (at: number) => `2001:db8:1:2:${at.toString(16)}::1`
    const one = await many(100, (at) => guess(of64(at), 'alice'))
    expect(checked(one)).toBeLessThanOrEqual(FREE)
    // Whoever tries another name each time is counted all the same.
    const names = await many(100, (at) => guess(of64(at), `nobody${at}`))
    expect(others(names, 401, 429)).toEqual([])
    expect(checked(one) + checked(names)).toBeLessThanOrEqual(FREE_OF_ADDRESS)
    const of56 = (at: number) => `2001:db8:1:3${at.toString(16).padStart(2, '0')}::1`
    const wide = await many(120, (at) => guess(of56(at), `somebody${at}`))
    expect(checked(wide)).toBeLessThanOrEqual(4 * FREE_OF_ADDRESS)
    expect(checked(wide)).toBeGreaterThan(FREE_OF_ADDRESS)
    expect((await guess('2001:db8:2::1', 'bob')).status).toBe(401)
  })

  story('BRU-004', 'are one count for every way to write a name', async () => {
    const guess = await stranger()
    const spellings = valuesOfEach(loadCase('BRU-004'))
    const { password } = fixture.credentials('alice')
    const isAlice = async (it: string) => (await fixture.store.users.findByName(it)) !== undefined
    const hers: string[] = []
    for (const spelling of spellings) if (await isAlice(spelling)) hers.push(spelling)
    expect(hers).toEqual(
      expect.arrayContaining(['alice', 'ALICE', 'Alice', 'alice ', ' alice', '\uff41lice']),
    )
    const pages = await many(60, (at) => guess(addressOf(at), hers[at % hers.length] ?? ''))
    expect(checked(pages)).toBeLessThanOrEqual(FREE)
    for (const [at, spelling] of spellings.entries()) {
      const { status } = await guess(addressOf(100 + at), spelling, password)
      // Those that are somebody else, or nobody, are let in by no password of hers.
      expect([spelling, status]).toEqual([spelling, hers.includes(spelling) ? 429 : 401])
    }
  })

  story('BRU-005', 'have no other way in: not by a header', async () => {
    const { username, password } = fixture.credentials('alice')
    const basic = (secret: string) => Buffer.from(`${username}:${secret}`).toString('base64')
    const by = (secret: string) => [['Authorization', `Basic ${basic(secret)}`]] as const
    const right = by(password)
    fixture.recorder.clear()
    for (let at = 0; at < 50; at += 1) {
      const headers = at === 49 ? right : by(`wrong${at}`)
      const asked = await send(fixture.port, { host: 'app.gw.test', path: '/', headers })
      const verified = await send(fixture.trustedPort, {
        host: 'auth.gw.test',
        path: '/api/authz/forward-auth',
        headers: [
          ...headers,
          ['X-Forwarded-Method', 'GET'],
          ['X-Forwarded-Proto', 'https'],
          ['X-Forwarded-Host', 'app.gw.test'],
          ['X-Forwarded-Uri', '/'],
        ],
      })
      expect([asked.status, verified.status]).toEqual([401, 401])
    }
    expect(fixture.recorder.messages()).toEqual([])
    // Nothing was looked at, so there is nothing to count.
    expect(await eventsOf('alice', 'login.refused', 'login.succeeded')).toEqual([])
    expect(fixture.rows('SELECT * FROM bucket')).toEqual([])
  })

  story('BRU-010', 'at names that are nobody’s keep out nobody who is somebody', async () => {
    const known = browserAt('192.0.2.9')
    expect(await getsIn(known, 'alice')).toBe(true)
    const guess = await stranger()
    const pages = await many(300, (at) => guess('192.0.2.9', `u${at}`))
    expect(others(pages, 401, 429)).toEqual([])
    expect(checked(pages)).toBeLessThanOrEqual(FREE_OF_ADDRESS)
    expect(fixture.rows('SELECT * FROM bucket').length).toBeLessThan(100)
    expect((await guess('192.0.2.9', 'bob')).status).toBe(429)
    expect(await getsIn(browserAt('192.0.2.10'), 'bob')).toBe(true)
    // Even from that address, in a browser that she has used before.
    expect(await getsIn(known, 'alice')).toBe(true)
  })

  story('BRU-012', 'are counted on by another node, and after a restart', async () => {
    const guess = await stranger()
    const before = await many(9, (at) => guess(addressOf(at), 'alice'))
    expect(checked(before)).toBe(9)
    const port = await fixture.another()
    expect((await guess('192.0.2.7', 'alice', 'wrong', port)).status).toBe(401)
    for (const node of [port, fixture.trustedPort, await fixture.another()]) {
      expect((await guess('192.0.2.8', 'alice', 'wrong', node)).status).toBe(429)
    }
  })

  story('BRU-020', 'wait as long as they were to, whatever the clock does', async () => {
    const guess = await stranger()
    // Sixty failures, as fast as they are taken, lead to the block.
    let wait = 0
    for (let at = 0; wait < 600 && at < 200; at += 1) {
      const page = await guess('192.0.2.7', `other${at}`)
      wait = Number(page.all('retry-after')[0] ?? 0)
      if (wait > 0 && wait < 600) fixture.clock.advance(wait)
    }
    expect(wait).toBeGreaterThan(600)
    const waitNow = async () => Number((await guess('192.0.2.7', 'bob')).all('retry-after')[0] ?? 0)
    const meant = await waitNow()
    fixture.clock.advance(-3600)
    const after = await waitNow()
    // Not sooner, and not the hour later.
    expect(after).toBeGreaterThanOrEqual(meant)
    expect(after).toBeLessThanOrEqual(15 * 60)
    fixture.clock.advance(after)
    expect(await waitNow()).toBe(0)
    fixture.clock.advance(DAY)
    expect((await guess('192.0.2.7', 'bob')).status).toBe(401)
  })

  story('BRU-021', 'leave rows of one size, and so many at most', async () => {
    const guess = await stranger()
    const name = (at: number) => `${at}-`.padEnd(200, 'x')
    const pages = await many(200, (at) => guess(addressOf(at), name(at)))
    expect(others(pages, 401, 429)).toEqual([])
    const rows = fixture.rows('SELECT key, about FROM bucket') as { key: string; about: unknown }[]
    expect(new Set(rows.map(({ key }) => key.length))).toEqual(new Set([43]))
    expect(rows.filter(({ about }) => about !== null)).toEqual([])

    // Alice is being guessed at; then comes a flood from everywhere.
    await many(40, (at) => guess(addressOf(1000 + at), 'alice'))
    expect((await guess('192.0.2.7', 'alice')).status).toBe(429)
    const later = fixture.clock.now() + 600
    fixture.tamper(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
       INSERT INTO bucket (key, count, forget_at, closed_until) SELECT 'flood ' || i, 1, ${later}, 0 FROM n`,
    )
    await many(200, (at) => guess(addressOf(2000 + at), `more${at}`))
    const [left] = fixture.rows('SELECT count(*) AS rows FROM bucket') as { rows: number }[]
    expect(left?.rows).toBeLessThanOrEqual(100_500)
    expect((await guess('192.0.2.7', 'alice')).status).toBe(429)
  })

  story('BRU-101', 'from everywhere leave the owner’s own browser alone', async () => {
    const home = browserAt('192.0.2.9')
    expect(await getsIn(home, 'alice')).toBe(true)
    const key = createAuthenticator({ origin: PORTAL })
    await addPasskey(fixture.store, fixture.users.alice, key)
    const guess = await stranger()
    const storm = await many(1000, (at) => guess(addressOf(at % 200), 'alice'))
    expect(others(storm, 401, 429)).toEqual([])
    expect(checked(storm)).toBeLessThanOrEqual(FREE)

    // A browser that nobody knows waits with the strangers, even with the right password …
    const { password } = fixture.credentials('alice')
    expect((await guess('192.0.2.9', 'alice', password)).status).toBe(429)
    // … and there a passkey opens, as it does everywhere, from an address of the storm as well.
    const elsewhere = browserAt(addressOf(0))
    const page = await elsewhere.get(LOGIN)
    const answer = spoken(key.get(optionsOn(page.body)))
    expect(signsIn(await elsewhere.submit(page, { answer }))).toBe(true)
    const [credential] = (
      await fixture.store.credentials.listByUser(fixture.users.alice.id)
    ).filter(({ kind }) => kind === 'passkey')
    await fixture.store.credentials.delete(credential?.id ?? '', fixture.users.alice.id)
    expect(await getsIn(home, 'alice')).toBe(true)
  })
})

describe('guesses at a second factor', () => {
  story('BRU-007', 'are five a sign-in, however many come at once', async () => {
    const browser = browserAt('192.0.2.7')
    const page = await fixture.toCode(browser, 'alice')
    const pages = await many(300, (at) =>
      browser.submit(page, { code: String(at).padStart(6, '0') }),
    )
    expect(others(pages, 303, 401, 403, 429)).toEqual([])
    expect(pages.filter(signsIn)).toEqual([])
    expect(checked(pages)).toBeLessThanOrEqual(5)
    const [app] = await fixture.store.credentials.listByUser(fixture.users.alice.id)
    expect(app?.failures).toBeLessThanOrEqual(5)
    fixture.clock.advance(60)
    const late = await browser.submit(page, { code: fixture.code('alice') })
    expect([late.status, signsIn(late)]).toEqual([303, false])
    expect(late.location).toContain('/login')
  })

  story('BRU-015', 'on paper are slowed down sooner than others, and told of', async () => {
    const { alice } = fixture.users
    const home = browserAt('192.0.2.9')
    await fixture.signIn(home, 'alice')
    const choice = await home.get(`${PORTAL}/account/factors/add`)
    const begun = await home.submit(choice, { enroll: 'backup_code' })
    const shown = await home.get(begun.location ?? '')
    await home.submit(shown, { code: 'kept' })
    const kept = (await fixture.store.credentials.listByUser(alice.id)).find(
      ({ kind }) => kind === 'backup_code',
    )

    const pages: Page[] = []
    for (let round = 0; round < 6; round += 1) {
      const browser = browserAt(addressOf(round))
      const page = await fixture.toCode(browser, 'alice')
      const chosen = await browser.submit(page, { way: kept?.id ?? '' })
      const asked = await browser.get(chosen.location ?? '')
      for (let at = 0; at < 5; at += 1) {
        pages.push(await browser.submit(asked, { code: `AAAA-BBBB-CCCC-000${at}` }))
      }
    }
    // The fifth wrong one ends the sign-in that it was given in.
    const looked = checked(pages) + statuses(pages).filter((it) => it === 403).length
    expect(looked).toBeLessThan(FREE)
    expect(looked).toBe(5)
    expect(statuses(pages)).toContain(429)
    expect(await eventsOf('alice', 'login.throttled')).toContainEqual(
      expect.objectContaining({ details: expect.objectContaining({ factor: 'backup_code' }) }),
    )
    // Neither the paper nor the app is lost by it.
    expect(await fixture.store.credentials.find(kept?.id ?? '')).toMatchObject({ state: 'active' })
    fixture.clock.advance(900)
    expect(await getsIn(home, 'alice')).toBe(true)
  })

  story('BRU-018', 'by a broken signature slow down who sends them, and not the key', async () => {
    const { alice } = fixture.users
    const key = createAuthenticator({ origin: PORTAL })
    await addPasskey(fixture.store, alice, key)
    const browser = browserAt('192.0.2.7')
    const page = await browser.get(LOGIN)
    const broken = spoken(key.get(optionsOn(page.body), { sign: (data) => data.subarray(0, 64) }))
    const pages = await many(100, () => browser.submit(page, { answer: broken }))
    expect(others(pages, 401, 429)).toEqual([])
    expect(checked(pages)).toBeLessThanOrEqual(FREE_OF_ADDRESS)
    expect(statuses(pages)).toContain(429)
    expect((await eventsOf('alice', 'login.refused')).length).toBeGreaterThan(0)
    const own = await fixture.store.credentials.listByUser(alice.id)
    expect(own.filter(({ state, failures }) => state !== 'active' || failures > 0)).toEqual([])
    // From the very same address, in the same moment.
    const again = browserAt('192.0.2.7')
    const fresh = await again.get(LOGIN)
    const answer = spoken(key.get(optionsOn(fresh.body)))
    expect(signsIn(await again.submit(fresh, { answer }))).toBe(true)
  })
})

describe('guesses at links and through the API', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
api: { applications: [{ id: shop }] }
`)
  })
  afterEach(() => gateway.close())

  story('BRU-014', 'at links for a new password are hopeless, and slow down', async () => {
    const guess = (path: string) => gateway.visitor().get(`${PORTAL}/${path}`)
    for (const path of ['reset/', 'invite/', 'undo?token=', 'setup?token=']) {
      gateway.clock.advance(3600)
      const made = Array.from({ length: 100 }, (_, at) => String(at).padStart(43, 'A'))
      const seen: number[] = []
      for (const token of made) seen.push((await guess(path + token)).status)
      expect(new Set(seen)).toEqual(new Set([403, 429]))
      expect(seen.filter((status) => status === 403).length).toBeLessThanOrEqual(FREE_OF_ADDRESS)
    }
    // What is right is looked at first: nobody is kept from their link by the guesses of others.
    const user = await gateway.addUser({ name: 'alice' })
    const token = randomToken(32)
    expect(Buffer.from(token, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
    const expiresAt = gateway.clock.now() + 600
    await gateway.store.tickets.insert({
      ...{ purpose: 'invite', hash: sha256(token), userId: user.id },
      expiresAt,
    })
    expect((await guess(`invite/${token}`)).status).toBe(200)
    expect((await guess(`invite/${'A'.repeat(43)}`)).status).toBe(429)
  })

  story('BRU-017', 'behind an API key have the limits of the person', async () => {
    const shop = await openApi(gateway, 'shop')
    const enroll = async (user_id: string) => {
      const { body } = await shop.post('/2fa/enroll', { user_id })
      const code = () => generate({ secret: body.secret, epoch: gateway.clock.now() })
      await shop.post(`/2fa/enroll/${body.id}/confirm`, { code: await code() })
      gateway.clock.advance(30)
      return code
    }
    const [one, other] = [await enroll('customer 1'), await enroll('customer 2')]
    const verify = (user_id: string, code: string) => shop.post('/2fa/verify', { user_id, code })
    const seen: number[] = []
    for (let at = 0; at < 100; at += 1) {
      const { status, body } = await verify('customer 1', String(at).padStart(6, '0'))
      expect(body.verified).not.toBe(true)
      seen.push(status)
    }
    expect(new Set(seen)).toEqual(new Set([200, 429]))
    expect(seen.filter((status) => status === 200).length).toBeLessThanOrEqual(FREE)
    expect((await verify('customer 1', await one())).status).toBe(429)
    // All customers come from the application's one address.
    expect((await verify('customer 2', await other())).body).toMatchObject({ verified: true })
    gateway.clock.advance(60)
    expect((await verify('customer 1', await one())).body).toMatchObject({ verified: true })
  })

  story('BRU-102', 'at API keys slow down who makes them up, and no application', async () => {
    const shop = await openApi(gateway, 'shop')
    const seen: number[] = []
    for (let at = 0; at < 60; at += 1) {
      const token = `ghk_${'A'.repeat(16)}_${String(at).padStart(43, 'B')}`
      const headers = { authorization: `Bearer ${token}` }
      seen.push((await shop.get('/2fa/users/x/factors', headers)).status)
    }
    expect(new Set(seen)).toEqual(new Set([401, 429]))
    expect(seen.filter((status) => status === 401).length).toBeLessThanOrEqual(FREE_OF_ADDRESS)
    expect((await shop.get('/2fa/users/x/factors')).status).toBe(200)
  })
})
