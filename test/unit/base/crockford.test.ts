import fc from 'fast-check'
import { expect, it } from 'vitest'
import { asTyped, inGroups } from '../../../src/base/crockford.ts'

it.each([
  [[0, 0, 0, 0, 0], '0000-0000'],
  [[255, 255, 255, 255, 255], 'ZZZZ-ZZZZ'],
  [[0, 0, 0, 0, 1], '0000-0001'],
  [[8, 0, 0, 0, 0], '1000-0000'],
])('writes %j as %s', (bytes, text) => {
  expect(inGroups(Uint8Array.from(bytes))).toBe(text)
})

it('writes every code in its own way, in symbols that nobody confuses', () => {
  const tenBytes = fc.uint8Array({ minLength: 10, maxLength: 10 })
  fc.assert(
    fc.property(tenBytes, tenBytes, (one, other) => {
      expect(inGroups(one)).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
      expect(inGroups(one) === inGroups(other)).toBe(Buffer.compare(one, other) === 0)
    }),
  )
})

it.each([
  ['7K3Q-XM2P', '7K3QXM2P'],
  [' 7k3q xm2p ', '7K3QXM2P'],
  ['7k3q\u2013xm2p', '7K3QXM2P'],
  ['7-K-3-Q-X-M-2-P', '7K3QXM2P'],
  ['OoIi-LlXx', '001111XX'],
])('reads %j as %s', (typed, plain) => {
  expect(asTyped(typed, 8)).toBe(plain)
})

it.each([
  '',
  '7K3Q-XM2',
  '7K3Q-XM2PX',
  '7K3Q-XM2U',
  '7K3Q-XM2!',
  '7K3Q_XM2P',
  '７K3Q-XM2P',
  '7K3Q-XM2P\u0000',
  ' '.repeat(10_000),
  '-'.repeat(33),
])('does not read %j', (typed) => {
  expect(asTyped(typed, 8)).toBeUndefined()
})
