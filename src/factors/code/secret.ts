import { randomInt } from 'node:crypto'
import { hmac, randomToken, sameBytes } from '../../base/bytes.ts'

export const DIGITS = 6

/** Six random digits, zeros in front kept. */
export const newCode = (): string => String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')

/**
 * What is kept of a code. Without the key it tells nothing, though there are only a million codes; and
 * it belongs to one send to one target of one authenticator.
 */
export interface Kept {
  salt: string
  mac: string
}

/** To what a code is bound. */
export interface Binding {
  credentialId: string
  target: string
}

export function keep(key: Uint8Array, code: string, binding: Binding): Kept {
  const salt = randomToken(16)
  return { salt, mac: macOf(key, code, binding, salt).toString('base64url') }
}

/** Compares in time that does not depend on how much of it is right. */
export const isKept = (key: Uint8Array, code: string, binding: Binding, kept: Kept): boolean =>
  sameBytes(macOf(key, code, binding, kept.salt), Buffer.from(kept.mac, 'base64url'))

const macOf = (key: Uint8Array, code: string, { credentialId, target }: Binding, salt: string) =>
  hmac(key, JSON.stringify([salt, credentialId, target, code]))

/**
 * The digits of an answer; spaces and dashes that people put between them are forgiven.
 *
 * @param answer May be hostile.
 * @returns `undefined` for any other shape.
 */
export function digitsOf(answer: string): string | undefined {
  if (answer.length > 20) return undefined
  const digits = answer.trim().replace(/[ -]/g, '')
  return /^[0-9]{6}$/.test(digits) ? digits : undefined
}
