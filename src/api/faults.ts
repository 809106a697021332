import type { Hook, z } from '@hono/zod-openapi'
import type { Context, TypedResponse } from 'hono'
import type { ClientErrorStatusCode } from 'hono/utils/http-status'
import type { JSONParsed } from 'hono/utils/types'
import { type ProblemDetails, problem } from '../web/problem.ts'
import type { ApiEnv } from './env.ts'
import type { ProblemSchema } from './schemas.ts'

/** A problem document, as the schemas of all routes announce it. */
export type Refusal = Response &
  TypedResponse<JSONParsed<z.output<typeof ProblemSchema>>, ClientErrorStatusCode, 'json'>

/** Answers with a problem document. */
export const refuse = (c: Context<ApiEnv>, details: ProblemDetails): Refusal =>
  // The media type is problem+json, which the types of routes take for JSON.
  problem(c, c.get('requestId'), details) as unknown as Refusal

/** Answers a request that does not fit its schema, naming every field that does not. */
// biome-ignore lint/suspicious/noExplicitAny: the hook serves requests of every shape.
export const checkFields: Hook<any, ApiEnv, string, unknown> = (result, c) => {
  if (result.success) return undefined
  const errors = result.error.issues.flatMap(({ path, message, ...issue }) => {
    const field = path.map(String).join('.')
    // Each unknown field by its own name.
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [field, key].filter(Boolean).join('.'),
        message: 'is not known here',
      }))
    }
    return [{ field, message: plainly(message) }]
  })
  return problem(c, c.get('requestId'), {
    status: 400,
    code: 'invalid_request',
    title: 'The request does not fit what is expected here.',
    errors,
  })
}

/** The schema library's own words for a value of another kind, which speak of its own world. */
function plainly(message: string): string {
  const [, expected, received] =
    /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? []
  if (expected === undefined) return message
  return received === 'undefined' ? 'is missing' : `must be of type ${expected}, not ${received}`
}
