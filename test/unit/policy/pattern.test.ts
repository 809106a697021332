import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldCase } from '../../../src/policy/path.ts'
import { foldedPatternTest, invalidExpression, patternTest } from '../../../src/policy/pattern.ts'

describe('a pattern', () => {
  it.each([
    [
      '^/users/[0-9]+$',
      ['/users/7', '/users/42'],
      ['/users', '/users/a', '/users/7/x', '/x/users/7'],
    ],
    ['^/users/\\d{1,3}/edit$', ['/users/123/edit'], ['/users/1234/edit']],
    ['^/(?:a|b)$', ['/a', '/b'], ['/ab', '/a/b']],
    // The whole path, whatever branch of an alternative fits.
    ['^/a|/b$', ['/a'], ['/a/x', '/x/b']],
    ['^/files/[^/]+\\.(png|jpg)$', ['/files/a.png'], ['/files/a.pngx', '/files/a/b.png']],
    ['^/docs/.*$', ['/docs', '/docs/a', '/docs/a/b'], ['/doc', '/docsx']],
    ['^/caf\u00e9$', ['/café'], ['/cafe']],
    ['^/cafe\u0301$', ['/café'], []],
    ['^/a/$', ['/a'], ['/a/b']],
  ])('%s fits what it says and nothing else', (pattern, fits, others) => {
    expect(invalidExpression(pattern)).toBeUndefined()
    const test = patternTest(pattern)
    expect(fits.filter((path) => !test(path))).toEqual([])
    expect(others.filter(test)).toEqual([])
  })

  it.each([
    ['no beginning', 'users/[0-9]+$'],
    ['no slash', '^users$'],
    ['no end', '^/users'],
    ['an open bracket', '^/a($'],
    ['a star on nothing', '^/*+*$'],
    ['a look ahead', '^/(?!admin).*$'],
    ['a look behind', '^/.*(?<!x)$'],
    ['a reference back', '^/(a)\\1$'],
    ['a name', '^/(?<a>b)$'],
    ['a border', '^/\\bx$'],
    ['a class that depends on case', '^/\\p{Lu}$'],
    ['a code', '^/\\u0061$'],
    ['an end within', '^/a$|^/b$'],
    ['a query', '^/a\\?b$'],
    ['an encoded sign', '^/%61$'],
    ['a parameter', '^/a;b$'],
    ['an empty segment', '^/a//b$'],
    ['dots', '^/a/\\.\\./b$'],
    ['a letter that is two when it is large', '^/stra\u00dfe$'],
    ['a letter that is another one when it is large', '^/adm\u0131n$'],
    ['too many letters', `^/${'a'.repeat(400)}$`],
  ])('with %s is refused', (_, pattern) => {
    expect(invalidExpression(pattern)).toBeTypeOf('string')
  })

  it.each([
    '^/(a+)+$',
    '^/(a*)*$',
    '^/(a|a)*$',
    '^/(a|aa)+$',
    '^/(.*)*x$',
    '^/([a-z]+)*[0-9]$',
    '^/.*.*x$',
    '^/[a-z]*[a-z]*[0-9]$',
    '^/(?:x|X)*y$',
    '^/.+-.+-.+$',
    '^/(a?){30}a{30}$',
  ])('that can blow up is refused: %s', (pattern) => {
    expect(invalidExpression(pattern)).toMatch(/very long/)
  })
})

// But for classes of what is not there: of `[^a]`, `A` is one to the first and none to the second.
it('a pattern for folded paths fits whatever the plain one fits, folded', () => {
  const patterns = ['^/Admin/[A-Z]+$', '^/\\w+/x$', '^/ÄÖ[Ü-ß]*$', '^/a.C$']
  for (const pattern of patterns) {
    const [plain, folded] = [patternTest(pattern), foldedPatternTest(pattern)]
    const piece = fc.constantFrom(...'/aAbBcCxXäÄöÖüÜ09_-.')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = `/${pieces.join('')}`
        return !plain(path) || folded(foldCase(path))
      }),
    )
  }
})
