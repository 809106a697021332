import type { Clock } from '../base/clock.ts'
import type { Requirement, RuleDecision } from '../model/decision.ts'
import type { SignedIn } from '../model/session.ts'
import { decide, type Policy } from '../policy/decide.ts'
import { foldCase, readingsOf } from '../policy/path.ts'
import type { Sessions } from '../session/sessions.ts'
import type { HostAndPort } from './host.ts'
import type { Route, Routes } from './routes.ts'

/** One request, as far as a decision about it depends on it. */
export interface Asked extends HostAndPort {
  method: string
  /** Up to the `?`, not decoded. */
  rawPath: string
  address: string
  /** The session cookie's value; may be hostile. */
  sessionToken: string | undefined
}

/** What the corridor concludes. */
export type Decision =
  | Allowed
  | (Exclude<RuleDecision, { kind: 'allow' }> & { route: Route })
  | { kind: 'no_route'; reason: 'unknown_host' | 'ambiguous_path' }

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
  clock: Clock
}

export function createCorridor({ routes, sessions, clock }: CorridorDeps): Corridor {
  const walk = (
    asked: Asked,
    who: (token: string | undefined) => SignedIn | undefined,
  ): Decision => {
    const route = routes.find(asked)
    if (!route) return { kind: 'no_route', reason: 'unknown_host' }
    const decision = decideForAll(route, asked, who(asked.sessionToken), clock.now())
    if (!decision) return { kind: 'no_route', reason: 'ambiguous_path' }
    return decision.kind === 'allow' ? allow(route, decision) : { ...decision, route }
  }

  return {
    authorize: (asked) => walk(asked, sessions.read),
    reconsider: (asked) => walk(asked, sessions.peek),
    requirementOf(page) {
      const decision = walk({ ...page, sessionToken: undefined }, () => undefined)
      return decision.kind === 'authenticate' ? decision.requirement : undefined
    },
  }
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
function decideForAll(
  { policy }: Route,
  { method, rawPath, address }: Asked,
  signedIn: SignedIn | undefined,
  now: number,
): RuleDecision | undefined {
  const paths = policy.readsPaths ? readingsOf(rawPath) : [rawPath]
  const under = (rules: Policy['rules']) => (path: string) =>
    decide({ rules }, { method, path, address }, signedIn, now)
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
