/** One value of ASN.1 in its distinguished encoding (X.690). */
export interface Der {
  class: 'universal' | 'application' | 'context' | 'private'
  tag: number
  constructed: boolean
  body: Uint8Array
}

/** The bytes are not what they claim to be, or not in their one distinguished form. */
export class NotDer extends Error {
  override readonly name = 'NotDer'
}

/** Universal tags that are met with. */
export const TAG = {
  boolean: 1,
  integer: 2,
  octets: 4,
  null: 5,
  oid: 6,
  enumerated: 10,
  sequence: 16,
  set: 17,
} as const

const CLASSES = ['universal', 'application', 'context', 'private'] as const

/**
 * Reads exactly one value. What stands behind it, a length longer than needed, an indefinite one: all
 * that another reader might read otherwise is refused.
 *
 * @throws {NotDer}
 */
export function readDer(bytes: Uint8Array): Der {
  const { value, end } = readAt(bytes, 0)
  if (end !== bytes.length) throw new NotDer('something behind the end')
  return value
}

/** The values within a constructed one. @throws {NotDer} */
export function within({ constructed, body }: Der): Der[] {
  if (!constructed) throw new NotDer('nothing within')
  const values: Der[] = []
  for (let at = 0; at < body.length; ) {
    const { value, end } = readAt(body, at)
    values.push(value)
    at = end
  }
  return values
}

/** The values of a SEQUENCE. @throws {NotDer} */
export const sequence = (der: Der | undefined): Der[] => within(universal(der, 'sequence', true))

/** The values of a SET. @throws {NotDer} */
export const setOf = (der: Der | undefined): Der[] => within(universal(der, 'set', true))

/** @throws {NotDer} */
export const octets = (der: Der | undefined): Uint8Array => universal(der, 'octets', false).body

/** A whole number from 0 to 2³¹ - 1. @throws {NotDer} */
export const integer = (der: Der | undefined): number => small(universal(der, 'integer', false))

/** @throws {NotDer} */
export const enumerated = (der: Der | undefined): number =>
  small(universal(der, 'enumerated', false))

/** @throws {NotDer} */
export function boolean(der: Der | undefined): boolean {
  const { body } = universal(der, 'boolean', false)
  const [value] = body
  if (body.length !== 1 || (value !== 0 && value !== 0xff)) throw new NotDer('no boolean')
  return value === 0xff
}

/** Is it the object identifier with these contents, in hexadecimal? */
export const isOid = (der: Der | undefined, hex: string): boolean =>
  Buffer.from(universal(der, 'oid', false).body).toString('hex') === hex

function universal(der: Der | undefined, name: keyof typeof TAG, constructed: boolean): Der {
  const right =
    der?.class === 'universal' && der.tag === TAG[name] && der.constructed === constructed
  if (!right) throw new NotDer(`no ${name}`)
  return der
}

function small({ body }: Der): number {
  const [first, second = 0] = body
  if (first === undefined || body.length > 5) throw new NotDer('no small number')
  if (first >= 0x80) throw new NotDer('a negative number')
  if (first === 0 && body.length > 1 && second < 0x80) throw new NotDer('a number with a leading 0')
  const value = body.reduce((sum, byte) => sum * 256 + byte, 0)
  if (value > 0x7fffffff) throw new NotDer('no small number')
  return value
}

function readAt(bytes: Uint8Array, start: number): { value: Der; end: number } {
  const reader = { bytes, at: start }
  const first = next(reader)
  const tag = (first & 0x1f) < 0x1f ? first & 0x1f : longTag(reader)
  const length = readLength(reader)
  const end = reader.at + length
  if (end > bytes.length) throw new NotDer('shorter than it says')
  const value: Der = {
    class: CLASSES[first >> 6] ?? 'private',
    tag,
    constructed: (first & 0x20) !== 0,
    body: bytes.subarray(reader.at, end),
  }
  return { value, end }
}

interface Reader {
  bytes: Uint8Array
  at: number
}

function next(reader: Reader): number {
  const byte = reader.bytes[reader.at]
  if (byte === undefined) throw new NotDer('ends in the middle')
  reader.at += 1
  return byte
}

/** X.690, 8.1.2.4: seven bits a byte, as few bytes as will do. Four are more than anybody uses. */
function longTag(reader: Reader): number {
  let tag = 0
  for (let count = 0; count < 4; count += 1) {
    const byte = next(reader)
    if (count === 0 && byte === 0x80) throw new NotDer('a tag longer than needed')
    tag = tag * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      if (tag < 0x1f) throw new NotDer('a tag longer than needed')
      return tag
    }
  }
  throw new NotDer('a tag without end')
}

/** X.690, 8.1.3 and 10.1: definite, in as few bytes as will do. */
function readLength(reader: Reader): number {
  const first = next(reader)
  if (first < 0x80) return first
  const count = first & 0x7f
  if (count === 0 || count > 3) throw new NotDer('no definite length')
  let length = 0
  for (let index = 0; index < count; index += 1) length = length * 256 + next(reader)
  if (length < 0x80 || length < 256 ** (count - 1)) throw new NotDer('a length longer than needed')
  return length
}
