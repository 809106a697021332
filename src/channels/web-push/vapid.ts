import { createECDH, hkdfSync } from 'node:crypto'

/** The key pair by which push services know us (RFC 8292), in the form that browsers take: base64url. */
export interface VapidKeys {
  /** An uncompressed point of P-256. A subscription is bound to it. */
  publicKey: string
  privateKey: string
}

/** The order of P-256's base point. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
/** 128 bits more than the order has, so that no private key is likelier than another. */
const WIDE_BYTES = 48

/**
 * Makes the one key pair that belongs to a secret: nothing to store, and the same on every node.
 *
 * @param seed 32 bytes that are used for nothing else.
 * @see FIPS 186-5, appendix A.2.1 (ECDSA Key Pair Generation using Extra Random Bits)
 */
export function vapidKeys(seed: Uint8Array): VapidKeys {
  const wide = Buffer.from(hkdfSync('sha256', seed, '', 'p-256 private key', WIDE_BYTES))
  const scalar = (BigInt(`0x${wide.toString('hex')}`) % (ORDER - 1n)) + 1n
  const privateKey = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(privateKey)
  return {
    publicKey: pair.getPublicKey().toString('base64url'),
    privateKey: privateKey.toString('base64url'),
  }
}
