import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import type { Visitor } from '../support/visitor.ts'

// A sign-in on its way to a host of another domain, in the hands of somebody who wants it for another
// browser, another host, another person, or a second time.

const APP = 'https://app.other.example'
const BLOG = 'https://blog.third.test'
const PORTAL = 'https://auth.gw.test'

let recorder: Recorder
let gateway: TestGateway
let alice: Visitor
let mallory: Visitor

beforeEach(async () => {
  recorder = await openRecorder()
  const rest = `upstream: "http://127.0.0.1:${recorder.port}", rules: [{ require: one_factor }]`
  gateway = await openGateway(`
portal: { url: ${PORTAL} }
routes:
  - { host: wiki.gw.test, ${rest} }
  - { host: app.other.example, ${rest} }
  - { host: blog.third.test, ${rest} }
`)
  await gateway.addUser({ name: 'alice' })
  await gateway.addUser({ name: 'mallory' })
  alice = gateway.visitor()
  mallory = gateway.visitor()
})
afterEach(async () => {
  await gateway.close()
  await recorder.close()
})

/** Signs in up to the point at which the browser holds an address with a code in it, not opened yet. */
async function codeFor(visitor: Visitor, name: string, page = `${APP}/page`): Promise<string> {
  const { origin } = new URL(page)
  const door = `${origin}/.gatehouse/login?rd=${encodeURIComponent(page)}`
  const toPortal = await visitor.get(door)
  const login = await visitor.get(toPortal.location ?? '')
  if (login.location) return login.location
  Object.assign(visitor, { url: toPortal.location, page: login })
  const done = await visitor.submit({ username: name, password: PASSWORD })
  expect(done.location).toContain(`${origin}/.gatehouse/hand-off?`)
  return done.location ?? ''
}

const whoIsAt = async (visitor: Visitor, url: string) => {
  recorder.clear()
  const { status } = await visitor.get(url)
  const headers = recorder.messages()[0]?.headers ?? []
  return headers.find(([name]) => name.toLowerCase() === 'remote-user')?.[1] ?? status
}

/** Nobody came in: no session cookie, no redirect to a page. */
const refused = async (visitor: Visitor, url: string) => {
  const answer = await visitor.get(url)
  expect([answer.status, answer.location]).toEqual([403, undefined])
  expect(answer.cookies.join()).not.toMatch(/gatehouse=/)
}

const codeIn = (url: string): string => new URL(url).searchParams.get('code') ?? ''

describe('a code', () => {
  it('is good once: the second time brings nobody in', async () => {
    const link = await codeFor(alice, 'alice')
    const kept = alice.jar.get('__Host-gatehouse-hand-off')
    expect((await alice.get(link)).location).toBe(`${APP}/page`)
    expect(await whoIsAt(alice, `${APP}/page`)).toBe('alice')
    // The same browser, but without the session that it got.
    alice.jar.clear()
    if (kept) alice.jar.set('__Host-gatehouse-hand-off', kept)
    await refused(alice, link)
  })

  it('is good once, however many try at the same moment', async () => {
    const link = await codeFor(alice, 'alice')
    const answers = await Promise.all(Array.from({ length: 20 }, () => alice.get(link)))
    const cookies = answers.flatMap((answer) => answer.cookies)
    expect(cookies.filter((line) => line.startsWith('__Host-gatehouse='))).toHaveLength(1)
  })

  it('is worth nothing in another browser, and stays good in its own', async () => {
    const link = await codeFor(alice, 'alice')
    await refused(mallory, link)
    // Not even in one that is on its way there too.
    await mallory.get(`${APP}/.gatehouse/login`)
    await refused(mallory, link)
    expect((await alice.get(link)).location).toBe(`${APP}/page`)
  })

  it('of an attacker signs nobody else in as them', async () => {
    const planted = await codeFor(mallory, 'mallory')
    await refused(alice, planted)
    await alice.get(`${APP}/.gatehouse/login`)
    await refused(alice, planted)
    expect(await whoIsAt(alice, `${APP}/`)).toBe(302)
  })

  it('for a victim’s session cannot be had by a link of the attacker', async () => {
    // The attacker begins in their own browser and sends the address of the portal to the victim.
    const begun = await mallory.get(`${APP}/.gatehouse/login`)
    await codeFor(alice, 'alice', 'https://app.other.example/')
    const link = await alice.get(begun.location ?? '')
    // The victim is signed in at the portal, so it gives a code at once; but to this browser alone.
    await refused(alice, link.location ?? '')
    expect(await whoIsAt(mallory, `${APP}/`)).toBe(302)
  })

  it('is worth nothing on another host', async () => {
    const link = await codeFor(alice, 'alice')
    await alice.get(`${BLOG}/.gatehouse/login`)
    await refused(alice, link.replace(APP, BLOG))
    // Not even if the other host’s browser secret were the same.
    const secret = alice.jar.get('__Host-gatehouse-hand-off')
    const other = alice.jar.get('__Host-gatehouse-hand-off @blog.third.test')
    if (secret && other) other.value = secret.value
    await refused(alice, link.replace(APP, BLOG))
  })

  it('is worth nothing at home, nor on a host that is nobody’s', async () => {
    const link = await codeFor(alice, 'alice')
    const atHome = await mallory.get(link.replace(APP, 'https://wiki.gw.test'))
    expect([atHome.status, atHome.cookies]).toEqual([404, []])
    const nobodys = await alice.get(link.replace(APP, 'https://evil.example'))
    expect([nobodys.status, nobodys.cookies]).toEqual([421, []])
  })

  it('is over after half a minute', async () => {
    const link = await codeFor(alice, 'alice')
    gateway.clock.advance(31)
    await refused(alice, link)
  })

  it('is over with the session', async () => {
    const link = await codeFor(alice, 'alice')
    const user = await gateway.store.users.findByName('alice')
    await gateway.store.sessions.deleteByUser(user?.id ?? '')
    await refused(alice, link)
  })

  it('cannot be made up or mended', async () => {
    const link = await codeFor(alice, 'alice')
    const code = codeIn(link)
    const [id = '', secret = ''] = code.split('.')
    const bent = [
      '',
      'x',
      `${id}.`,
      `.${secret}`,
      `${id}.${secret.slice(0, -1)}A`,
      `${id.slice(0, -1)}A.${secret}`,
      `${code}A`,
      `${code}%00`,
      "' or 1=1 --",
    ]
    for (const other of bent.filter((text) => text !== code)) {
      const answer = await alice.get(link.replace(code, other))
      expect([other, answer.status]).toEqual([other, 403])
    }
    expect(JSON.stringify(await gateway.store.sessions.find(id))).not.toContain(secret)
  })
})

describe('a session abroad', () => {
  it('is worth nothing in another realm, though it is the same session', async () => {
    await alice.get(await codeFor(alice, 'alice'))
    await alice.get(await codeFor(alice, 'alice', `${BLOG}/`))
    const stolen = alice.jar.get('__Host-gatehouse')?.value ?? ''
    expect(stolen).not.toBe('')
    for (const url of ['https://wiki.gw.test/', `${PORTAL}/`, `${BLOG}/`]) {
      const cookie = `__Secure-gatehouse=${stolen}; __Host-gatehouse=${stolen}; gatehouse=${stolen}`
      const answer = await mallory.get(url, { headers: { cookie } })
      expect([url, answer.status]).not.toEqual([url, 200])
    }
    const home = alice.jar.get('__Secure-gatehouse')?.value ?? ''
    const cookie = `__Host-gatehouse=${home}`
    expect((await mallory.get(`${APP}/`, { headers: { cookie } })).status).toBe(302)
  })

  it('is never known to an application, and no application can set it', async () => {
    await alice.get(await codeFor(alice, 'alice'))
    expect(await whoIsAt(alice, `${APP}/`)).toBe('alice')
    const sent = recorder
      .messages()[0]
      ?.headers.map(([, value]) => value)
      .join('\n')
    expect(sent).not.toContain(alice.jar.get('__Host-gatehouse')?.value)
    expect(sent).not.toContain(alice.jar.get('__Host-gatehouse-hand-off')?.value)
    const answer = await alice.get(`${APP}/set-cookie?name=gatehouse-hand-off&domain=other.example`)
    expect(answer.cookies.join()).not.toContain('gatehouse')
  })
})

describe('the page that is wanted', () => {
  it.each([
    'https://evil.test/',
    '//evil.test/',
    `${APP}.evil.test/`,
    `${APP}@evil.test/`,
    `${APP}\\@evil.test/`,
    'javascript:alert(1)',
    `${BLOG}/`,
    'http://app.other.example/',
    `${APP}:8443/`,
    '/page',
    '',
  ])('%j is not where it ends: only a page of that host is', async (rd) => {
    const begun = await alice.get(`${APP}/.gatehouse/login?rd=${encodeURIComponent(rd)}`)
    expect(new URL(begun.location ?? '').origin).toBe(PORTAL)
    const link = await codeFor(alice, 'alice')
    const bent = link.replace(/rd=[^&]*/, `rd=${encodeURIComponent(rd)}`)
    expect((await alice.get(bent)).location).toBe(`${APP}/`)
    // And once there is a session, too.
    expect((await alice.get(bent)).location).toBe(`${APP}/`)
    const out = await alice.get(`${APP}/.gatehouse/logout?rd=${encodeURIComponent(rd)}`)
    expect(new URL(out.location ?? '').searchParams.get('rd')).toBe(`${APP}/`)
  })

  it('within an arrival is that of its own host, whatever the portal is told', async () => {
    const digest = 'A'.repeat(43)
    const arrival = `${APP}/.gatehouse/hand-off?browser=${digest}&rd=${encodeURIComponent('https://evil.test/')}`
    await codeFor(alice, 'alice')
    const { location = '' } = await alice.get(`${PORTAL}/login?rd=${encodeURIComponent(arrival)}`)
    expect(new URL(location).origin).toBe(APP)
    await refused(alice, location)
  })
})

describe('a farewell', () => {
  it('ends the session that it names and no other, and only by a form of the portal', async () => {
    await alice.get(await codeFor(alice, 'alice'))
    const out = await alice.get(`${APP}/.gatehouse/logout`)
    const link = out.location ?? ''
    // Looking at it changes nothing; neither does a form from elsewhere.
    await mallory.open(link)
    expect(await whoIsAt(alice, `${APP}/`)).toBe('alice')
    const forged = await mallory.submit({}, { headers: { origin: 'https://evil.test' } })
    expect(forged.status).toBe(403)
    expect(await whoIsAt(alice, `${APP}/`)).toBe('alice')
  })

  it('is good for ten minutes and cannot be made up', async () => {
    await alice.get(await codeFor(alice, 'alice'))
    const { location = '' } = await alice.get(`${APP}/.gatehouse/logout`)
    const of = new URL(location).searchParams.get('of') ?? ''
    const [id = '', until = '', mac = ''] = of.split('.')
    const stranger = gateway.visitor()
    for (const bent of [
      `${id}.${Number(until) + 1}.${mac}`,
      `${id}.${until}.${'A'.repeat(43)}`,
      id,
    ]) {
      const page = await stranger.get(`${PORTAL}/logout?of=${bent}`)
      expect(page.body).not.toContain('Alice')
    }
    expect((await stranger.get(`${PORTAL}/logout?of=${of}`)).body).toContain('Alice')
    gateway.clock.advance(601)
    expect((await stranger.get(`${PORTAL}/logout?of=${of}`)).body).not.toContain('Alice')
  })
})

describe('a proxy in front that does not send our pages to us', () => {
  it('is told so, and nobody is sent in circles', async () => {
    const ask = (uri: string) =>
      forwardAuth.visitor().get('http://gatehouse.internal/api/authz/forward-auth', {
        headers: {
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'app.other.example',
          'x-forwarded-uri': uri,
          'x-forwarded-for': '192.0.2.7',
        },
      })
    const forwardAuth = await openGateway(`
portal: { url: ${PORTAL} }
trusted_proxies: [127.0.0.1]
routes: [{ host: app.other.example, rules: [{ require: one_factor }] }]
`)
    try {
      const first = await ask('/page')
      expect(first.location).toBe(
        `${APP}/.gatehouse/login?rd=${encodeURIComponent(`${APP}/page`)}&rm=GET`,
      )
      const second = await ask(first.location?.slice(APP.length) ?? '')
      expect([second.status, second.location]).toEqual([403, undefined])
      expect(second.body).toContain('/.gatehouse/')
    } finally {
      await forwardAuth.close()
    }
  })
})
