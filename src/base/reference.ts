import { randomBytes } from 'node:crypto'

// Crockford's alphabet: no I, L, O, U, so that it survives being read out over a telephone.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A number for one refusal, to be quoted by a person and found in the log: `7K3M-Q2XZ`. */
export function newReference(): string {
  const letters = Array.from(randomBytes(8), (byte) => ALPHABET.charAt(byte % 32)).join('')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

/** Is this a number that {@link newReference} might have made? */
export const isReference = (text: string): boolean =>
  /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/.test(text)
