import { describe, expect, it } from 'vitest'
import { createCookies } from '../../../src/session/cookie.ts'
import { cookieScope } from '../../../src/session/cookie-scope.ts'

const portal = new URL('https://auth.gw.test/')
const shared = createCookies({ portal, scope: { kind: 'domain', domain: 'gw.test' } })
const single = createCookies({ portal, scope: { kind: 'host' } })
const plain = createCookies({ portal: new URL('http://localhost:9091/'), scope: { kind: 'host' } })

describe('the session cookie', () => {
  it('carries the prefix and the attributes that its place allows', () => {
    expect(single.session.set('v')).toBe(
      '__Host-gatehouse=v; Path=/; HttpOnly; SameSite=Lax; Secure',
    )
    expect(shared.session.set('v', 60)).toBe(
      '__Secure-gatehouse=v; Path=/; Domain=gw.test; HttpOnly; SameSite=Lax; Secure; Max-Age=60',
    )
    expect(plain.session.set('v')).toBe('gatehouse=v; Path=/; HttpOnly; SameSite=Lax')
  })

  it.each([
    ['__Host-gatehouse=abc', 'abc'],
    ['a=1; __Host-gatehouse=abc; b=2', 'abc'],
    ['a=__Host-gatehouse=abc', undefined],
    ['__Host-gatehouse=abc; __Host-gatehouse=def', undefined],
    ['__Host-gatehouse=abc; __Host-gatehouse=abc', undefined],
    ['__host-gatehouse=abc', undefined],
    ['\u00a0__Host-gatehouse=abc', undefined],
    ['__Host-gatehouse-x=abc', undefined],
    ['%5f_Host-gatehouse=abc', undefined],
    ['', undefined],
  ])('is read from %j as %j', (header, value) => {
    expect(single.session.read(header)).toBe(value)
  })
})

describe('our cookies towards applications', () => {
  it.each([
    ['a=1; __Secure-gatehouse=s; b=2', 'a=1; b=2'],
    ['__Secure-gatehouse=s', undefined],
    ['__Host-gatehouse-browser=x; __SECURE-GATEHOUSE=s;c', 'c'],
    ['%5F%5fSecure-gatehouse=s; gatehouse=t; \tgatehouse =u; z=', 'z='],
    ['=gatehouse=s; a=1', 'a=1'],
    ['gatehouse-theme=dark; q=gatehouse', 'gatehouse-theme=dark; q=gatehouse'],
  ])('are cut from %j', (header, rest) => {
    expect(shared.cut(header)).toBe(rest)
  })

  it.each([
    ['__Secure-gatehouse=x; Domain=gw.test', true],
    ['__HOST-Gatehouse=x', true],
    [' gatehouse\t=x; Path=/admin', true],
    // Browsers send the value of a cookie without a name as it is.
    ['=__Secure-gatehouse=x', true],
    [' = gatehouse=x', true],
    ['gatehouse', true],
    ['gatehouse-theme=dark', false],
    ['session=gatehouse', false],
  ])('are not accepted from an application: %j', (line, ours) => {
    expect(shared.isOurs(line)).toBe(ours)
  })
})

describe('cookieScope', () => {
  it.each<[string, string[], string | undefined, string | undefined]>([
    ['https://auth.example.com', [], undefined, 'host'],
    ['https://example.com/.gatehouse/', ['example.com'], undefined, 'host'],
    ['https://auth.example.com', ['wiki.example.com'], undefined, 'example.com'],
    [
      'https://auth.corp.example.com',
      ['wiki.corp.example.com', 'a.b.corp.example.com'],
      undefined,
      'corp.example.com',
    ],
    ['https://auth.corp.example.com', ['wiki.corp.example.com'], 'example.com', 'example.com'],
    ['https://auth.example.com', ['wiki.example.org'], undefined, undefined],
    ['https://auth.github.io', ['wiki.github.io'], undefined, undefined],
    ['https://auth.example.co.uk', ['other.co.uk'], undefined, undefined],
    ['https://10.0.0.1', ['10.0.0.2'], undefined, undefined],
    ['https://auth.example.com', ['wiki.example.com'], 'xample.com', undefined],
  ])('of %s with %j and %j is %j', (address, hosts, wanted, expected) => {
    const result = cookieScope(new URL(address), hosts, wanted)
    const found = result.ok
      ? result.scope.kind === 'host'
        ? 'host'
        : result.scope.domain
      : undefined
    expect(found).toBe(expected)
  })
})
