import { describe, expect, it } from 'vitest'
import { routeAssertionConfig } from '../../../../src/gateway/assertion/config.ts'
import { assertionProfile } from '../../../../src/gateway/assertion/profile.ts'
import { aSession, aUser } from '../../../support/builders.ts'

const PORTAL = new URL('https://auth.gw.test/')
const WIKI = { host: 'wiki.gw.test', origin: 'https://wiki.gw.test' }
const alice = {
  user: aUser({ id: 'u-alice', groups: ['staff'] }),
  session: aSession({ aal: 2, amr: ['pwd', 'otp'] }),
}
const profile = (forRoute = {}, forAll = {}) => assertionProfile(forAll, forRoute, PORTAL)

describe('a statement like that of', () => {
  it.each([
    [
      'gatehouse',
      'X-Gatehouse-Assertion',
      'ES256',
      'https://auth.gw.test',
      'https://wiki.gw.test',
      ['/.well-known/jwks.json'],
    ],
    [
      'pomerium',
      'X-Pomerium-Jwt-Assertion',
      'ES256',
      'wiki.gw.test',
      'wiki.gw.test',
      ['/.well-known/pomerium/jwks.json'],
    ],
    [
      'cloudflare',
      'Cf-Access-Jwt-Assertion',
      'RS256',
      'https://auth.gw.test',
      ['https://wiki.gw.test'],
      ['/cdn-cgi/access/certs'],
    ],
    [
      'google_iap',
      'X-Goog-IAP-JWT-Assertion',
      'ES256',
      'https://cloud.google.com/iap',
      'https://wiki.gw.test',
      ['/iap/verify/public_key-jwk', '/iap/verify/public_key'],
    ],
  ] as const)('%s has its header, algorithm, issuer, audience and place of keys', (like, ...is) => {
    const { header, algorithm, issuerAt, audienceAt, keysAt } = profile({ like })
    const paths = [...keysAt.keys()].filter((path) => !path.startsWith('/.gatehouse/'))
    expect([header, algorithm, issuerAt(WIKI), audienceAt(WIKI), paths]).toEqual(is)
    expect(keysAt.get('/.gatehouse/.well-known/jwks.json')).toBe('jwks')
  })

  it('pomerium says in its words who is there', () => {
    expect(profile({ like: 'pomerium' }).claimsOf(alice)).toEqual({
      sub: 'u-alice',
      user: 'u-alice',
      email: 'alice@gw.test',
      groups: ['staff'],
      name: 'Alice Adams',
      sid: expect.any(String),
    })
  })

  it.each([
    ['cloudflare', [['Cf-Access-Authenticated-User-Email', 'alice@gw.test']]],
    [
      'google_iap',
      [
        ['X-Goog-Authenticated-User-Email', 'accounts.google.com:alice@gw.test'],
        ['X-Goog-Authenticated-User-Id', 'accounts.google.com:u-alice'],
      ],
    ],
    ['pomerium', []],
  ] as const)('%s brings the plain headers that come with it', (like, lines) => {
    const { companions, companionLines } = profile({ like })
    expect(companionLines(alice.user)).toEqual(lines)
    expect(companionLines(undefined)).toEqual(companions.map((name) => [name, '']))
  })
})

describe('what is configured', () => {
  it('for a route wins over what is for all', () => {
    const forAll = { header: 'X-Who', issuer: 'us', lifetime: 30, claims: { upn: 'email' } }
    const own = profile({ header: 'X-Wiki', claims: { team: 'groups', email: 'none' } }, forAll)
    expect([own.header, own.issuerAt(WIKI), own.lifetimeSeconds]).toEqual(['X-Wiki', 'us', 30])
    const claims = own.claimsOf(alice)
    expect(claims).toMatchObject({ upn: 'alice@gw.test', team: ['staff'], sub: 'u-alice' })
    expect(claims).not.toHaveProperty('email')
  })

  it('for all is left behind by a route that names another kind', () => {
    const own = profile({ like: 'pomerium' }, { header: 'X-Who', claims: { upn: 'email' } })
    expect(own.header).toBe('X-Pomerium-Jwt-Assertion')
    expect(own.claimsOf(alice)).not.toHaveProperty('upn')
  })

  it.each([
    [{ keys_path: '/keys' }, ['/.gatehouse/.well-known/jwks.json', '/keys']],
    [{ keys_path: 'none' }, ['/.gatehouse/.well-known/jwks.json']],
  ])('%j says where the keys are', (config, paths) => {
    expect([...profile(config).keysAt.keys()]).toEqual(paths)
  })

  it.each([
    { header: 'Cookie' },
    { header: 'Transfer_Encoding' },
    { header: 'Authorization' },
    { lifetime: '1h' },
    { lifetime: '1s' },
    { keys_path: 'keys' },
    { keys_path: '/keys?x' },
    { claims: { aud: 'email' } },
    { claims: { x: 'password' } },
    { algorithm: 'none' },
    { algorithm: 'HS256' },
    { like: 'teleport' },
  ])('%j is refused', (config) => {
    expect(routeAssertionConfig.safeParse(config).success).toBe(false)
  })
})
