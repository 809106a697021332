import type { MiddlewareHandler } from 'hono'
import type { Audit } from '../audit/record.ts'
import { randomToken, sameBytes, sha256 } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import { networks } from '../base/net.ts'
import type { ApiKey, ApiKeyRepository } from '../store/contract.ts'
import { problem } from '../web/problem.ts'
import type { ApiEnv } from './env.ts'

const TOKEN = /^ghk_([A-Za-z0-9_-]{16})_([A-Za-z0-9_-]{43})$/

/** A last use is written once in a while, never a row a request. */
const TOUCH_EVERY_SECONDS = 60

/** Makes the two halves of a new key. The token is shown once; only the hash is kept. */
export function newKeyToken(): { id: string; token: string; secretHash: Uint8Array } {
  const id = randomToken(12)
  const secret = randomToken(32)
  return { id, token: `ghk_${id}_${secret}`, secretHash: sha256(secret) }
}

export interface AuthenticationDeps {
  audit: Audit
  clock: Clock
  keys: ApiKeyRepository
  /** By the applications that are known; keys of others open nothing. */
  engines: ReadonlyMap<string, unknown>
  /** Counts a key that is none. @returns The seconds to wait, 0 when it may be said so. */
  wrongSecret(address: string): Promise<number>
}

/**
 * Lets nobody through without a living key that is used from where it may be. Elsewhere a key is answered
 * as one that is none: whoever has stolen it does not learn that it is good. The trail has it as it is.
 */
export function onlyWithKey({
  audit,
  clock,
  keys,
  engines,
  wrongSecret,
}: AuthenticationDeps): MiddlewareHandler<ApiEnv> {
  const find = async (header: string | undefined): Promise<ApiKey | undefined> => {
    const [, id = '', secret = ''] =
      TOKEN.exec(/^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '') ?? []
    // Asked for nobody too, so that an unknown key takes the same look-up.
    const found = await keys.find(id)
    const expected = found?.secretHash ?? new Uint8Array(32)
    const isRight = sameBytes(sha256(secret), expected)
    const isKnown = found !== undefined && engines.has(found.key.application)
    return isKnown && isRight && isLiving(found.key, clock.now()) ? found.key : undefined
  }

  return async (c, next) => {
    const given = c.req.header('authorization')
    const { address } = c.env.client
    const found = await find(given)
    const isFarAway = found !== undefined && !isFromWhereItMay(found, address)
    if (isFarAway) {
      const { id, application } = found
      const details = { key: id, application, reason: 'network_not_allowed' }
      audit.record({ name: 'api.key_refused', address, details })
    }
    const key = isFarAway ? undefined : found
    if (!key) {
      // Looked at first: no wrong key of somebody else keeps a living one out.
      const seconds = given === undefined ? 0 : await wrongSecret(address)
      if (seconds > 0) {
        return problem(c, c.get('requestId'), {
          status: 429,
          code: 'throttled',
          title: `Too many keys that are none. Wait ${seconds} seconds.`,
          retryAfter: seconds,
        })
      }
      c.header('WWW-Authenticate', 'Bearer realm="gatehouse"')
      return problem(c, c.get('requestId'), {
        status: 401,
        code: 'invalid_api_key',
        title: 'Send a living API key, from where it may be used: Authorization: Bearer ghk_…',
      })
    }
    const now = clock.now()
    if (now - (key.lastUsedAt ?? 0) >= TOUCH_EVERY_SECONDS) await keys.touch(key.id, now)
    c.set('key', key)
    return next()
  }
}

/** Is a key still what it was when it was let through? Whoever waits for long asks again. */
export async function isStillGood(
  { id }: ApiKey,
  { clock, keys }: Pick<AuthenticationDeps, 'clock' | 'keys'>,
): Promise<boolean> {
  const found = await keys.find(id)
  return found !== undefined && isLiving(found.key, clock.now())
}

const isFromWhereItMay = ({ networks: list }: ApiKey, address: string): boolean =>
  list.length === 0 || networks(list).has(address)

/** Has it not run out? */
const isLiving = ({ expiresAt }: ApiKey, now: UnixSeconds): boolean =>
  expiresAt === undefined || now < expiresAt
