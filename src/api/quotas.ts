import type { Context, MiddlewareHandler } from 'hono'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import { sourceOf } from '../base/net.ts'
import { problem } from '../web/problem.ts'
import type { AboutWhom } from './about-whom.ts'
import type { ApiEnv } from './env.ts'

/** What requests are counted by. */
export type QuotaName = 'address' | 'key' | 'user'

/** How many requests one of each may make in a minute. */
export type QuotaLimits = Readonly<Record<QuotaName, number>>

/** How a quota stands after a request. */
export interface Standing {
  name: QuotaName
  /** Was there room for this one? */
  isWithin: boolean
  left: number
  /** Seconds until there is all of it again. */
  reset: number
}

export const WINDOW_SECONDS = 60
/** So many are counted at the same time for each name; beyond that, the oldest are forgotten. */
const MOST_COUNTED = 10_000

interface Window {
  count: number
  endsAt: UnixSeconds
}

/**
 * Counts requests in windows of a minute, in memory: a write to the store for each would cost more than
 * most requests do. Each worker counts for itself, so that several let through more in all; they keep
 * load away, and are no guard against guessing. Guesses are counted in the store, for all workers together.
 */
export function createQuotas(limits: QuotaLimits, clock: Clock) {
  const counted: Record<QuotaName, Map<string, Window>> = {
    address: new Map(),
    key: new Map(),
    user: new Map(),
  }

  const windowOf = (name: QuotaName, who: string, now: UnixSeconds): Window => {
    const windows = counted[name]
    const found = windows.get(who)
    if (found && found.endsAt > now) return found
    const fresh = { count: 0, endsAt: now + WINDOW_SECONDS }
    // At its end again: what stands first is the oldest.
    windows.delete(who)
    windows.set(who, fresh)
    const [oldest] = windows.keys()
    if (windows.size > MOST_COUNTED && oldest !== undefined) windows.delete(oldest)
    return fresh
  }

  return {
    /** Counts one request. */
    take(name: QuotaName, who: string): Standing {
      const now = clock.now()
      const window = windowOf(name, who, now)
      const isWithin = window.count < limits[name]
      if (isWithin) window.count += 1
      return {
        ...{ name, isWithin },
        left: limits[name] - window.count,
        reset: window.endsAt - now,
      }
    },
  }
}

export type Quotas = ReturnType<typeof createQuotas>

/** Says in every answer what is left, and refuses what is too much. Stands before keys are looked at. */
export function withinAddressQuota(quotas: Quotas, limits: QuotaLimits): MiddlewareHandler<ApiEnv> {
  const policy = (['address', 'key', 'user'] as const)
    .map((name) => `"${name}";q=${limits[name]};w=${WINDOW_SECONDS}`)
    .join(', ')
  return async (c, next) => {
    const standing = quotas.take('address', sourceOf(c.env.client.address))
    c.set('quotas', [standing])
    const tell = () => {
      c.header('RateLimit-Policy', policy)
      c.header('RateLimit', c.get('quotas').map(written).join(', '))
    }
    if (!standing.isWithin) {
      tell()
      return exceeded(c, standing)
    }
    await next()
    tell()
    return undefined
  }
}

/** Counts by the key, and by the user whom a request is about. */
export function withinKeyQuotas(quotas: Quotas, aboutWhom: AboutWhom): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const key = c.get('key')
    const take = (name: QuotaName, who: string) => {
      const standing = quotas.take(name, who)
      c.set('quotas', [...c.get('quotas'), standing])
      return standing.isWithin ? undefined : exceeded(c, standing)
    }
    // A key that asks too much is not looked up for.
    const refusal = take('key', key.id)
    if (refusal) return refusal
    const user = await aboutWhom(c)
    const ofUser = user === undefined ? undefined : take('user', `${key.application} ${user}`)
    return ofUser ?? next()
  }
}

/** @see draft-ietf-httpapi-ratelimit-headers-10, section 4 (RateLimit Field) */
const written = ({ name, left, reset }: Standing) => `"${name}";r=${left};t=${reset}`

const exceeded = (c: Context<ApiEnv>, { name, reset }: Standing): Response =>
  problem(c, c.get('requestId'), {
    status: 429,
    code: 'quota_exceeded',
    title: `Too many requests of one ${name}. Wait ${reset} seconds.`,
    retryAfter: reset,
  })
