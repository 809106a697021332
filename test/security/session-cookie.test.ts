import { afterEach, beforeEach, describe, expect } from 'vitest'
import { DIALECTS } from './dialects.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'
import { askWebSocket } from './web-socket.ts'

const NOBODY = [302, 303, 401]

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

const asks = async (cookie: string, host = 'app.gw.test') =>
  (await fixture.ask(host, '/', cookie)).status

/** What becomes of a request that must not pass for anybody. */
const expectNobody = async (cookie: string) => {
  fixture.recorder.clear()
  expect(NOBODY).toContain(await asks(cookie))
  expect(fixture.recorder.messages()).toEqual([])
}

describe('a forged session cookie', () => {
  story('SES-002', 'counts for nobody when a single character is missing or added', async () => {
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    for (let cut = 1; cut < 45; cut++) await expectNobody(cookie.slice(0, -cut))
    for (const more of ['A', '=', '.', '%00', ' A', '"']) await expectNobody(`${cookie}${more}`)
    const flipped = cookie.endsWith('A') ? 'B' : 'A'
    await expectNobody(`${cookie.slice(0, -2)}${flipped}${cookie.slice(-1)}`)
  })

  story('SES-005', 'counts for nobody beside a genuine one', async () => {
    const alice = await fixture.resolve('COOKIE:alice:aal2')
    const bob = await fixture.resolve('COOKIE:bob:aal2')
    const [name, value] = alice.split('=')
    for (const both of [
      `${bob}; ${alice}`,
      `${alice}; ${bob}`,
      `${bob}; ${name}="${value}"`,
      `${name}="${value}"`,
    ]) {
      await expectNobody(both)
    }
  })

  story('SES-006', 'counts for nobody under a name that only looks like ours', async () => {
    const [name = '', value = ''] = (await fixture.resolve('COOKIE:alice:aal2')).split('=')
    for (const other of [
      `\u00a0${name}`,
      `\t\u00a0${name}`,
      name.toLowerCase(),
      name.toUpperCase(),
      name.replace('_', '%5F'),
      name.replace('g', '%67'),
      `x${name}`,
    ]) {
      await expectNobody(`${other}=${value}`)
    }
  })

  story(
    'SES-020',
    'tossed in by an application does not reach the portal as a session',
    async () => {
      const mallory = await fixture.resolve('COOKIE:mallory:aal2')
      const browser = fixture.browser()
      await fixture.signIn(browser, 'alice')
      const both = `${browser.cookies('auth.gw.test')}; ${mallory}`
      const page = await fixture.ask('auth.gw.test', '/', both)
      // Asked to sign in, as nobody: neither alice's page nor mallory's.
      expect(page.status).toBe(303)
      expect(page.all('location')).toEqual(['https://auth.gw.test/login'])
    },
  )
})

describe('a session', () => {
  story('SES-008', 'never continues a cookie from before the sign-in', async () => {
    const browser = fixture.browser()
    const fresh = `${fixture.cookieName}=${'A'.repeat(22)}.${'A'.repeat(43)}.${'A'.repeat(43)}`
    browser.take('auth.gw.test', `${fresh}; Domain=gw.test; Path=/`)
    await fixture.signIn(browser, 'alice')
    expect(await asks(browser.cookies('app.gw.test'))).toBe(200)
    expect(browser.cookies('app.gw.test')).not.toContain(fresh)
    await expectNobody(fresh)
  })

  story('SES-009', 'gets a new id when it rises, and the old one is dead', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice', { rd: 'https://one.gw.test/' })
    const before = browser.cookies('one.gw.test')
    expect(await asks(before, 'one.gw.test')).toBe(200)
    await fixture.stepUp(browser, 'alice', 'https://app.gw.test/')
    expect(await asks(browser.cookies('app.gw.test'))).toBe(200)
    expect(NOBODY).toContain(await asks(before, 'one.gw.test'))
  })

  story('SES-012', 'ends at once when its user is disabled', async () => {
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    expect(await asks(cookie)).toBe(200)
    const socket = await askWebSocket(fixture.port, { host: 'ws.gw.test', cookie })
    expect([socket.status, await socket.echo('hello')]).toEqual([101, 'hello'])

    await fixture.store.users.setStatus(fixture.users.alice.id, 'disabled')
    await expectNobody(cookie)
    for (const dialect of DIALECTS) {
      const { status } = await fixture.askForward('app.gw.test', '/', cookie, { dialect })
      expect(NOBODY).toContain(status)
    }
    const late = new Promise((resolve) => setTimeout(resolve, 2_000, 'still open'))
    expect(await Promise.race([socket.closed, late])).not.toBe('still open')
  })

  story('SES-014', 'follows its user out of a group at once', async () => {
    const cookie = await fixture.resolve('COOKIE:carol:aal2')
    expect(await asks(cookie, 'admin.gw.test')).toBe(200)
    await fixture.store.users.setGroups(fixture.users.carol.id, [])
    fixture.recorder.clear()
    expect(await asks(cookie, 'admin.gw.test')).toBe(403)
    expect(fixture.recorder.messages()).toEqual([])
  })

  story('SES-015', 'ends after idling, and after its absolute time whatever happens', async () => {
    const { idle, absolute } = fixture.config.session
    const idling = await fixture.resolve('COOKIE:alice:aal2')
    fixture.clock.advance(idle - 60)
    expect(await asks(idling)).toBe(200)
    fixture.clock.advance(idle + 1)
    await expectNobody(idling)

    const browser = fixture.browser()
    await fixture.signIn(browser, 'bob')
    const busy = browser.cookies('app.gw.test')
    const step = 600
    for (let seconds = 0; seconds + step < absolute; seconds += step) {
      fixture.clock.advance(step)
      expect(await asks(busy)).toBe(200)
    }
    fixture.clock.advance(step + 1)
    await expectNobody(busy)
  })

  story(
    'SES-017',
    'is named by a cookie that no script, no plain line and no other site carries',
    async () => {
      const browser = fixture.browser()
      const page = await fixture.signIn(browser, 'alice')
      const [line = ''] = page
        .all('set-cookie')
        .filter((each) => each.startsWith(fixture.cookieName))
      const [pair = '', ...attributes] = line.split('; ')
      expect(pair).toMatch(/^__(Host|Secure)-gatehouse=[A-Za-z0-9._-]+$/)
      expect(pair.length).toBeLessThan(200)
      expect(attributes.toSorted()).toEqual(
        ['Domain=gw.test', 'HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'].toSorted(),
      )
      // Opaque: nothing about the person can be read from it.
      expect(Buffer.from(pair, 'base64url').toString('latin1')).not.toMatch(/alice/i)
    },
  )

  story('SES-019', 'is one of so many; one more ends the oldest', async () => {
    const keep = fixture.config.session.per_user
    const over = 10
    const cookies: string[] = []
    for (let count = 0; count < keep + over; count++) {
      const browser = fixture.browser()
      await fixture.signIn(browser, 'dave', { rd: 'https://one.gw.test/' })
      cookies.push(browser.cookies('one.gw.test'))
      fixture.clock.advance(1)
    }
    const sessions = await fixture.store.sessions.listByUser(fixture.users.dave.id)
    expect(sessions).toHaveLength(keep)
    const alive = await Promise.all(
      cookies.map(async (cookie) => (await asks(cookie, 'one.gw.test')) === 200),
    )
    expect(alive).toEqual(cookies.map((_, index) => index >= over))
  })

  story('SES-021', 'ends when somebody else signs in with the same browser', async () => {
    const browser = fixture.browser()
    // Nobody signs out: the second tab has stood open since before the first one signed in.
    const secondTab = await browser.get('https://auth.gw.test/login')
    await fixture.signIn(browser, 'alice')
    const alice = browser.cookies('app.gw.test')
    expect(await asks(alice)).toBe(200)

    const asked = await browser.submit(secondTab, fixture.credentials('bob'))
    const code = await browser.get(new URL(asked.location ?? '', asked.url).href)
    const done = await browser.submit(code, { code: fixture.code('bob') })
    expect(done.status).toBe(303)
    await expectNobody(alice)
    // Back: the pages that alice saw are asked for anew, and are bob's.
    for (const path of ['/', '/logout']) {
      const page = await browser.get(`https://auth.gw.test${path}`)
      expect([asked, code, done, page].map(({ raw }) => /alice/i.test(raw))).not.toContain(true)
      expect(page.all('cache-control').join()).toContain('no-store')
      expect(page.body).toContain('Bob')
    }
    expect(await fixture.store.sessions.listByUser(fixture.users.alice.id)).toEqual([])
  })

  story('SES-022', 'that has ended does not come back by looking at the sign-in page', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice')
    const cookie = browser.cookies('app.gw.test')
    fixture.clock.advance(fixture.config.session.idle + 1)
    expect((await browser.get('https://auth.gw.test/login')).status).toBe(200)
    await expectNobody(cookie)
  })

  story('SES-024', 'that ended on one node has ended on the other', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice')
    const cookie = browser.cookies('app.gw.test')
    const statuses = () =>
      Promise.all(
        DIALECTS.map(async (dialect) => {
          const { status } = await fixture.askForward('app.gw.test', '/', cookie, { dialect })
          return status
        }),
      )
    expect(await statuses()).toEqual([200, 200])
    await browser.submit(await browser.get('https://auth.gw.test/logout'), {})
    expect(await statuses()).toEqual([401, 401])
  })
})
