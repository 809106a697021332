import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gatewayConfig } from '../../../src/gateway/config.ts'
import { headerList, headerValue } from '../../../src/gateway/header-value.ts'
import { createIdentityHeaders } from '../../../src/gateway/identity-headers.ts'
import type { GatewayRequest, HeaderLine } from '../../../src/gateway/request.ts'
import { foldName } from '../../../src/gateway/reserved-names.ts'
import { compileRoutes } from '../../../src/gateway/routes.ts'
import { createCookies } from '../../../src/session/cookie.ts'
import { aSession, aUser } from '../../support/builders.ts'
import { oneRealm } from '../../support/realms.ts'

const portal = new URL('https://auth.gw.test:8443/')
const routes = compileRoutes(
  gatewayConfig.routes.parse([
    { host: 'app.gw.test', rules: [{ require: 'one_factor' }] },
    { host: 'odd.gw.test', headers: { user: 'X-WiKi-Login' }, rules: [{ require: 'one_factor' }] },
  ]),
  { portal },
)
const cookies = createCookies({ portal, realms: oneRealm({ kind: 'host' }) })
const identityHeaders = createIdentityHeaders({ routes, cookies })
const [app, odd] = routes.all
if (!app || !odd) throw new Error('the routes are missing')

const aRequest = (headers: HeaderLine[], given: Partial<GatewayRequest> = {}): GatewayRequest => ({
  method: 'GET',
  host: 'app.gw.test',
  port: 8443,
  target: '/',
  rawPath: '/',
  address: '203.0.113.9',
  peerIsTrusted: false,
  headers,
  cookie: undefined,
  userAgent: '',
  connection: undefined,
  isUpgrade: false,
  hasBody: false,
  expectsContinue: false,
  ...given,
})
const somebody = (given = {}) => ({
  signedIn: { user: aUser(given), session: aSession() },
  assertion: 'a.b.c',
})
const anonymous = (headers: HeaderLine[], given: Partial<GatewayRequest> = {}) =>
  identityHeaders.forUpstream(aRequest(headers, given), app, undefined)

/** What the gateway says of every request. */
const ALWAYS: HeaderLine[] = [
  ['Host', 'app.gw.test:8443'],
  ['X-Forwarded-For', '203.0.113.9'],
  ['X-Forwarded-Host', 'app.gw.test:8443'],
  ['X-Forwarded-Proto', 'https'],
]

describe('a client’s header line', () => {
  it.each([
    'Remote-User',
    'REMOTE_USER',
    'Remote.Groups',
    'remote~name',
    'X_WIKI_LOGIN',
    'x-gatehouse-assertion',
    'X-Gatehouse-Anything',
    'X-Forwarded-For',
    'X_Forwarded_Proto',
    'X-Forwarded-Client-Cert',
    'Forwarded',
    'X-Real-IP',
    'X-Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Cluster-Client-IP',
    'Fastly-Client-IP',
    'X-Originating-IP',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Envoy-Original-Path',
    'SCRIPT_NAME',
    'Path-Info',
    'X-Accel-Redirect',
    'X-HTTP-Method-Override',
    'X-HTTP-Method',
    'X-Method-Override',
    'X-Auth-Request-User',
    'X-Remote-User',
    'X-WEBAUTH-USER',
    'X-User',
    'X-authentik-username',
    'X-Pomerium-Jwt-Assertion',
    'Cf-Access-Jwt-Assertion',
    'Tailscale-User-Login',
    'X-Goog-Authenticated-User-Email',
    'X-MS-CLIENT-PRINCIPAL',
    'X-Amzn-Oidc-Identity',
    'SSL_CLIENT_S_DN',
    'X-Client-Cert',
    'X-SSL-Client-Verify',
    'Connection',
    'Keep-Alive',
    'Proxy',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Transfer_Encoding',
    'Content_Length',
    'Upgrade',
    'HTTP2-Settings',
    'Expect',
    'Host',
    'Cookie',
  ])('%s never travels on', (name) => {
    expect(anonymous([[name, 'carol']]).toSorted()).toEqual(ALWAYS.toSorted())
  })

  it.each(['Accept', 'Authorization', 'Origin', 'Referer', 'X-Requested-With', 'X-CSRF-Token'])(
    '%s travels on as it is, as often as it came',
    (name) => {
      const lines: HeaderLine[] = [
        [name, 'one'],
        [name.toUpperCase(), 'two'],
      ]
      expect(anonymous(lines)).toEqual(expect.arrayContaining(lines))
    },
  )

  it('named by Connection stays behind, but nothing that we set does', () => {
    const connection = 'close, X-Secret, Host, Cookie, X-Forwarded-For, Remote-User'
    const lines = identityHeaders.forUpstream(
      aRequest([['X-Secret', 'x']], { connection, cookie: 'a=1' }),
      app,
      somebody(),
    )
    const names = lines.map(([name]) => name)
    expect(names).not.toContain('X-Secret')
    for (const name of ['Host', 'Cookie', 'X-Forwarded-For', 'Remote-User']) {
      expect(names).toContain(name)
    }
  })

  it('about the length stays where there is a body, even if Connection names it', () => {
    const length: HeaderLine = ['content-length', '5']
    const given = { hasBody: true, connection: 'Content-Length' }
    expect(anonymous([length], given)).toContainEqual(length)
    expect(anonymous([['Content-Length', '0']])).toHaveLength(ALWAYS.length)
  })

  it('in no spelling whatever passes for one of ours', () => {
    const ours = ['remote-user', 'x-wiki-login', 'x-gatehouse-assertion', 'x-forwarded-for']
    const disguised = fc
      .tuple(
        fc.constantFrom(...ours),
        fc.array(fc.tuple(fc.boolean(), fc.constantFrom(...'-_.~!'))),
      )
      .map(([name, dice]) =>
        Array.from(name, (letter, index) => {
          const [upper, sign] = dice[index] ?? [false, '-']
          if (letter === '-') return sign
          return upper ? letter.toUpperCase() : letter
        }).join(''),
      )
    fc.assert(
      fc.property(disguised, (name) => {
        const values = anonymous([[name, 'carol']]).map(([, value]) => value)
        expect(values).not.toContain('carol')
      }),
    )
    expect(foldName('X_WiKi.Login')).toBe('x-wiki-login')
  })
})

describe('who is there', () => {
  it('is told under the names of the route, each once, empty when unknown', () => {
    const { email: _, ...user } = aUser({ groups: [] })
    const identity = { ...somebody(), signedIn: { user, session: aSession() } }
    const told = identityHeaders.forUpstream(aRequest([]), odd, identity).slice(4)
    expect(told).toEqual([
      ['X-WiKi-Login', 'alice'],
      ['Remote-Groups', ''],
      ['Remote-Name', 'Alice Adams'],
      ['Remote-Email', ''],
      ['X-Gatehouse-Assertion', 'a.b.c'],
    ])
    expect(identityHeaders.forProxy(odd, identity)).toEqual(told)
  })

  it('is not told of nobody, but to a proxy every header is, empty', () => {
    expect(anonymous([])).toEqual(ALWAYS)
    expect(identityHeaders.forProxy(app, undefined).map(([, value]) => value)).toEqual(
      Array(5).fill(''),
    )
  })

  it('keeps our cookies to ourselves', () => {
    const cookie = 'a=1; __Host-gatehouse=secret; b=2'
    expect(anonymous([], { cookie })).toContainEqual(['Cookie', 'a=1; b=2'])
    const names = anonymous([], { cookie: '__Host-gatehouse=secret' }).map(([name]) => name)
    expect(names).not.toContain('Cookie')
  })
})

describe('a value', () => {
  it.each([
    ['', ''],
    ['alice', 'alice'],
    ['Alice B. <a@b>', 'Alice B. <a@b>'],
    ['Zoë 漢字', 'Zo%C3%AB%20%E6%BC%A2%E5%AD%97'],
    ['100%', '100%25'],
    ['a\r\nRemote-User: carol', 'a%0D%0ARemote-User%3A%20carol'],
    ['\u0000', '%00'],
    [' alice', '%20alice'],
    ['\ud800', '%EF%BF%BD'],
  ])('%j is written %j', (text, value) => {
    expect(headerValue(text)).toBe(value)
  })

  // The tables of graphemes alone take seconds on a busy machine.
  it('is ASCII in one line, and no two texts have the same', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(headerValue(one)).toMatch(/^[\x20-\x7e]*$/)
        expect(headerValue(other)).toMatch(/^[\x20-\x7e]*$/)
        expect(decodeURIComponent(headerValue(one))).toBe(one)
      }),
    )
  })

  it('of groups cannot be made longer by a clever name', () => {
    expect(headerList(['staff', 'a,admins', 'é'])).toBe('staff,a%2Cadmins,%C3%A9')
    expect(headerList([])).toBe('')
  })
})
