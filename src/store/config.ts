import * as z from 'zod'
import { SECRET_KEY_BYTES } from '../base/keyring.ts'
import { file, secret } from '../base/schema.ts'

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/
/** Of 32 random bytes hardly ever two are alike; what has fewer than these was typed by somebody. */
const LEAST_DISTINCT_BYTES = 16

/**
 * @returns The key that a text holds in base64 or base64url, or `undefined` when it holds none, or one
 * that is easily guessed.
 */
export function secretKeyIn(text: string): Uint8Array | undefined {
  const written = text.trim()
  // Buffer would leave out what is no base64, and so take a long sentence for a key.
  if (!BASE64.test(written)) return undefined
  const key = Buffer.from(written, 'base64')
  const isRandom = new Set(key).size >= LEAST_DISTINCT_BYTES
  return key.byteLength === SECRET_KEY_BYTES && isRandom ? key : undefined
}

const NO_KEY = `is no key of ${SECRET_KEY_BYTES} random bytes in base64. Make one for a new database with: openssl rand -base64 ${SECRET_KEY_BYTES}`

export const storeConfig = z.strictObject({
  path: file().default('./data/gatehouse.db').meta({
    description: 'The database file. Relative paths start at the configuration file’s folder.',
  }),
  key: secret()
    .refine((text) => secretKeyIn(text) !== undefined, { message: NO_KEY })
    .optional()
    .meta({
      description:
        'The secret key, 32 bytes in base64, that seals credentials and signs cookies. Left out: made once, mode 0600, beside the database.',
      example: { file: '/run/secrets/gatehouse-key' },
    }),
})

export type StoreConfig = z.output<typeof storeConfig>
