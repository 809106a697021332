import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventName } from '../../src/model/event.ts'
import type { User } from '../../src/model/user.ts'
import { type AccountTest, openAccountTest } from '../support/account.ts'
import { openApi } from '../support/api.ts'
import { PASSWORD } from '../support/gateway.ts'
import { mmdb } from '../support/mmdb.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

const HOME = '192.0.2.7'
/** In the same country, in another network. */
const CAFE = '198.51.100.7'
const ABROAD = '203.0.113.7'
const ONE = 'https://one.gw.test/'
const STRICT = 'https://one.gw.test/strict/page'
const LEAKED = 'everybody knows me'

const germany = { country: { iso_code: 'DE' }, location: { latitude: 52.5, longitude: 13.4 } }
const newZealand = { country: { iso_code: 'NZ' }, location: { latitude: -41.3, longitude: 174.8 } }
const places = { '192.0.2.0/24': germany, '198.51.100.0/24': germany, '203.0.113.0/24': newZealand }

let folder: string
let test: AccountTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-risk-'))
  writeFileSync(join(folder, 'places.mmdb'), mmdb(places))
  writeFileSync(join(folder, 'leaked.txt'), createHash('sha1').update(LEAKED).digest('hex'))
  test = await openAccountTest(`
portal: { url: "https://auth.gw.test", name: Gate }
trusted_proxies: [127.0.0.1]
routes:
  - host: one.gw.test
    rules:
      - { paths: [/strict/**], require: one_factor, at_risk: { medium: phishing_resistant } }
      - { paths: [/closed/**], require: one_factor, at_risk: { medium: deny } }
      - { require: one_factor }
login:
  risk:
    places: ${folder}/places.mmdb
    breaches: ${folder}/leaked.txt
    medium: { measures: [notify, step_up] }
    high: { measures: [refuse] }
api: { applications: [{ id: shop }] }
channels:
  smtp: { url: "smtp://127.0.0.1:1", from: gate@gw.test }
`)
})
afterAll(async () => {
  await test.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => test.clock.advance(3600))

const from = (address: string): Visitor =>
  createVisitor(test.port, { 'x-forwarded-for': address, 'x-forwarded-proto': 'https' })

const login = (rd: string) => `https://auth.gw.test/login?rd=${encodeURIComponent(rd)}`

async function typePassword(visitor: Visitor, { name }: User, password = PASSWORD, rd = ONE) {
  await visitor.open(login(rd))
  return visitor.submit({ username: name, password })
}

/** Somebody who has signed in at home, in a browser of their own. */
async function somebody(given: Parameters<AccountTest['addPerson']>[0] = {}) {
  const user = await test.addPerson(given)
  const home = from(HOME)
  expect((await typePassword(home, user, given.password)).location).toBe(ONE)
  return { user, home }
}

const happened = (user: User, name: EventName) => test.store.events.listByUser(user.id, [name], 9)

describe('a sign-in', () => {
  it('that is as usual needs nothing more, and tells its risk all the same', async () => {
    const { user, home } = await somebody()
    await home.open('https://auth.gw.test/logout')
    await home.submit({})
    expect((await typePassword(home, user)).location).toBe(ONE)
    const [session] = await test.store.sessions.listByUser(user.id)
    expect(session?.risk).toEqual({ score: 0, level: 'low', reasons: [] })
    expect((await happened(user, 'login.succeeded'))[0]?.details).toMatchObject({
      risk: 'low',
      score: 0,
      reasons: '',
    })
  })

  it('in a new browser and network is asked for a second factor where one would do', async () => {
    const { user } = await somebody()
    const stranger = from(CAFE)
    const asked = await typePassword(stranger, user)
    expect(asked.location).toMatch(/\/login\//)
    await stranger.open(asked.location ?? '')
    test.clock.advance(30)
    expect((await stranger.submit({ code: await test.code(user.id) })).location).toBe(ONE)
    const [session] = await test.store.sessions.listByUser(user.id)
    expect(session).toMatchObject({
      aal: 2,
      risk: { score: 35, level: 'medium', reasons: ['new_device', 'new_network'] },
    })
    const [notice] = await test.sent(user.email ?? '', 1)
    expect(notice).toMatchObject({ subject: 'An unusual sign-in (Gate)' })
    // Proved once, it is as good as at home.
    const again = from(CAFE)
    expect((await typePassword(again, user)).location).toBe(ONE)
  })

  it('that is stopped leaves nobody signed in, and says neither why nor to whom', async () => {
    const { user } = await somebody()
    const thief = from(ABROAD)
    const stopped = await typePassword(thief, user)
    expect(stopped.status).toBe(403)
    const [event] = await happened(user, 'login.refused')
    expect(event).toMatchObject({
      address: ABROAD,
      details: {
        reason: 'risk',
        risk: 'high',
        reasons: 'impossible_travel new_device new_country new_network',
      },
    })
    expect(event?.reference).toMatch(/^\w{4}-\w{4}$/)
    expect(stopped.body).toContain(event?.reference ?? 'none')
    const shown = stopped.body.slice(stopped.body.indexOf('<main'))
    expect(shown).not.toMatch(/country|network|travel|device|hour|breach|leak|score|risk/i)
    expect(stopped.cookies.filter((line) => /gatehouse=/.test(line))).toEqual([])
    expect(await test.store.sessions.listByUser(user.id)).toHaveLength(1)
    const [notice] = await test.sent(user.email ?? '', 1)
    expect(notice).toMatchObject({ subject: 'A sign-in was stopped (Gate)' })
    // What was stopped has taught nothing.
    expect((await typePassword(from(ABROAD), user)).status).toBe(403)
  })

  it('binds nothing new by a password alone, and is stopped', async () => {
    const { user } = await somebody({ secret: null })
    const stopped = await typePassword(from(CAFE), user)
    expect(stopped.status).toBe(403)
    expect(await happened(user, 'login.refused')).toHaveLength(1)
    expect(await test.store.credentials.listByUser(user.id)).toEqual([])
    // A pass from an administrator opens the way.
    const pass = await test.issuePass(user.id)
    const stranger = from(CAFE)
    const asked = await typePassword(stranger, user)
    await stranger.open(asked.location ?? '')
    const onward = await stranger.submit({ code: pass })
    expect((await stranger.open(onward.location ?? '')).status).toBe(200)
    expect(stranger.page.body).toContain('authenticator app')
  })

  it('after a burst of wrong passwords is asked for more', async () => {
    const { user } = await somebody()
    for (let slip = 0; slip < 6; slip += 1) await typePassword(from(CAFE), user, 'wrong')
    const asked = await typePassword(from(HOME), user)
    expect(asked.location).toMatch(/\/login\//)
  })

  it('with a leaked password is asked for more, and none such can be chosen', async () => {
    const { user, home } = await somebody()
    const breached = await test.addPerson({ password: LEAKED })
    expect((await typePassword(from(HOME), breached, LEAKED)).location).toMatch(/\/login\//)
    const fault = await test.openFresh(home, user, 'password')
    expect(fault.status).toBe(200)
    const refused = await home.submit({ password: LEAKED, again: LEAKED })
    expect(refused.status).toBe(400)
  })

  it('asks more of a session that is taken elsewhere, once it wants more', async () => {
    const { user, home } = await somebody()
    const elsewhere = from(ABROAD)
    elsewhere.jar.take(
      'auth.gw.test',
      `${nameAndValue(home, '__Secure-gatehouse')}; Domain=gw.test; Path=/; Secure`,
    )
    const stopped = await elsewhere.open(`${login(ONE)}&aal=2`)
    expect(stopped.status).toBe(403)
    expect(await happened(user, 'login.refused')).toHaveLength(1)
  })
})

const nameAndValue = ({ jar }: Visitor, name: string) =>
  (jar.headerFor('auth.gw.test') ?? '').split('; ').find((pair) => pair.startsWith(`${name}=`)) ??
  ''

describe('a rule', () => {
  it('asks for more or closes where the sign-in was unusual', async () => {
    const { user, home } = await somebody()
    const stranger = from(CAFE)
    const asked = await typePassword(stranger, user)
    await stranger.open(asked.location ?? '')
    test.clock.advance(30)
    await stranger.submit({ code: await test.code(user.id) })
    const authz = async (visitor: Visitor, url: string) =>
      visitor.get('https://auth.gw.test/api/authz/forward-auth', {
        headers: {
          'x-forwarded-method': 'GET',
          'x-forwarded-host': new URL(url).host,
          'x-forwarded-uri': new URL(url).pathname,
          cookie: visitor.jar.headerFor(new URL(url).hostname) ?? '',
        },
      })
    expect((await authz(home, STRICT)).status).toBe(200)
    expect((await authz(home, 'https://one.gw.test/closed/')).status).toBe(200)
    expect((await authz(stranger, ONE)).status).toBe(200)
    expect((await authz(stranger, STRICT)).status).toBe(302)
    expect((await authz(stranger, 'https://one.gw.test/closed/')).status).toBe(403)
  })
})

describe('an application that asks beforehand', () => {
  it('is told the risk and its reasons, and that nobody is let in with it', async () => {
    const { user } = await somebody()
    const api = await openApi(test, 'gatehouse', { scopes: ['2fa'] })
    const from = async (ip: string) =>
      (await api.post('/2fa/preauth', { user_id: user.name, context: { ip } })).body
    expect(await from(HOME)).toMatchObject({
      result: 'challenge',
      risk: { score: 0, level: 'low', reasons: [] },
    })
    expect(await from(ABROAD)).toMatchObject({
      result: 'deny',
      reason: 'risk',
      risk: {
        score: 85,
        level: 'high',
        reasons: ['impossible_travel', 'new_country', 'new_network'],
      },
    })
  })
})

describe('an application that says where its users are', () => {
  it('teaches what is usual by right answers alone', async () => {
    const shop = await openApi(test, 'shop')
    const begun = await shop.post('/2fa/enroll', { user_id: 'lena' })
    const { id, secret } = begun.body
    const code = () => {
      test.clock.advance(60)
      return generate({ secret, epoch: test.clock.now() })
    }
    await shop.post(`/2fa/enroll/${id}/confirm`, { code: await code() })
    const reasons = async (ip: string) => {
      const { body } = await shop.post('/2fa/preauth', { user_id: 'lena', context: { ip } })
      return body.risk.reasons
    }
    const verify = async (answer: object) => (await shop.post('/2fa/verify', answer)).body.verified
    // Of somebody who was never here, nothing is unusual.
    expect(await reasons(CAFE)).toEqual([])
    expect(await verify({ user_id: 'lena', code: await code(), context: { ip: HOME } })).toBe(true)
    await vi.waitFor(async () => expect(await reasons(CAFE)).toEqual(['new_network']))
    expect(await reasons(HOME)).toEqual([])

    const wrong = { user_id: 'lena', code: '000000', context: { ip: CAFE } }
    expect(await verify(wrong)).toBe(false)
    expect(await verify({ user_id: 'lena', code: await code() })).toBe(true)
    expect(await reasons(CAFE)).toEqual(['new_network'])

    const context = { ip: CAFE }
    const { body } = await shop.post('/2fa/challenges', { user_id: 'lena', context })
    expect(await verify({ challenge_id: body.id, code: await code() })).toBe(true)
    await vi.waitFor(async () => expect(await reasons(CAFE)).toEqual([]))
  })
})

describe('a database that is gone', () => {
  it('takes its signals away, and opens no door', async () => {
    const { user } = await somebody()
    rmSync(join(folder, 'places.mmdb'))
    rmSync(join(folder, 'leaked.txt'))
    test.clock.advance(60)
    const asked = await typePassword(from(ABROAD), user)
    // What the other signals say still counts.
    expect(asked.location).toMatch(/\/login\//)
    const api = await openApi(test, 'gatehouse', { scopes: ['2fa'] })
    const { body } = await api.post('/2fa/preauth', {
      user_id: user.name,
      context: { ip: HOME },
    })
    expect(body.risk).toEqual({ score: 0, level: 'medium', reasons: ['database_missing'] })
  })
})
