import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldCase, invalidPattern, pathTest, readingsOf } from '../../../src/policy/path.ts'

describe('the readings of a path', () => {
  it.each([
    ['/', ['/']],
    ['/a/b', ['/a/b']],
    ['/a/', ['/a']],
    ['/%61dmin/x', ['/admin/x']],
    ['/caf%C3%A9', ['/café']],
    ['/cafe%CC%81', ['/café']],
    ['/a.b/.hidden/...x', ['/a.b/.hidden/...x']],
    ['//admin', ['//admin', '/admin', '/']],
    ['//host/admin', ['//host/admin', '/host/admin', '/admin']],
    ['///host//admin', ['///host//admin', '/host/admin', '//admin', '/admin']],
    ['/a//b/', ['/a//b', '/a/b']],
    ['/a;v=1/b', ['/a;v=1/b', '/a/b']],
    ['/a%3bv/b', ['/a;v/b', '/a/b']],
    ['/;x/admin', ['/;x/admin', '//admin', '/admin', '/']],
    ['//a;x', ['//a;x', '//a', '/a;x', '/a', '/']],
    ['/admin%3f/public', ['/admin?/public', '/admin']],
    ['/admin%23x', ['/admin#x', '/admin']],
    ['/;', ['/;', '/']],
    ['/admin./x', ['/admin./x', '/admin/x']],
    ['/admin%20', ['/admin ', '/admin']],
    ['/%EF%BD%81dmin', ['/\uff41dmin', '/admin']],
    ['/a.b./c.d', ['/a.b./c.d', '/a.b/c.d']],
  ])('of %s are %j', (path, readings) => {
    expect(readingsOf(path).toSorted()).toEqual(readings.toSorted())
  })

  it.each([
    '',
    'a',
    '*',
    '/..',
    '/.',
    '/a/../b',
    '/a/./b',
    '/a/..',
    '/%2e%2e/b',
    '/.%2e/b',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a\\b',
    '/a%252e',
    '/a%00',
    '/a%0a',
    '/a%7f',
    '/a%c2%85',
    '/a%',
    '/a%zz',
    '/a%c0%af',
    '/a%ff',
    '/a/..;x/b',
    '/a/.;/b',
    '/a/..%3b/b',
    '/a/%2e%2e%3f',
    '/a/..%23/b',
    '/a/;x/../b',
    // Full-width dots and slashes, which some servers fold.
    '/a/%ef%bc%8e%ef%bc%8e/b',
    '/a%ef%bc%8fb',
    '/a%ef%bc%9bb',
    '/a%ef%bc%bcb',
    '/a/%e2%80%a5/b',
    '/a/..%e2%88%95b',
    // Windows takes dots and spaces off the end of a name.
    '/a/..%20/b',
    '/a/%20../b',
    '/a/.../b',
    '/a/..%c2%a0/b',
  ])('are none for %j', (path) => {
    expect(readingsOf(path)).toEqual([])
  })

  const part = fc.constantFrom(
    ...['/', '//', '.', '..', '%2e', '%2F', '%5c', '%25', ';', '%3b', '?', '%3f', 'a', 'admin'],
    ...['%C3%A9', '%ff', '%00', '\\', '%', '%ef%bc%8f', '*', '+'],
  )
  const hostile = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join('')}`)

  it('hold no dot segment, no separator in disguise and no control character', () => {
    fc.assert(
      fc.property(hostile, (path) => {
        for (const reading of readingsOf(path)) {
          expect(reading.startsWith('/')).toBe(true)
          expect(reading.split('/').filter((part) => /^\.\.?(?:[;?#]|$)/.test(part))).toEqual([])
          expect(reading).not.toMatch(/\\|\p{Cc}/u)
          expect(reading.normalize('NFKC').split('/').length).toBe(reading.split('/').length)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('include what a URL parser makes of the path', () => {
    fc.assert(
      fc.property(hostile, (path) => {
        const readings = readingsOf(path)
        // A path that begins with two slashes would be taken for a host.
        if (readings.length === 0 || path.startsWith('//')) return
        const [raw = ''] = path.split('?')
        const parsed = decodeURIComponent(new URL(raw, 'http://x').pathname).normalize('NFC')
        const bare = parsed.length > 1 ? parsed.replace(/\/$/, '') : parsed
        if (path.includes('?')) return
        expect(readings).toContain(bare)
      }),
      { numRuns: 3_000 },
    )
  })

  it('are found in no time, however long the run of dots', () => {
    const start = performance.now()
    for (const end of ['x', '/', '/x', ' ', ';']) readingsOf(`/${'.'.repeat(16_000)}${end}`)
    for (const end of ['x', '/']) readingsOf(`/x${'. '.repeat(8_000)}${end}`)
    expect(performance.now() - start).toBeLessThan(200)
  })

  it('never throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readingsOf(`/${text}`)))
  })
})

describe('a path without case', () => {
  it.each([
    ['/a/b-1_~', '/a/b-1_~'],
    ['/ADMIN', '/admin'],
    ['/adm\u0131n', '/admin'],
    ['/lin\u212a', '/link'],
    ['/\u017fecret', '/secret'],
  ])('%s is %s', (path, folded) => {
    expect(foldCase(path)).toBe(folded)
  })
})

describe('a pattern', () => {
  it.each([
    ['/**', '/', true],
    ['/**', '/a/b', true],
    ['/', '/', true],
    ['/', '/a', false],
    ['/a', '/a', true],
    ['/a', '/ab', false],
    ['/a', '/A', false],
    ['/a/', '/a', true],
    ['/public/**', '/public', true],
    ['/public/**', '/public/a/b', true],
    ['/public/**', '/publicity', false],
    ['/a/*', '/a/b', true],
    ['/a/*', '/a', false],
    ['/a/*', '/a/b/c', false],
    ['/a/*/c', '/a/b/c', true],
    ['/a/*.js', '/a/b.js', true],
    ['/a/*.js', '/a/b.jsx', false],
    ['/a/x*y*z', '/a/x1y2z', true],
    ['/a/x*y*z', '/a/xyz', true],
    ['/a/x*y*z', '/a/xzy', false],
    ['/a/ab*ba', '/a/aba', false],
    ['/a/*b*b', '/a/b', false],
    ['/*/b/**', '/a/b/c', true],
    ['/*/b/**', '/a/c/b', false],
    ['/caf\u0065\u0301', '/café', true],
  ])('%s tells of %s: %s', (pattern, reading, expected) => {
    expect(invalidPattern(pattern)).toBeUndefined()
    expect(pathTest(pattern)(reading)).toBe(expected)
  })

  it.each(['', 'a', '/a**', '/**/a', '/***', '/a?b', '/a#b', '/a;b', '/a\\b', '/%61', '/a//b'])(
    '%j is refused',
    (pattern) => expect(invalidPattern(pattern)).toBeTypeOf('string'),
  )
  it.each(['/a/../b', '/a/.', '/..', '/a\nb'])('%j is refused', (pattern) =>
    expect(invalidPattern(pattern)).toBeTypeOf('string'),
  )

  it('of stars takes no time to speak of', () => {
    const matches = pathTest(`/${'*a'.repeat(200)}`)
    const from = performance.now()
    expect(matches(`/${'a'.repeat(20_000)}b`)).toBe(false)
    expect(performance.now() - from).toBeLessThan(200)
  })

  it('says the same about every spelling of a slash at the end', () => {
    for (const pattern of ['/admin', '/admin/', '/admin/**']) {
      for (const path of ['/admin', '/admin/', '/%61dmin/', '/admin;/']) {
        expect(readingsOf(path).some(pathTest(pattern)), `${pattern} ${path}`).toBe(true)
      }
    }
  })
})
