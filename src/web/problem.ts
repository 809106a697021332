import type { Context } from 'hono'

/** Why a request was not answered as it asked, for a program. */
export interface ProblemDetails {
  status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 409
    | 410
    | 411
    | 413
    | 415
    | 421
    | 422
    | 429
    | 500
    | 502
    | 503
    | 504
  /** Stable wire code in snake_case. Once released it is never renamed. */
  code: string
  /** One sentence. */
  title: string
  /** What is wrong with which field. */
  errors?: readonly FieldError[]
  /** Seconds after which it may be tried again. */
  retryAfter?: number
}

export interface FieldError {
  /** The field's path: `details.fields[0].name`. */
  field: string
  message: string
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/**
 * Answers with a problem document.
 *
 * @see RFC 9457 (Problem Details for HTTP APIs)
 */
export function problem(c: Context, requestId: string, details: ProblemDetails): Response {
  const { status, code, title, errors, retryAfter } = details
  const body = { type: 'about:blank', status, title, code, request_id: requestId, errors }
  return c.body(JSON.stringify(body), status, {
    'Content-Type': PROBLEM_MEDIA_TYPE,
    'Cache-Control': 'no-store',
    // None may come back at once, which it would take for a loop.
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(Math.max(1, retryAfter)) }),
  })
}
