import { createPublicKey, type JsonWebKeyInput } from 'node:crypto'
import { webAuthnHelpers } from './library.ts'

/** COSE algorithms that we take, the one that every authenticator knows first: ES256, EdDSA, RS256. */
export const ALGORITHMS = [-7, -8, -257]

const KEY_TYPE = 1
const ALGORITHM = 3
const COMMON_EXPONENT = 'AQAB'
const RSA_BYTES = { least: 256, most: 512 }

/**
 * Points of small order on Curve25519, in every spelling, without the sign bit. Under such a key one
 * signature fits many messages.
 */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]

/**
 * Is this a sound public key for an algorithm of our list? The type, the curve and the algorithm have
 * to belong together, and the point has to lie on the curve.
 *
 * @param cose May be hostile. Throws, as its decoder does, when it is no CBOR at all.
 * @see RFC 9053, section 2 (Signature Algorithms) and 7 (Curves)
 */
export function isSoundKey(cose: Uint8Array): boolean {
  const key = webAuthnHelpers().isoCBOR.decodeFirst<unknown>(new Uint8Array(cose))
  if (!(key instanceof Map)) return false
  const jwk = jwkOf(key)
  return jwk !== undefined && isKey(jwk)
}

function jwkOf(key: Map<unknown, unknown>): Record<string, string> | undefined {
  const bytes = (label: number, least: number, most = least) => {
    const value = key.get(label)
    const fits =
      value instanceof Uint8Array && value.byteLength >= least && value.byteLength <= most
    return fits ? Buffer.from(value) : undefined
  }
  switch (`${key.get(KEY_TYPE)}/${key.get(ALGORITHM)}`) {
    case '2/-7': {
      const [x, y] = [bytes(-2, 32), bytes(-3, 32)]
      if (key.get(-1) !== 1 || !x || !y) return undefined
      return { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') }
    }
    case '1/-8': {
      const x = bytes(-2, 32)
      if (key.get(-1) !== 6 || !x || isSmall(x)) return undefined
      return { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }
    }
    case '3/-257': {
      const n = bytes(-1, RSA_BYTES.least, RSA_BYTES.most)
      const e = bytes(-2, 3)?.toString('base64url')
      if (!n?.[0] || e !== COMMON_EXPONENT) return undefined
      return { kty: 'RSA', n: n.toString('base64url'), e }
    }
    default:
      return undefined
  }
}

function isSmall(point: Buffer): boolean {
  const unsigned = Buffer.from(point)
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f
  return SMALL_ORDER.includes(unsigned.toString('hex'))
}

function isKey(key: JsonWebKeyInput['key']): boolean {
  try {
    createPublicKey({ key, format: 'jwk' })
    return true
  } catch {
    return false
  }
}
