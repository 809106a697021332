import * as z from 'zod'
import { SECRET_KEY_BYTES } from '../base/keyring.ts'
import { file, secret } from '../base/schema.ts'

/** @returns The key that a text holds in base64 or base64url, or `undefined` when it holds none. */
export function secretKeyIn(text: string): Uint8Array | undefined {
  const key = Buffer.from(text.trim(), 'base64')
  return key.byteLength === SECRET_KEY_BYTES ? key : undefined
}

const NO_KEY = `is no key of ${SECRET_KEY_BYTES} bytes in base64. Make one for a new database with: openssl rand -base64 ${SECRET_KEY_BYTES}`

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
