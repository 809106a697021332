import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import type { Visitor } from '../support/visitor.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const WIKI = 'https://wiki.gw.test/'
const APP = 'https://app.other.example/'
const [A, B] = ['https://a.third.test/', 'https://b.third.test/']

let recorder: Recorder
let gateway: TestGateway
let alice: Visitor
let userId: string

beforeEach(async () => {
  recorder = await openRecorder()
  const upstream = `upstream: "http://127.0.0.1:${recorder.port}"`
  gateway = await openGateway(`
portal: { url: https://auth.gw.test }
routes:
  - { host: wiki.gw.test, ${upstream}, rules: [{ require: one_factor }] }
  - host: app.other.example
    ${upstream}
    rules:
      - { paths: [/admin/**], require: two_factor }
      - { require: one_factor }
  - { hosts: [a.third.test, b.third.test], ${upstream}, rules: [{ require: one_factor }] }
`)
  ;({ id: userId } = await gateway.addUser({ name: 'alice', secret: SECRET }))
  alice = gateway.visitor()
})
afterEach(async () => {
  await gateway.close()
  await recorder.close()
})

const signInFor = async (visitor: Visitor, url: string) => {
  await visitor.open(url)
  const next = await visitor.submit({ username: 'alice', password: PASSWORD })
  return visitor.open(next.location ?? '')
}
const whoIsAt = async (visitor: Visitor, url: string) => {
  recorder.clear()
  const { status } = await visitor.get(url)
  const headers = recorder.messages()[0]?.headers ?? []
  const user = headers.find(([name]) => name.toLowerCase() === 'remote-user')?.[1]
  return user ?? status
}

describe('one sign-in', () => {
  it('serves a host of another domain, and comes back byte for byte to the page', async () => {
    const wanted = `${APP}a%20b//c;d?q=%C3%A4&x=[1]`
    const page = await signInFor(alice, wanted)
    expect([page.status, alice.url]).toEqual([200, wanted])
    expect(await whoIsAt(alice, APP)).toBe('alice')
    expect(recorder.messages()[0]?.headers.map(([name]) => name)).not.toContain('Cookie')
  })

  it('serves all others from then on, without a question', async () => {
    await signInFor(alice, WIKI)
    for (const url of [APP, A, B, WIKI]) {
      expect((await alice.open(url)).status).toBe(200)
      expect(await whoIsAt(alice, url)).toBe('alice')
    }
    expect(await gateway.store.sessions.listByUser(userId)).toHaveLength(1)
  })

  it('reaches hosts that share a parent domain by one cookie', async () => {
    await signInFor(alice, A)
    expect(await whoIsAt(alice, B)).toBe('alice')
  })

  it('that begins abroad serves home', async () => {
    await signInFor(alice, APP)
    expect(await whoIsAt(alice, WIKI)).toBe('alice')
  })

  it('is named by another secret in every realm', async () => {
    await signInFor(alice, APP)
    await alice.open(A)
    const tokens = [...alice.jar]
      .filter(([name]) => /gatehouse(?: @|$)/.test(name))
      .map(([, { value }]) => value.split('.'))
    expect(tokens).toHaveLength(3)
    expect(new Set(tokens.map(([id]) => id)).size).toBe(1)
    expect(new Set(tokens.map(([, secret]) => secret)).size).toBe(3)
  })
})

describe('a stronger proof', () => {
  it('that a page abroad asks for is given at the portal, and counts abroad', async () => {
    await signInFor(alice, APP)
    await alice.open(`${APP}admin/x?y=1`)
    expect(new URL(alice.url).hostname).toBe('auth.gw.test')
    const done = await alice.submit({ code: await gateway.code(userId) })
    const page = await alice.open(done.location ?? '')
    expect([page.status, alice.url]).toEqual([200, `${APP}admin/x?y=1`])
    expect(await whoIsAt(alice, `${APP}admin/x`)).toBe('alice')
  })

  it('given at home is taken over at the next page abroad', async () => {
    await signInFor(alice, APP)
    await alice.open('https://auth.gw.test/login?aal=2')
    await alice.submit({ code: await gateway.code(userId) })
    // The old session is over everywhere, and the way to the new one asks nothing.
    expect(await whoIsAt(alice, APP)).toBe(302)
    expect((await alice.open(`${APP}admin/`)).status).toBe(200)
    expect(await whoIsAt(alice, `${APP}admin/`)).toBe('alice')
  })
})

describe('a sign-out', () => {
  const everywhere = [WIKI, APP, A, B]
  const signInEverywhere = async () => {
    await signInFor(alice, WIKI)
    for (const url of everywhere) await alice.open(url)
  }
  const whoIsEverywhere = () => Promise.all(everywhere.map((url) => whoIsAt(alice, url)))

  it('at the portal ends the session everywhere', async () => {
    await signInEverywhere()
    await alice.open('https://auth.gw.test/logout')
    await alice.submit({ scope: 'here' })
    expect(await whoIsEverywhere()).toEqual([302, 302, 302, 302])
  })

  it('on a host abroad is the same', async () => {
    await signInEverywhere()
    await alice.open(`${APP}.gatehouse/logout`)
    expect(new URL(alice.url).hostname).toBe('auth.gw.test')
    expect(alice.page.body).toContain('Alice Adams')
    await alice.submit({ scope: 'here' })
    expect(await whoIsEverywhere()).toEqual([302, 302, 302, 302])
  })

  it('on a host abroad ends that session even where the portal does not know the browser any more', async () => {
    await signInFor(alice, APP)
    for (const [key, { domain }] of alice.jar) if (domain === 'gw.test') alice.jar.delete(key)
    expect(await whoIsAt(alice, APP)).toBe('alice')
    await alice.open(`${APP}.gatehouse/logout?rd=${encodeURIComponent(APP)}`)
    const done = await alice.submit({ scope: 'here' })
    expect(done.status).toBe(200)
    expect(await whoIsAt(alice, APP)).toBe(302)
    expect(await gateway.store.sessions.listByUser(userId)).toEqual([])
  })

  it('from the command line, or of a disabled user, counts abroad at the next request', async () => {
    await signInEverywhere()
    await gateway.store.users.setStatus(userId, 'disabled')
    expect(await whoIsEverywhere()).toEqual([302, 302, 302, 302])
  })
})

describe('a browser that holds two session cookies', () => {
  it('is mended at the portal, and the next sign-in counts', async () => {
    await signInFor(alice, WIKI)
    const tossed = { value: 'x.y.z', domain: 'auth.gw.test', hostOnly: false }
    alice.jar.set('__Secure-gatehouse @auth.gw.test', tossed)
    await alice.open('https://auth.gw.test/login')
    expect([...alice.jar.keys()].filter((name) => name.startsWith('__Secure'))).toEqual([])
    await signInFor(alice, WIKI)
    expect(await whoIsAt(alice, WIKI)).toBe('alice')
  })
})

describe('somebody who is not signed in abroad', () => {
  it('is asked by a program’s answer, not by a redirect, when a program asks', async () => {
    const headers = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
    const answer = await alice.get(APP, { headers })
    expect([answer.status, answer.location]).toEqual([401, undefined])
  })

  it('is sent to the door of that host, whose cookie names the browser', async () => {
    const first = await alice.get(`${APP}x`)
    expect(first.location).toBe(`${APP}.gatehouse/login?rd=${encodeURIComponent(`${APP}x`)}&rm=GET`)
    expect(first.cookies).toEqual([])
    const second = await alice.get(first.location ?? '')
    expect(second.location).toMatch(/^https:\/\/auth\.gw\.test\/login\?rd=https%3A%2F%2Fapp\.other/)
    expect(second.cookies).toEqual([
      expect.stringMatching(
        /^__Host-gatehouse-hand-off=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=1800$/,
      ),
    ])
    // Several pages at once are one browser.
    await alice.get(`${APP}.gatehouse/login`)
    const third = await alice.get(`${APP}.gatehouse/login`)
    expect(third.cookies[0]?.split(';')[0]).toBe(second.cookies[0]?.split(';')[0])
  })

  it('is told of the application by its name, and what its page asks for', async () => {
    const page = await alice.open(`${APP}admin/`)
    expect(page.body).toContain('app.other.example')
    await alice
      .submit({ username: 'alice', password: PASSWORD })
      .then(({ location }) => alice.open(location ?? ''))
    // Two factors, as the page behind the arrival asks, and not one.
    expect(alice.page.body).toContain('autocomplete="one-time-code"')
  })
})
