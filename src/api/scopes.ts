import type { MiddlewareHandler } from 'hono'
import { problem } from '../web/problem.ts'
import type { ApiEnv } from './env.ts'

/** What a key may do. One with a dot is a part of the one before the dot, which holds it, too. */
export const SCOPES = {
  '2fa': 'all of second factors: the two below',
  '2fa.verify': 'asks whether a factor is called for, puts challenges and checks answers',
  '2fa.enroll': 'enrolls, lists, renames and removes factors',
  biometric: 'passkeys and device keys of the application’s users',
  users: 'lets somebody in by a pass, tells all that is known of a user, erases them',
  events: 'reads the trail',
} as const

export type Scope = keyof typeof SCOPES

export const isScope = (text: string): text is Scope => Object.hasOwn(SCOPES, text)

/** The name under which the document speaks of keys. */
export const KEY_SCHEME = 'apiKey'

/**
 * What a route asks of a key, to be spread into its declaration: checked before anything else is looked
 * at, and told in the document. A key that has any of the scopes is let through.
 *
 * @example createRoute({ method: 'get', path: '/', ...asks('users'), responses })
 */
export const asks = (...scopes: readonly [Scope, ...Scope[]]) => ({
  security: scopes.map((scope) => ({ [KEY_SCHEME]: [scope] })),
  middleware: onlyWithScope(scopes),
})

const onlyWithScope =
  (scopes: readonly Scope[]): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const held = c.get('key').scopes
    if (scopes.some((scope) => holds(held, scope))) return next()
    return problem(c, c.get('requestId'), {
      status: 403,
      code: 'insufficient_scope',
      title: `This key lacks the scope ${scopes.join(' or ')}.`,
    })
  }

/** A scope holds its parts: `2fa` is as good as `2fa.verify`. */
export const holds = (held: readonly string[], scope: Scope): boolean =>
  held.some((own) => scope === own || scope.startsWith(`${own}.`))
