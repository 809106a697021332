import { describe, expect, it } from 'vitest'
import { type Relocation, relocated } from '../../../src/gateway/relocation.ts'

const there: Relocation = {
  prefix: { strip: '/wiki', base: '/app' },
  origin: 'https://www.gw.test',
  hosts: ['www.gw.test', '127.0.0.1:3000'],
}
const told = (name: string, value: string) => relocated(there, [[name, value]])[0]?.[1]

describe('a redirect of an application', () => {
  it.each([
    ['/app/login', '/wiki/login'],
    [
      'http://127.0.0.1:3000/app/login?a=http://127.0.0.1:3000/',
      'https://www.gw.test/wiki/login?a=http://127.0.0.1:3000/',
    ],
    ['HTTPS://WWW.gw.test/app', 'https://www.gw.test/wiki'],
    ['http://127.0.0.1:3000', 'https://www.gw.test/'],
    ['https://elsewhere.test/app/login', 'https://elsewhere.test/app/login'],
    ['http://127.0.0.1:30000/app', 'http://127.0.0.1:30000/app'],
    ['http://127.0.0.1:3000@evil.test/app', 'http://127.0.0.1:3000@evil.test/app'],
    ['//evil.test/app', '//evil.test/app'],
    ['next', 'next'],
    ['?page=2', '?page=2'],
    ['mailto:a@b.test', 'mailto:a@b.test'],
  ])('to %s leads to %s', (location, expected) => {
    expect(told('location', location)).toBe(expected)
    expect(told('Content-Location', location)).toBe(expected)
  })
})

describe('a cookie of an application', () => {
  it.each([
    ['a=1; Path=/app; HttpOnly', 'a=1; Path=/wiki; HttpOnly'],
    ['a=/app; path=/app/x', 'a=/app; path=/wiki/x'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['a=1', 'a=1'],
  ])('%s is kept by browsers as %s', (cookie, expected) => {
    expect(told('Set-Cookie', cookie)).toBe(expected)
  })

  it('stays as it is where the application stands at the root', () => {
    const root = { ...there, prefix: { strip: '/wiki', base: '' } }
    expect(relocated(root, [['Set-Cookie', 'a=1; Path=/x']])).toEqual([
      ['Set-Cookie', 'a=1; Path=/x'],
    ])
  })
})

it('leaves every other line alone', () => {
  const lines = [
    ['Link', '</app/x>'],
    ['Refresh', '0; url=/app/'],
  ] as const
  expect(relocated(there, lines)).toEqual(lines)
})
