import * as z from 'zod'

export const totpConfig = z.strictObject({
  issuer: z.string().min(1).max(64).optional().meta({
    description:
      'The name that authenticator apps show beside the account; the portal’s name when left out.',
    example: 'Example Inc.',
  }),
})
