import * as z from 'zod'

export const logConfig = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').meta({
    description: 'How much is written to standard output, as JSON lines.',
  }),
})

export type LogConfig = z.output<typeof logConfig>
