import * as z from 'zod'

export const backupCodeConfig = z.strictObject({})

export type BackupCodeConfig = z.output<typeof backupCodeConfig>
