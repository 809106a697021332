import * as z from 'zod'

export const backupCodeConfig = z.strictObject({})
