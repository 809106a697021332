import * as z from 'zod'
import { totpConfig } from './totp/config.ts'

export const factorsConfig = z.strictObject({
  totp: totpConfig.optional().meta({
    description:
      'Authenticator app (RFC 6238): six digits, every 30 seconds. Leave the key out to switch it off.',
  }),
})

export type FactorsConfig = z.output<typeof factorsConfig>
