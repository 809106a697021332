import * as z from 'zod'
import { listenAddress } from '../base/schema.ts'

export const healthConfig = z.strictObject({
  listen: listenAddress().prefault('127.0.0.1:9092').meta({
    description: 'Where `/health/live` and `/health/ready` answer, apart from the doors.',
  }),
})

export type HealthConfig = z.output<typeof healthConfig>
