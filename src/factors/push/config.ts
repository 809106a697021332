import * as z from 'zod'
import { entryConfig } from '../approval.ts'

export const pushConfig = z.strictObject({ entry: entryConfig })

export type PushConfig = z.output<typeof pushConfig>
