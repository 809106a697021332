import { hkdfSync } from 'node:crypto'

/** What the one secret key is used for; each purpose has a key of its own. */
export type KeyPurpose =
  | 'seal'
  | 'cookie'
  | 'csrf'
  | 'pepper'
  | 'check'
  | 'throttle'
  | 'code'
  | 'web-push'
  | 'hand-off'
  | 'rounds'
  | 'passkey'
  | 'habits'
  | 'trail'
  | 'wrap'

/** Keys derived from the operator's one secret key. */
export type Keyring = (purpose: KeyPurpose) => Uint8Array

/** Bytes that a secret key must have. */
export const SECRET_KEY_BYTES = 32

/**
 * Derives one 256-bit key a purpose, so that no two uses ever share key bytes.
 *
 * @see RFC 5869 (HKDF)
 */
export function createKeyring(secretKey: Uint8Array): Keyring {
  const derived = new Map<KeyPurpose, Uint8Array>()
  return (purpose) => {
    const known = derived.get(purpose)
    if (known) return known
    const key = new Uint8Array(hkdfSync('sha256', secretKey, '', `gatehouse/${purpose}/1`, 32))
    derived.set(purpose, key)
    return key
  }
}
