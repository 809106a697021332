/** What authenticators write: integers, byte strings, texts, lists and maps (RFC 8949). */
export type Cbor = number | string | Uint8Array | boolean | Cbor[] | Map<number | string, Cbor>

const UNSIGNED = 0
const NEGATIVE = 1
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5

/** Writes CBOR, shortest form; an encoder of our tests alone, so that they share none with the server. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number')
    return value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'string') {
    return Buffer.concat([head(TEXT, Buffer.byteLength(value)), Buffer.from(value)])
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(BYTES, value.byteLength), value])
  if (Array.isArray(value)) return Buffer.concat([head(LIST, value.length), ...value.map(cbor)])
  const pairs = [...value].flatMap(([key, below]) => [cbor(key), cbor(below)])
  return Buffer.concat([head(MAP, value.size), ...pairs])
}

function head(kind: number, length: number): Buffer {
  const first = kind << 5
  if (length < 24) return Buffer.of(first | length)
  if (length < 0x100) return Buffer.of(first | 24, length)
  const long = Buffer.alloc(length < 0x10000 ? 3 : 5)
  long[0] = first | (length < 0x10000 ? 25 : 26)
  long.writeUIntBE(length, 1, long.byteLength - 1)
  return long
}
