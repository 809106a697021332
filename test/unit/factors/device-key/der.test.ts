import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  boolean,
  enumerated,
  integer,
  isOid,
  NotDer,
  octets,
  readDer,
  sequence,
  setOf,
  within,
} from '../../../../src/factors/device-key/der.ts'
import * as write from '../../../support/android.ts'

const read = (hex: string) => readDer(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('a value in its distinguished encoding', () => {
  it('is read with all that is within', () => {
    const value = write.sequence(
      write.integer(41),
      write.enumerated(2),
      write.boolean(true),
      write.octets(Buffer.from('abc')),
      write.set(write.integer(0)),
      write.context(709, write.octets(Buffer.of(1))),
    )
    const [number, level, yes, bytes, many, property] = sequence(readDer(value))
    expect(integer(number)).toBe(41)
    expect(enumerated(level)).toBe(2)
    expect(boolean(yes)).toBe(true)
    expect(Buffer.from(octets(bytes)).toString()).toBe('abc')
    expect(setOf(many).map(integer)).toEqual([0])
    expect(property).toMatchObject({ class: 'context', tag: 709, constructed: true })
    expect(property && Buffer.from(octets(within(property)[0]))).toEqual(Buffer.of(1))
    expect(isOid(readDer(Buffer.from('06032b0601', 'hex')), '2b0601')).toBe(true)
  })

  it.each([0, 1, 127, 128, 255, 256, 65_535, 0x7fffffff])('holds the number %i', (value) => {
    expect(integer(readDer(write.integer(value)))).toBe(value)
  })

  it('reads a length of every size that is written', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535]) {
      expect(octets(readDer(write.octets(Buffer.alloc(length))))).toHaveLength(length)
    }
  })
})

describe('what another reader might read otherwise', () => {
  it.each([
    ['nothing', ''],
    ['a tag alone', '02'],
    ['less than it says', '02 02 01'],
    ['something behind the end', '02 01 01 00'],
    ['an indefinite length', '30 80 00 00'],
    ['a length longer than needed', '04 81 01 00'],
    ['a length with a leading zero', '04 82 00 01 00'],
    ['a length of four bytes', '04 84 00 00 00 01 00'],
    ['a tag longer than needed', 'bf 1e 00'],
    ['a tag with a leading zero', 'bf 80 1f 00'],
    ['a tag without end', 'bf ff ff ff ff 7f 00'],
  ])('is refused: %s', (_, hex) => {
    expect(() => read(hex)).toThrow(NotDer)
  })

  it.each([
    ['a negative number', () => integer(read('02 01 ff'))],
    ['a number with a leading zero', () => integer(read('02 02 00 01'))],
    ['a number without digits', () => integer(read('02 00'))],
    ['a number of 33 bits', () => integer(read('02 05 01 00 00 00 00'))],
    ['a number of another tag', () => integer(read('0a 01 01'))],
    ['a truth that is not quite', () => boolean(read('01 01 01'))],
    ['a sequence that is none', () => sequence(read('04 00'))],
    ['octets in pieces', () => octets(read('24 02 04 00'))],
    ['parts of what has none', () => within(read('04 01 00'))],
    ['a value that is not there', () => octets(undefined)],
    ['a sequence with a torn end', () => sequence(read('30 02 04 01'))],
  ])('is refused: %s', (_, reading) => {
    expect(reading).toThrow(NotDer)
  })

  it('is never anything but refused or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          const value = readDer(bytes)
          if (value.constructed) within(value)
        } catch (error) {
          expect(error).toBeInstanceOf(NotDer)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
