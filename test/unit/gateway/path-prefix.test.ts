import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathBefore, targetBehind } from '../../../src/gateway/path-prefix.ts'
import { parseTarget } from '../../../src/gateway/target.ts'

const STRIP = { strip: '/wiki', base: '' }
const BASE = { strip: '', base: '/app' }
const BOTH = { strip: '/wiki', base: '/app/v2' }

describe('a target behind a prefix', () => {
  it.each([
    [STRIP, '/wiki', '/'],
    [STRIP, '/wiki/', '/'],
    [STRIP, '/wiki?a=b', '/?a=b'],
    [STRIP, '/wiki/a%2fb//c;d?e=/wiki', '/a%2fb//c;d?e=/wiki'],
    [STRIP, '/wiki/wiki/wiki', '/wiki/wiki'],
    [BASE, '/', '/app/'],
    [BASE, '/?a', '/app/?a'],
    [BASE, '//a', '/app//a'],
    [BOTH, '/wiki', '/app/v2'],
    [BOTH, '/wiki?a', '/app/v2?a'],
    [BOTH, '/wiki//a', '/app/v2//a'],
  ])('%o makes of %s %s', (prefix, target, expected) => {
    expect(targetBehind(prefix, target)).toBe(expected)
  })

  it.each(['/', '/wikis', '/wik', '/Wiki/a', '/%77iki/a', '/wiki;x/a', '//wiki/a', '/a/wiki/b'])(
    'is nowhere at %s, which is no byte-for-byte beginning',
    (target) => expect(targetBehind(STRIP, target)).toBeUndefined(),
  )

  it.each(['/wiki//evil.test/a', '/wiki//', '/wiki///'])(
    'is nowhere at %s, of which the name of a host could be left',
    (target) => expect(targetBehind(STRIP, target)).toBeUndefined(),
  )

  it('keeps every byte beside the two prefixes, whatever they are', () => {
    const segment = fc
      .stringMatching(/^[A-Za-z0-9._~-]{1,8}$/)
      .filter((text) => !/^\.+$/.test(text))
    const prefix = fc
      .array(segment, { maxLength: 3 })
      .map((parts) => parts.map((it) => `/${it}`).join(''))
    const rest = fc
      .stringMatching(/^[/?][\x21\x22\x24-\x5b\x5d-\x7e]{0,30}$/)
      .filter((text) => parseTarget(`/${text}`) !== undefined)
    fc.assert(
      fc.property(prefix, prefix, rest, (strip, base, tail) => {
        const target = strip === '' && tail.startsWith('?') ? `/${tail}` : strip + tail
        const sent = targetBehind({ strip, base }, target)
        if (sent === undefined) {
          expect(strip !== '' && base === '' && tail.startsWith('//')).toBe(true)
          return
        }
        const kept = target.slice(strip.length)
        expect([base + kept, `${base}/${kept}`]).toContain(sent)
        expect(parseTarget(sent)).toBeDefined()
      }),
    )
  })
})

describe('a path that an application names', () => {
  it.each([
    [STRIP, '/login', '/wiki/login'],
    [STRIP, '/wiki/login', '/wiki/login'],
    [STRIP, '/', '/wiki/'],
    [STRIP, '/wikis', '/wiki/wikis'],
    [STRIP, '/.gatehouse/logout', '/.gatehouse/logout'],
    [BASE, '/app/login?a#b', '/login?a#b'],
    [BASE, '/app', '/'],
    [BASE, '/app?a', '/?a'],
    [BASE, '/elsewhere', '/elsewhere'],
    [BOTH, '/app/v2/login', '/wiki/login'],
    [BOTH, '/app/v2', '/wiki'],
    [BOTH, '/app/v20', '/app/v20'],
  ])('behind %o, %s, is %s to browsers', (prefix, path, expected) => {
    expect(pathBefore(prefix, path)).toBe(expected)
  })

  it('leads back to the target that it was made of', () => {
    const tail = fc.stringMatching(/^\/[a-z]{1,9}(\/[a-z]{0,5}){0,3}(\?[a-z=&]{0,9})?$/)
    fc.assert(
      fc.property(fc.constantFrom(STRIP, BASE, BOTH), tail, (prefix, text) => {
        const target = prefix.strip + text
        const sent = targetBehind(prefix, target)
        fc.pre(sent !== undefined && !sent.startsWith('/wiki/') && !text.startsWith('/app'))
        expect(pathBefore(prefix, sent ?? '')).toBe(target)
      }),
    )
  })
})
