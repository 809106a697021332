import * as z from 'zod'
import { secret } from '../base/schema.ts'

export const storeConfig = z.strictObject({
  path: z.string().min(1).default('./data/gatehouse.db').meta({
    description: 'The database file. Relative paths start at the configuration file’s folder.',
  }),
  key: secret()
    .optional()
    .meta({
      description:
        'The secret key, 32 bytes in base64, that seals credentials and signs cookies. Left out: made once, mode 0600, beside the database.',
      example: { file: '/run/secrets/gatehouse-key' },
    }),
})

export type StoreConfig = z.output<typeof storeConfig>
