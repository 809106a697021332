import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { sha256 } from '../../base/bytes.ts'

/** What a device signs when it introduces its key. Every part is base64url, an address or an id of ours. */
export interface Introduction {
  issuer: string
  credential: string
  nonce: string
  /** SHA-256 of the secret that the app keeps, in base64url; empty where it keeps none. */
  handle: string
  key: KeyObject
}

/** What a device signs when its holder says yes. */
export interface Approved {
  issuer: string
  credential: string
  nonce: string
  /** The number that the holder gave. */
  number: string
  /** What the device showed, byte for byte as it was told. */
  details: string
}

/** What a device signs when its app is asked by a server of its own. */
export type Signed = Omit<Approved, 'number'>

/**
 * The bytes under an introduction: lines that can hold no line break, the first of which says what they
 * are for. A signature for the one purpose is none for the other.
 */
export const introductionOf = ({ issuer, credential, nonce, handle, key }: Introduction): Buffer =>
  lines('gatehouse device-key register v1', issuer, credential, nonce, handle, digestOf(spki(key)))

/** The bytes under an approval. */
export const approvalOf = ({ issuer, credential, nonce, number, details }: Approved): Buffer =>
  lines(
    'gatehouse device-key approve v1',
    issuer,
    credential,
    nonce,
    number,
    digestOf(Buffer.from(details)),
  )

/** The bytes under a signature that an application's own app makes. */
export const signedOf = ({ issuer, credential, nonce, details }: Signed): Buffer =>
  lines('gatehouse device-key sign v1', issuer, credential, nonce, digestOf(Buffer.from(details)))

const lines = (...parts: string[]): Buffer => Buffer.from(parts.join('\n'))

const digestOf = (bytes: Uint8Array): string => sha256(bytes).toString('base64url')

/** A key in the one form in which it is kept and compared. */
export const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })

/** ECDSA over SHA-256, in DER: `SHA256withECDSA`, `ecdsaSignatureMessageX962SHA256`. */
export function isSignedBy(key: KeyObject, statement: Buffer, signature: Uint8Array): boolean {
  try {
    return verify('sha256', statement, { key, dsaEncoding: 'der' }, signature)
  } catch {
    return false
  }
}

/** A public key as an app sends it: SPKI in base64 or base64url, or a JWK. */
export type GivenKey = string | { kty: 'EC'; crv: 'P-256'; x: string; y: string }

/**
 * What stands before the point of a P-256 key: the curve by its name, the point in full.
 *
 * @see RFC 5480, section 2.1.1 and 2.2
 */
const P256_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')
const POINT_BYTES = 64

/**
 * @param given May be hostile.
 * @returns `undefined` when it is no point of P-256, or spelled in another way: one key has one form.
 */
export function publicKeyFrom(given: GivenKey): KeyObject | undefined {
  try {
    const key =
      typeof given === 'string'
        ? createPublicKey({ key: Buffer.from(given, 'base64'), format: 'der', type: 'spki' })
        : createPublicKey({ key: given, format: 'jwk' })
    // The point at infinity is taken by OpenSSL, and throws as it is written.
    const form = spki(key)
    const isOurs =
      form.byteLength === P256_HEAD.byteLength + POINT_BYTES &&
      form.subarray(0, P256_HEAD.byteLength).equals(P256_HEAD)
    return isOurs ? key : undefined
  } catch {
    return undefined
  }
}
