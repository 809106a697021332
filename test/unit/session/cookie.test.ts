import { describe, expect, it } from 'vitest'
import { createCookies } from '../../../src/session/cookie.ts'
import { oneRealm, realmsOf } from '../../support/realms.ts'

const portal = new URL('https://auth.gw.test/')
const shared = createCookies({ portal, realms: oneRealm({ kind: 'domain', domain: 'gw.test' }) })
const single = createCookies({ portal, realms: oneRealm({ kind: 'host' }) })
const plain = createCookies({
  portal: new URL('http://localhost:9091/'),
  realms: oneRealm({ kind: 'host' }),
})

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
    ['__Host-gatehouse-approver=s.t; a=1; gatehouse-approver=u', 'a=1'],
    ['__Host-gatehouse-rounds=x.1~y; a=1; gatehouse-rounds=z', 'a=1'],
    ['__Host-gatehouse-browser=x; __SECURE-GATEHOUSE=s;c', 'c'],
    ['%5F%5fSecure-gatehouse=s; gatehouse=t; \tgatehouse =u; z=', 'z='],
    ['=gatehouse=s; a=1', 'a=1'],
    ['a=1, __Secure-gatehouse=s, b=2; c=3', 'c=3'],
    ['a=1, gatehouse; b=2,c', 'a=1, gatehouse; b=2,c'],
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

describe('several session cookies of one name', () => {
  it('are all removed, wherever they were set', () => {
    const { mend } = createCookies({
      portal: new URL('https://auth.corp.gw.test/'),
      realms: oneRealm({ kind: 'domain', domain: 'corp.gw.test' }),
    })
    expect(mend('a=b; __Secure-gatehouse=1')).toEqual([])
    expect(mend(undefined)).toEqual([])
    const lines = mend('__Secure-gatehouse=1; a=b; __Secure-gatehouse=2')
    expect(lines.every((line) => /^__Secure-gatehouse=;.*Max-Age=0$/.test(line))).toBe(true)
    expect(lines.map((line) => /Domain=([^;]*)/.exec(line)?.[1])).toEqual([
      undefined,
      'auth.corp.gw.test',
      'corp.gw.test',
      'gw.test',
    ])
  })
})

describe('the session cookie of another realm', () => {
  const cookies = createCookies({
    portal,
    realms: realmsOf(portal, ['wiki.gw.test', 'app.other.example', 'a.third.test', 'b.third.test']),
  })

  it.each([
    ['wiki.gw.test', '__Secure-gatehouse=v; Path=/; Domain=gw.test'],
    ['app.other.example', '__Host-gatehouse=v; Path=/; HttpOnly'],
    ['b.third.test', '__Secure-gatehouse=v; Path=/; Domain=third.test'],
  ])('reaches no further than its own: %s', (host, line) => {
    expect(cookies.sessionAt(host).set('v')).toContain(line)
  })

  it('of a sign-in on its way stays on its host, and from applications', () => {
    expect(cookies.handOff.set('v')).toContain('__Host-gatehouse-hand-off=v; Path=/; HttpOnly')
    expect(cookies.cut('__Host-gatehouse-hand-off=v; a=b')).toBe('a=b')
    expect(cookies.isOurs('__Host-gatehouse-hand-off=v; Path=/')).toBe(true)
  })
})
