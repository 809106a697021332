import type { MiddlewareHandler } from 'hono'
import { randomToken, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { IdempotencyRepository } from '../store/contract.ts'
import { PROBLEM_MEDIA_TYPE, problem } from '../web/problem.ts'
import type { ApiEnv } from './env.ts'

/** No request of the API is larger. */
export const MAX_BODY_BYTES = 64 * 1024
/** How long an answer is kept for a request that comes again. */
const KEPT_SECONDS = 24 * 3600

/** Numbers each request, and keeps its answer out of every cache. */
export function withRequestId(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    c.set('requestId', randomToken(9))
    await next()
    c.header('X-Request-Id', c.get('requestId'))
    c.header('X-Content-Type-Options', 'nosniff')
    if (!c.res.headers.has('cache-control')) c.header('Cache-Control', 'no-store')
  }
}

/** Takes JSON of a sensible size, and nothing else; looked at before anything is parsed. */
export function onlySmallJson(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!['POST', 'PATCH', 'PUT'].includes(c.req.method)) return next()
    const refuse = (status: 411 | 413 | 415, code: string, title: string) =>
      problem(c, c.get('requestId'), { status, code, title })

    const length = c.req.header('content-length')
    if (length === undefined) {
      return refuse(411, 'length_required', 'State the length of the body: Content-Length.')
    }
    if (Number(length) > MAX_BODY_BYTES) {
      return refuse(413, 'too_large', `A body may have ${MAX_BODY_BYTES / 1024} KiB.`)
    }
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (Number(length) > 0 && type !== 'application/json') {
      return refuse(415, 'unsupported_media_type', 'Send JSON: Content-Type: application/json.')
    }
    return next()
  }
}

export interface IdempotencyDeps {
  clock: Clock
  idempotency: IdempotencyRepository
}

/**
 * Does a request that comes twice once: with the same `Idempotency-Key`, the second is given the answer
 * of the first. Each API key has its own, so that none is told what only another one may see.
 */
export function onceEach({ clock, idempotency }: IdempotencyDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const given = c.req.header('idempotency-key')
    if (c.req.method !== 'POST' || given === undefined) return next()
    const refuse = (status: 400 | 409 | 422, code: string, title: string) =>
      problem(c, c.get('requestId'), { status, code, title })
    if (!/^[\x21-\x7e]{1,255}$/.test(given)) {
      return refuse(
        400,
        'invalid_idempotency_key',
        'Idempotency-Key: 1 to 255 printable characters.',
      )
    }

    const { id: keyId } = c.get('key')
    const { pathname } = new URL(c.req.url)
    const key = sha256(JSON.stringify([keyId, pathname, given]))
    const request = sha256(await c.req.text())
    const now = clock.now()
    const claimed = await idempotency.claim(key, request, { now, expiresAt: now + KEPT_SECONDS })
    if (claimed === 'other') {
      return refuse(
        422,
        'idempotency_key_reused',
        'This Idempotency-Key came with another request.',
      )
    }
    if (claimed === 'underway') {
      return refuse(
        409,
        'request_under_way',
        'The first request with this Idempotency-Key is under way.',
      )
    }
    if (claimed !== 'fresh') return again(claimed)

    try {
      await next()
    } catch (cause) {
      await idempotency.release(key)
      throw cause
    }
    // What failed on our side, was not allowed or has to wait, may be tried again.
    const { status } = c.res
    if (status >= 500 || status === 429 || status === 403) await idempotency.release(key)
    else await idempotency.keep(key, { status, body: await c.res.clone().text() })
    return undefined
  }
}

function again({ status, body }: { status: number; body: string }): Response {
  const type = status >= 400 ? PROBLEM_MEDIA_TYPE : 'application/json'
  const headers = {
    'Content-Type': type,
    'Idempotent-Replayed': 'true',
    'Cache-Control': 'no-store',
  }
  return new Response(status === 204 ? null : body, { status, headers })
}
