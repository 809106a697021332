import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aSession, aUser } from '../support/builders.ts'
import { type PlainRequest, type RawAnswer, send } from '../support/raw.ts'
import { type Gate, openGate } from '../unit/gateway/gate.ts'

export type Lines = readonly (readonly [name: string, value: string])[]

/** A browser's request, as it arrives at a proxy. */
export interface Held {
  method: string
  scheme: 'http' | 'https'
  host: string
  target: string
  headers: Lines
}

/** One kind of proxy: what it sends to the gate about a request that it holds, and what it makes of the answer. */
export interface ProxyKind {
  name: string
  asks(held: Held): PlainRequest
  yes: 200 | 202
  malformed: 400 | 401 | 403
  /** Does it hand on redirects of the gate, or make its own from a header of a 401? */
  signInBy: 'redirect' | 'Location' | 'X-Tinyauth-Location'
  /** Does it tell the method? */
  tellsMethod: boolean
  /** Does it tell a path only decoded? */
  decodesPaths?: true
  /** Names of headers beside those of the route. */
  identity?: readonly string[]
  compat?: Parameters<typeof openGate>[0]['compat']
}

const ROUTES = [
  {
    host: 'app.gw.test',
    rules: [
      { paths: ['/public/**'], require: 'bypass' },
      { paths: ['/admin/**'], require: 'two_factor', groups: ['admins'], max_age: '10m' },
      { paths: ['/inside/**'], networks: ['10.0.0.0/8'], require: 'bypass' },
      { paths: ['/inside/**'], require: 'deny' },
      { query: [{ name: 'raw', present: true }], require: 'deny' },
      { require: 'two_factor' },
    ],
    headers: { user: 'X-My-User' },
  },
  {
    host: 'methods.gw.test',
    rules: [{ methods: ['GET'], require: 'bypass' }, { require: 'deny' }],
  },
  { host: '*.wild.gw.test', rules: [{ require: 'two_factor' }] },
]
const IDENTITY = [
  'X-My-User',
  'Remote-Groups',
  'Remote-Name',
  'Remote-Email',
  'X-Gatehouse-Assertion',
]
const NAVIGATION: Lines = [
  ['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Dest', 'document'],
]
const PROGRAM: Lines = [
  ['Accept', 'application/json'],
  ['X-Requested-With', 'XMLHttpRequest'],
]
/** The families of headers by which proxies tell about a request, telling a lie. */
const LIES: Lines = [
  ['X-Forwarded-Method', 'OPTIONS'],
  ['X-Forwarded-Uri', '/public/a'],
  ['X-Forwarded-Host', 'evil.test'],
  ['X-Original-Method', 'OPTIONS'],
  ['X-Original-URL', 'https://app.gw.test/public/a'],
  ['X-Original-URI', '/public/a'],
]

/** What every kind of proxy can rely on. */
export function promisesOf(kind: ProxyKind): void {
  describe(kind.name, () => {
    let gate: Gate
    let stranger: Gate
    let alice: string
    beforeAll(async () => {
      const options = { routes: ROUTES, compat: kind.compat ?? {} }
      gate = await openGate({ ...options, trusted: ['127.0.0.1'] })
      stranger = await openGate(options)
      alice = gate.signIn('alice')
    })
    beforeEach(() => {
      gate.events.length = 0
    })
    afterAll(async () => {
      await gate.close()
      await stranger.close()
    })

    const about = (held: Partial<Held>): Held => ({
      method: 'GET',
      scheme: 'https',
      host: 'app.gw.test',
      target: '/',
      headers: [],
      ...held,
    })
    const ask = (held: Partial<Held>, port = gate.port): Promise<RawAnswer> =>
      send(port, kind.asks(about(held)))
    const as = (cookie: string): Lines => [['Cookie', cookie]]
    const said = (answer: RawAnswer, name: string) => answer.all(name.toLowerCase())
    const names = [...IDENTITY, ...(kind.identity ?? [])]

    it('hears yes, and who is there, each header once', async () => {
      const answer = await ask({ target: '/a?b=c', headers: as(alice) })
      expect(answer.status).toBe(kind.yes)
      expect(names.map((name) => said(answer, name).length)).toEqual(names.map(() => 1))
      expect(said(answer, 'X-My-User')).toEqual(['alice'])
      expect(said(answer, 'X-Gatehouse-Assertion').join()).toMatch(/^ey/)
      expect(said(answer, 'Cache-Control')).toEqual(['no-store'])
    })

    it('hears every header, empty, where nobody is there', async () => {
      const answer = await ask({ target: '/public/a', headers: [['X-My-User', 'carol']] })
      expect(answer.status).toBe(kind.yes)
      expect(names.map((name) => said(answer, name))).toEqual(names.map(() => ['']))
    })

    it('hears where to sign in, with the way back byte for byte', async () => {
      const target = `${kind.decodesPaths ? '/a' : '/a%20b'}?c=%2F%26&d`
      const answer = await ask({ target, headers: NAVIGATION })
      const link = `https://auth.gw.test/login?rd=${encodeURIComponent(`https://app.gw.test${target}`)}&rm=GET`
      expect(answer.status).toBe(kind.signInBy === 'redirect' ? 302 : 401)
      expect(said(answer, kind.signInBy === 'redirect' ? 'Location' : kind.signInBy)).toEqual([
        link,
      ])
      expect(said(answer, 'Cache-Control')).toEqual(['no-store'])
    })

    it('hears 401, a problem and no way to a page for a program', async () => {
      const answer = await ask({ headers: PROGRAM })
      expect(answer.status).toBe(401)
      expect(said(answer, 'WWW-Authenticate')).toEqual(['Gatehouse realm="auth.gw.test"'])
      expect(said(answer, 'Content-Type')).toEqual(['application/problem+json'])
      expect([...said(answer, 'Location'), ...said(answer, 'X-Tinyauth-Location')]).toEqual([])
    })

    it('hears what a program has to prove, as RFC 9470 says', async () => {
      const session = aSession({ aal: 1 })
      const carol = gate.signIn('carol', { user: aUser({ groups: ['admins'] }), session })
      const answer = await ask({ target: '/admin/x', headers: [...PROGRAM, ...as(carol)] })
      expect(answer.status).toBe(401)
      expect(said(answer, 'WWW-Authenticate')).toEqual([
        'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600"',
      ])
    })

    it('hears 403 and a number where a person is denied, and nowhere to go', async () => {
      const answer = await ask({ target: '/admin/x', headers: [...NAVIGATION, ...as(alice)] })
      expect(answer.status).toBe(403)
      expect(said(answer, 'Location')).toEqual([])
      expect(gate.events).toHaveLength(1)
      expect(said(answer, 'X-Gatehouse-Reference')).toEqual([gate.events[0]?.reference])
      expect(answer.body).toContain(gate.events[0]?.reference)
    })

    it('is heard from a trusted address only', async () => {
      const answer = await ask({ target: '/public/a' }, stranger.port)
      expect(answer.status).toBe(403)
      expect(names.flatMap((name) => said(answer, name))).toEqual([])
    })

    it.each<[string, Partial<Held>]>([
      ['a host that is not here', { host: 'evil.test' }],
      ['a host that only ends like one', { host: 'evilapp.gw.test' }],
      ['a port of its own', { host: 'app.gw.test:8443' }],
      ['a path that can be read in two ways', { target: '/public/..%2fadmin' }],
      ['a dot segment', { target: '/public/../admin' }],
      ['a query that can be read in two ways', { target: '/x?raw=1&raw' }],
      ['bytes that are no URL', { target: '/public/a\\b' }],
    ])('is told no by a question with %s', async (_, held) => {
      const answer = await ask({ target: '/public/a', headers: as(alice), ...held })
      expect([kind.malformed, 400]).toContain(answer.status)
      expect(names.flatMap((name) => said(answer, name))).toEqual([])
    })

    it.each(LIES)('believes no %s that the client has sent', async (name, value) => {
      const { headers = [] } = kind.asks(about({}))
      // Where the proxy sets the header itself, nothing of the client's is left.
      const isSet = headers.some(([known]) => known.toLowerCase() === name.toLowerCase())
      const answer = await ask({ target: '/admin/x', headers: isSet ? [] : [[name, value]] })
      expect(answer.status).not.toBe(kind.yes)
      expect(said(answer, 'X-My-User')).toEqual([])
    })

    it('is told about a host behind a wildcard', async () => {
      const answer = await ask({ host: 'x.wild.gw.test', headers: as(alice) })
      expect(answer.status).toBe(kind.yes)
      const { aud } = JSON.parse(
        Buffer.from(
          said(answer, 'X-Gatehouse-Assertion').join().split('.')[1] ?? '',
          'base64url',
        ).toString(),
      ) as { aud: string }
      expect(aud).toBe('https://x.wild.gw.test')
    })

    if (kind.tellsMethod) {
      it('is asked with the method of the browser', async () => {
        expect((await ask({ host: 'methods.gw.test' })).status).toBe(kind.yes)
        expect((await ask({ host: 'methods.gw.test', method: 'POST' })).status).toBe(403)
      })
    } else {
      it('is told no where a rule looks at the method, whatever the client says', async () => {
        const lies: Lines = [
          ['X-Forwarded-Method', 'GET'],
          ['X-Original-Method', 'GET'],
        ]
        const answer = await ask({ host: 'methods.gw.test', headers: lies })
        expect(answer.status).toBe(kind.malformed)
      })
    }

    it('asks about a WebSocket as about anything else', async () => {
      const answer = await ask({
        target: '/ws',
        headers: [
          ['Upgrade', 'websocket'],
          ['Connection', 'Upgrade'],
          ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
          ['Sec-WebSocket-Version', '13'],
        ],
      })
      expect(answer.status).toBe(401)
      expect(said(answer, 'Location')).toEqual([])
    })

    it('opens no WebSocket of somebody’s to the page of another site', async () => {
      const handshake: Lines = [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Sec-WebSocket-Version', '13'],
        ...as(alice),
      ]
      const from = (origin: string) =>
        ask({ target: '/ws', headers: [...handshake, ['Origin', origin]] })
      expect((await from('https://app.gw.test')).status).toBe(kind.yes)
      const foreign = await from('https://x.wild.gw.test')
      expect(foreign.status).toBe(403)
      expect(names.flatMap((name) => said(foreign, name))).toEqual([])
    })
  })
}
