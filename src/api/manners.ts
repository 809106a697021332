import type { Http2ServerRequest } from 'node:http2'
import type { MiddlewareHandler } from 'hono'
import { randomToken, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Claim, IdempotencyRepository } from '../store/contract.ts'
import { PROBLEM_MEDIA_TYPE, problem } from '../web/problem.ts'
import type { ApiEnv } from './env.ts'

/** No request of the API is larger. */
export const MAX_BODY_BYTES = 64 * 1024
/** How long an answer is kept for a request that comes again. */
const KEPT_SECONDS = 24 * 3600
/** A request that is under way says so anew within this time; one whose process has died does not. */
const CLAIM_SECONDS = 15
const RENEW_MS = 5_000
/** Most are done long before the claim ends. */
const LOOK_AGAIN_SECONDS = 5

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

    const length = c.req.header('content-length') ?? (hasNoBody(c.env.incoming) ? '0' : undefined)
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

/**
 * Does nothing follow the head? Then no length need be stated: `curl -X POST` states none.
 *
 * @see RFC 9112, section 6.3 (Message Body Length); RFC 9113, section 8.1
 */
function hasNoBody(incoming: ApiEnv['Bindings']['incoming']): boolean {
  return incoming.httpVersionMajor >= 2
    ? (incoming as unknown as Http2ServerRequest).stream.endAfterHeaders
    : incoming.headers['transfer-encoding'] === undefined
}

export interface IdempotencyDeps {
  clock: Clock
  idempotency: IdempotencyRepository
}

/**
 * Does a request that comes twice once: with the same `Idempotency-Key`, the second is given the answer
 * of the first. Each API key has its own, so that none is told what only another one may see. What was
 * answered once is never done again; where the process died before it could answer, the key is free soon.
 */
export function onceEach({ clock, idempotency }: IdempotencyDeps): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const given = c.req.header('idempotency-key')
    if (c.req.method !== 'POST' || given === undefined) return next()
    const refuse = (status: 400 | 422, code: string, title: string) =>
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
    const claim = { key, until: now + CLAIM_SECONDS }
    const claimed = await idempotency.claim(claim, request, now)
    if (claimed === 'other') {
      return refuse(
        422,
        'idempotency_key_reused',
        'This Idempotency-Key came with another request.',
      )
    }
    if (claimed !== 'fresh' && 'underway' in claimed) {
      return problem(c, c.get('requestId'), {
        status: 409,
        code: 'request_under_way',
        title:
          'The first request with this Idempotency-Key is under way. Send it again in a moment.',
        retryAfter: Math.max(1, Math.min(LOOK_AGAIN_SECONDS, claimed.underway - now)),
      })
    }
    if (claimed !== 'fresh') return again(claimed)

    const held = holding(claim, { clock, idempotency })
    try {
      await next()
    } catch (cause) {
      await idempotency.release(await held.end())
      throw cause
    }
    // What failed on our side, was not allowed or has to wait, may be tried again.
    const { status } = c.res
    const mine = await held.end()
    if (status >= 500 || status === 429 || status === 403) await idempotency.release(mine)
    else {
      const answer = { status, body: await c.res.clone().text() }
      await idempotency.keep(mine, answer, clock.now() + KEPT_SECONDS)
    }
    return undefined
  }
}

/** Renews a claim until the work is done. */
function holding(first: Claim, { clock, idempotency }: IdempotencyDeps) {
  let claim = first
  let renewing = Promise.resolve()
  const renew = async () => {
    const until = Math.max(claim.until, clock.now() + CLAIM_SECONDS)
    // Whoever is late has lost it; what comes of the work is told all the same.
    if (until > claim.until && (await idempotency.renew(claim, until))) claim = { ...claim, until }
  }
  const timer = setInterval(() => {
    // A store that is away for a moment is asked again at the next beat.
    renewing = renewing.then(renew).catch(() => undefined)
  }, RENEW_MS).unref()
  return {
    /** @returns The claim as it stands at the end. */
    async end(): Promise<Claim> {
      clearInterval(timer)
      await renewing
      return claim
    },
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
