import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Authenticated encryption at rest, bound to the place where the ciphertext lies. */
export interface Seal {
  /** Encrypts `plain` for `place`, e.g. `credential/<id>/<user>`. */
  seal(plain: string, place: string): Uint8Array
  /**
   * Decrypts what was sealed for the same place.
   *
   * @throws {SealBroken} when the key or the place differs, or the bytes were changed.
   */
  open(sealed: Uint8Array, place: string): string
}

/** Sealed data does not open: a wrong key, a row moved elsewhere, or changed bytes. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM; the layout is version (1 byte), nonce (12), tag (16), ciphertext.
 *
 * Random nonces are safe for 2³² messages a key; a gateway seals a handful a person.
 *
 * @param key 32 bytes.
 */
export function createSeal(key: Uint8Array): Seal {
  return {
    seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body])
    },

    open(sealed, place) {
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
      const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES)
      try {
        if (sealed[0] !== VERSION) throw new Error(`unknown version ${sealed[0]}`)
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(Buffer.from(place)).setAuthTag(tag)
        const body = sealed.subarray(1 + NONCE_BYTES + TAG_BYTES)
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new SealBroken(`Sealed data for ${place} does not open.`, { cause })
      }
    },
  }
}
