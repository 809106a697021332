import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { UnixSeconds } from '../../base/clock.ts'
import type { ChainPlace } from './row.ts'

/** What a signature of the trail says: that the chain ended here, held this row, or begins after it. */
export type SealKind = 'head' | 'checkpoint' | 'beginning'

export interface Sealed extends ChainPlace {
  at: UnixSeconds
  signature: Uint8Array
}

/** Signs places of the trail, so that nobody without the secret key can make the chain anew. */
export interface Seals {
  seal(kind: SealKind, place: ChainPlace, at: UnixSeconds): Sealed
  isGenuine(kind: SealKind, sealed: Sealed): boolean
  /** For whoever checks an export without the secret. */
  publicJwk: object
}

// PKCS #8 of an Ed25519 key is this, and then its 32 bytes (RFC 8410, section 7).
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Ed25519 under the one key that belongs to a secret: nothing to store, and the same in every process.
 *
 * @param seed 32 bytes that are used for nothing else.
 */
export function createSeals(seed: Uint8Array): Seals {
  const key = Buffer.concat([PKCS8_HEAD, seed])
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  return {
    seal(kind, { id, hash }, at) {
      return { id, hash, at, signature: sign(null, statement(kind, { id, hash, at }), privateKey) }
    },
    isGenuine: (kind, { signature, ...place }) =>
      verify(null, statement(kind, place), publicKey, signature),
    publicJwk: publicKey.export({ format: 'jwk' }),
  }
}

const statement = (kind: SealKind, { id, hash, at }: Omit<Sealed, 'signature'>): Buffer =>
  Buffer.from(`gatehouse-trail/1 ${kind} ${id} ${Buffer.from(hash).toString('hex')} ${at}`)
