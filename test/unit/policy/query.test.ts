import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queryTest } from '../../../src/policy/query.ts'

describe('a condition on a query', () => {
  const is = queryTest({ name: 'action', is: ['delete', 'purge all'] })
  const not = queryTest({ name: 'action', not: ['view'] })
  const there = queryTest({ name: 'action', present: true })
  const missing = queryTest({ name: 'action', present: false })

  it.each([
    // is, not, present, missing
    ['', 'no', 'yes', 'no', 'yes'],
    ['a=b', 'no', 'yes', 'no', 'yes'],
    ['action=delete', 'yes', 'yes', 'yes', 'no'],
    ['x=1&action=delete&y', 'yes', 'yes', 'yes', 'no'],
    ['action=purge%20all', 'yes', 'yes', 'yes', 'no'],
    ['action=view', 'no', 'no', 'yes', 'no'],
    ['action=', 'no', 'yes', 'yes', 'no'],
    ['action', 'no', 'yes', 'yes', 'no'],
    ['action=list&&', 'no', 'yes', 'yes', 'no'],
    ['reaction=delete', 'no', 'yes', 'no', 'yes'],
    ['action2=delete', 'no', 'yes', 'no', 'yes'],
    ['x=action=delete', 'no', 'yes', 'no', 'yes'],
    // Spaces may be written so, but not everybody knows.
    ['action=purge+all', 'unclear', 'yes', 'yes', 'no'],
    // Two, of which programs take the first, the last or both.
    ['action=view&action=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['action=delete&action=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['action=view&Action=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    // Other spellings of the name.
    ['ACTION=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%61ction=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%2561ction=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['action[]=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['action%5B0%5D=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['[action]=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['+action=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%20action=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['action%00=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['action%00x=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%EF%BD%81ction=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%c1%a1ction=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%u0061ction=delete', 'unclear', 'unclear', 'unclear', 'unclear'],
    ['%zz=1', 'unclear', 'unclear', 'unclear', 'unclear'],
    // Other spellings of the value.
    ['action=DELETE', 'unclear', 'yes', 'yes', 'no'],
    ['action=%64elete', 'unclear', 'yes', 'yes', 'no'],
    ['action=%2564elete', 'unclear', 'yes', 'yes', 'no'],
    ['action=delete%00x', 'unclear', 'yes', 'yes', 'no'],
    ['action=%20delete', 'unclear', 'yes', 'yes', 'no'],
    ['action=%EF%BD%84elete', 'unclear', 'yes', 'yes', 'no'],
    ['action=%ff', 'unclear', 'unclear', 'yes', 'no'],
    ['action=%u0064elete', 'unclear', 'unclear', 'yes', 'no'],
    ['action=VIEW', 'no', 'unclear', 'yes', 'no'],
    // Parted at another sign.
    ['x=1;action=delete', 'unclear', 'yes', 'unclear', 'unclear'],
    ['action=delete;x=1', 'unclear', 'yes', 'yes', 'no'],
    ['x&amp;action=delete', 'unclear', 'yes', 'unclear', 'unclear'],
    [`${'a&'.repeat(501)}action=view`, 'unclear', 'unclear', 'unclear', 'unclear'],
  ])('reads %j', (query, ...expected) => {
    expect([is, not, there, missing].map((test) => test(query))).toEqual(expected)
  })

  it('counts a name that has to be encoded for itself', () => {
    const test = queryTest({ name: 'größe', is: ['1'] })
    expect(test('gr%C3%B6%C3%9Fe=1')).toBe('yes')
    expect(test('gro%CC%88%C3%9Fe=1')).toBe('unclear')
  })

  it('holds together what is said of one parameter', () => {
    const test = queryTest({ name: 'a', present: true, not: ['1'] })
    expect([test('a=2'), test('a=1'), test('')]).toEqual(['yes', 'no', 'no'])
  })
})

it('no query has a condition fulfilled that another reader would not find there', () => {
  const test = queryTest({ name: 'a', is: ['b'] })
  const sign = fc.constantFrom(
    'a',
    'A',
    'b',
    'B',
    '=',
    '&',
    ';',
    '%61',
    '%62',
    '[',
    ']',
    '+',
    '%20',
  )
  fc.assert(
    fc.property(fc.array(sign, { maxLength: 10 }), (signs) => {
      const query = signs.join('')
      const read = new URLSearchParams(query).getAll('a')
      const said = test(query)
      return said === 'unclear' || (said === 'yes') === (read.includes('b') && read.length === 1)
    }),
    { numRuns: 2000 },
  )
})
