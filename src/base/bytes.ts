import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** A random identifier of `bytes` bytes in base64url. 16 bytes are unique, 32 are unguessable for good. */
export const randomToken = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** SHA-256 of a text (as UTF-8) or of bytes. */
export const sha256 = (data: string | Uint8Array): Buffer =>
  createHash('sha256').update(data).digest()

/** HMAC-SHA-256 of a text (as UTF-8). */
export const hmac = (key: Uint8Array, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest()

/**
 * Compares two byte strings in time that does not depend on their content.
 *
 * @returns `false` at once when the lengths differ: lengths are no secret here, digests all have one.
 */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && timingSafeEqual(a, b)
