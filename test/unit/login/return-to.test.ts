import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { returnTo } from '../../../src/login/return-to.ts'

const home = new URL('https://auth.gw.test/')
const origins = new Set(['https://app.gw.test', 'https://wiki.gw.test:8443'])
const choose = (given: string | undefined) => returnTo(given, { home, origins })

describe('returnTo', () => {
  it.each([
    'https://app.gw.test',
    'https://app.gw.test/',
    'https://app.gw.test?x',
    'https://app.gw.test#top',
    'https://app.gw.test/a%2Fb//c;d=1?q=%C3%A4&x[]=[1]#frag',
    'https://app.gw.test/%e4?x=/../..',
    'https://wiki.gw.test:8443/a',
  ])('gives %s back byte for byte', (given) => {
    expect(choose(given)).toBe(given)
  })

  it.each([
    undefined,
    '',
    '/',
    'https://evil.test/',
    '//app.gw.test/',
    'http://app.gw.test/',
    'https:app.gw.test/',
    'https:///app.gw.test/',
    'HTTPS://app.gw.test/',
    'https://APP.gw.test/',
    'https://app.gw.test:443/',
    'https://app.gw.test:8443/',
    'https://wiki.gw.test/',
    'https://user@app.gw.test/',
    'https://app.gw.test@evil.test/',
    'https://app.gw.test.evil.test/',
    'https://app.gw.test\\.evil.test/',
    'https://app.gw.test%2eevil.test/',
    'https://app.gw.test/\r\nSet-Cookie: a=b',
    'https://app.gw.test/ä',
    'https://app.gw.test/a b',
    '\thttps://app.gw.test/',
    'javascript:alert(1)//https://app.gw.test/',
    `https://app.gw.test/${'a'.repeat(5000)}`,
  ])('ignores %j', (given) => {
    expect(choose(given)).toBe(home.href)
  })

  it('never lets a browser end elsewhere than on one of our origins', () => {
    const part = fc.constantFrom(
      'https:',
      'http:',
      '',
      '/',
      '//',
      '\\',
      '@',
      ':',
      '.',
      '%09',
      '\t',
      '\n',
      '#',
      '?',
      'user',
      'a',
      'app.gw.test',
      'evil.test',
      'https://app.gw.test',
      '。',
      '%2e',
      '%5c',
      '[::1]',
      ';',
      '‍',
    )
    const grammar = fc.array(part, { minLength: 1, maxLength: 9 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(grammar, (given) => {
        const chosen = choose(given)
        const { origin } = new URL(chosen, home)
        expect(origins.has(origin) || origin === home.origin).toBe(true)
        expect(chosen === given || chosen === home.href).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
})
