import { z } from '@hono/zod-openapi'
import { ProblemSchema } from './schemas.ts'

/** What the routes of the API have in common, as their descriptions say it. */

/** An answer in JSON. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A body in JSON, which must be there. */
export const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

/** Every route may say why not. */
export const refusals = {
  '4XX': {
    description: 'Why not, as a problem document.',
    content: { 'application/problem+json': { schema: ProblemSchema } },
  },
} as const

/** The id of a thing, in the path. */
export const id = z.strictObject({ id: z.string().min(1).max(64) })
