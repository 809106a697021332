import type { Clock } from '../base/clock.ts'
import type { AccessRequest, DenyReason, Requirement, RuleDecision } from '../model/decision.ts'
import type { SignedIn } from '../model/session.ts'
import { decide, type Policy, reportsOn } from '../policy/decide.ts'
import { foldCase, readingsOf } from '../policy/path.ts'
import { otherQueryOf } from '../policy/query.ts'
import type { Sessions } from '../session/sessions.ts'
import type { HostAndPort } from './host.ts'
import type { GatewayMeters } from './meters.ts'
import type { Reports } from './reports.ts'
import type { Route, Routes } from './routes.ts'

/** One request, as far as a decision about it depends on it. */
export interface Asked extends HostAndPort {
  /** `undefined` where the one who asks does not tell it. */
  method: string | undefined
  /** Path and query, byte for byte. */
  target: string
  /** The target up to the `?`. */
  rawPath: string
  address: string
  /** The session cookie's value; may be hostile. */
  sessionToken: string | undefined
}

/** What the corridor concludes. */
export type Decision =
  | Allowed
  | (Extract<RuleDecision, { kind: 'authenticate' }> & { route: Route })
  | (Extract<RuleDecision, { kind: 'deny' }> & { reason: ClearReason; route: Route })
  | { kind: 'no_route'; reason: NoRouteReason }

export type NoRouteReason = 'unknown_host' | 'unknown_method' | 'ambiguous_path' | 'ambiguous_query'

/** Why somebody is denied, where the request itself is beyond doubt. */
export type ClearReason = Exclude<DenyReason, 'ambiguous_query'>

declare const byTheCorridor: unique symbol

/** Access, allowed. Only the corridor makes one, and nothing reaches an application without one. */
export interface Allowed {
  kind: 'allow'
  route: Route
  rule: string
  signedIn: SignedIn | undefined
  readonly [byTheCorridor]: true
}

/** The one place that decides about access. All three doors lead through it. */
export interface Corridor {
  /** Which route, which path, who is there, and may they? */
  authorize(asked: Asked): Decision
  /** The same for a request that is under way: looks, and leaves no trace in the session. */
  reconsider(asked: Asked): Decision
  /** What opening a page takes of somebody who is not signed in; `undefined` when it takes nothing. */
  requirementOf(page: Omit<Asked, 'sessionToken'>): Requirement | undefined
}

export interface CorridorDeps {
  routes: Routes
  sessions: Pick<Sessions, 'read' | 'peek'>
  /** The realm of a host: a session cookie counts in its own only. */
  realmOf(host: string): string
  reports: Reports
  meters: Pick<GatewayMeters, 'decided'>
  clock: Clock
}

export function createCorridor(deps: CorridorDeps): Corridor {
  const { routes, sessions, realmOf, reports, meters, clock } = deps
  const walk = (
    asked: Asked,
    who: (token: string | undefined, realm: string) => SignedIn | undefined,
    isReal: boolean,
  ): Decision => {
    const route = routes.find(asked)
    if (!route) return { kind: 'no_route', reason: 'unknown_host' }
    if (asked.method === undefined && route.policy.readsMethods) {
      return { kind: 'no_route', reason: 'unknown_method' }
    }
    const now = clock.now()
    const decision = decideForAll(route, asked, who(asked.sessionToken, realmOf(asked.host)), now)
    if (!decision) return { kind: 'no_route', reason: 'ambiguous_path' }
    if (isReal && route.policy.reports.length > 0) {
      const request = requestIn(asked, readingsOf(asked.rawPath)[0] ?? asked.rawPath)
      reports.note(asked, route, decision, reportsOn(route.policy, request, decision, now))
    }
    if (decision.kind === 'allow') return allow(route, decision)
    if (decision.kind === 'authenticate') return { ...decision, route }
    const { reason } = decision
    return reason === 'ambiguous_query'
      ? { kind: 'no_route', reason }
      : { ...decision, reason, route }
  }

  return {
    authorize(asked) {
      const decision = walk(asked, sessions.read, true)
      meters.decided(decision)
      return decision
    },
    reconsider: (asked) => walk(asked, sessions.peek, false),
    requirementOf(page) {
      const decision = walk({ ...page, sessionToken: undefined }, () => undefined, false)
      return decision.kind === 'authenticate' ? decision.requirement : undefined
    },
  }
}

/** What rules look at. */
export type AskedOfRules = Pick<Asked, 'method' | 'target' | 'rawPath' | 'address'>

/** One request as rules see it, with one reading of its path. */
export const requestIn = (
  { method, target, rawPath, address }: AskedOfRules,
  path: string,
): AccessRequest => {
  const query = target.slice(rawPath.length + 1)
  // Where the method is not known, no rule looks at it.
  return { method: method ?? '', path, query, otherQuery: otherQueryOf(rawPath, query), address }
}

// The mark has no value at run time: it only keeps every other place from making an Allowed.
const allow = (route: Route, { rule, signedIn }: RuleDecision): Allowed =>
  ({ kind: 'allow', route, rule, signedIn }) as Allowed

/**
 * Decides for every way in which the application might read the path.
 *
 * @returns `undefined` when the answer depends on the reading, or no reading can be trusted. Where no
 * rule looks at paths none can mislead it, and the application gets the path as it came.
 */
export function decideForAll(
  { policy }: Route,
  asked: Omit<Asked, 'sessionToken'>,
  signedIn: SignedIn | undefined,
  now: number,
): RuleDecision | undefined {
  const paths = policy.readsPaths ? readingsOf(asked.rawPath) : [asked.rawPath]
  const under = (rules: Policy['rules']) => (path: string) =>
    decide({ rules }, requestIn(asked, path), signedIn, now)
  const folded = policy.readsPaths ? foldedOf(paths, policy) : []
  const [first, ...others] = [
    ...paths.map(under(policy.rules)),
    ...folded.map(under(policy.folded)),
  ]
  return others.every((other) => first && saysTheSame(first, other)) ? first : undefined
}

/** The paths that a server which folds case would read otherwise than the rules do. */
const foldedOf = (paths: readonly string[], { tellsCase }: Policy): readonly string[] => {
  const folded = paths.map(foldCase)
  return tellsCase ? folded : folded.filter((path, index) => path !== paths[index])
}

const saysTheSame = (one: RuleDecision, other: RuleDecision): boolean =>
  one.kind === other.kind && one.rule === other.rule && requirementIn(one) === requirementIn(other)

// Compared by identity: a rule has one requirement, made once.
const requirementIn = (decision: RuleDecision) =>
  decision.kind === 'authenticate' ? decision.requirement : undefined
