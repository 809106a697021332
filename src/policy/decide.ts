import type { UnixSeconds } from '../base/clock.ts'
import type {
  AccessRequest,
  DenyReason,
  Requirement,
  RuleDecision,
  RuleReport,
} from '../model/decision.ts'
import type { Proof, SignedIn } from '../model/session.ts'
import type { NamedNetworks, RuleConfig } from './config.ts'
import { compileRule, isAbout, type Rule, readsPath, tellsCase } from './rule.ts'

/** The rules of one route, in order. */
export interface Policy {
  /** Those that decide. */
  rules: readonly Rule[]
  /** Those that only say what they would decide. */
  reports: readonly Rule[]
  /** Does any rule look at the path? If none does, no spelling of a path can mislead the decision. */
  readsPaths: boolean
  /** Does any rule look at the method? */
  readsMethods: boolean
  /** The same rules for folded paths, as `foldCase` gives them: some servers fold case. */
  folded: readonly Rule[]
  /** Does a rule tell upper from lower case? Then the two lists may differ on any path. */
  tellsCase: boolean
}

/** Makes the rules of one route ready. @param named The networks that rules call by name. */
export function compilePolicy(rules: readonly RuleConfig[], named: NamedNetworks = {}): Policy {
  const compiled = rules.map((rule, position) => compileRule(rule, position, named))
  // What a rule that only reports would look at changes nothing about what is let through.
  const deciding = rules.filter(({ mode }) => mode !== 'report')
  return {
    rules: compiled.map(({ plain }) => plain).filter(({ reportsOnly }) => !reportsOnly),
    reports: compiled.map(({ plain }) => plain).filter(({ reportsOnly }) => reportsOnly),
    readsPaths: deciding.some(readsPath),
    readsMethods: deciding.some(({ methods }) => methods !== undefined),
    folded: compiled.map(({ folded }) => folded).filter(({ reportsOnly }) => !reportsOnly),
    tellsCase: deciding.some(tellsCase),
  }
}

/**
 * Decides by the first rule that is about the request. No rule, no entry.
 *
 * Paths, methods, networks and the query say what a rule is about; users and groups say whom it lets
 * in. So a person who is not in the groups of the first rule that fits is denied, and never falls
 * through to a wider rule below. Where it depends on the reader of a query whether a rule is about the
 * request, the answer is no.
 */
export function decide(
  { rules }: Pick<Policy, 'rules'>,
  request: AccessRequest,
  signedIn: SignedIn | undefined,
  now: UnixSeconds,
): RuleDecision {
  for (const rule of rules) {
    const match = isAbout(rule, request)
    if (match === 'yes') return conclude(rule, signedIn, now)
    if (match === 'unclear') return deny(rule, 'ambiguous_query', signedIn)
  }
  return { kind: 'deny', rule: 'none', position: AFTER_ALL, reason: 'no_rule_matched', signedIn }
}

/** Where a decision stands that no rule has made. */
const AFTER_ALL = Number.POSITIVE_INFINITY

/** What a rule that is about a request says of whoever is there. */
export function conclude(
  rule: Rule,
  signedIn: SignedIn | undefined,
  now: UnixSeconds,
): RuleDecision {
  const { name, position, admits } = rule
  const allowed = { kind: 'allow', rule: name, position, signedIn } as const
  if (rule.effect === 'bypass') return allowed
  if (rule.effect === 'deny') return deny(rule, 'rule_denies', signedIn)
  if (signedIn && admits && !admits(signedIn.user)) return deny(rule, 'not_a_member', signedIn)
  const risk = signedIn?.session.risk
  const effect = (risk && rule.atRisk?.[risk.level]) ?? rule.effect
  if (effect === 'deny') return deny(rule, 'too_unusual', signedIn)
  return signedIn && satisfies(signedIn.session, effect, now)
    ? allowed
    : { kind: 'authenticate', rule: name, position, requirement: effect, signedIn }
}

const deny = (
  { name, position }: Rule,
  reason: Exclude<DenyReason, 'no_rule_matched'>,
  signedIn: SignedIn | undefined,
): RuleDecision => ({ kind: 'deny', rule: name, position, reason, signedIn })

/** What the rules that only report would have decided, had they been asked before the one that did. */
export function reportsOn(
  { reports }: Pick<Policy, 'reports'>,
  request: AccessRequest,
  { signedIn, position: decidedAt }: RuleDecision,
  now: UnixSeconds,
): RuleReport[] {
  return reports
    .filter(({ position }) => position < decidedAt)
    .flatMap((rule): RuleReport[] => {
      const match = isAbout(rule, request)
      if (match === 'no') return []
      if (match === 'unclear')
        return [{ rule: rule.name, would: 'deny', reason: 'ambiguous_query' }]
      const decision = conclude(rule, signedIn, now)
      const reason = decision.kind === 'deny' ? { reason: decision.reason } : {}
      return [{ rule: rule.name, would: decision.kind, ...reason }]
    })
}

/** Is what a session has proved enough, fresh enough, and of the right kind for a requirement? */
export function satisfies(
  proof: Proof,
  { aal, phishingResistant, maxAgeSeconds, methods, by }: Requirement,
  now: UnixSeconds,
): boolean {
  if (proof.aal < aal) return false
  if (phishingResistant && !proof.phishingResistant) return false
  if (methods && !methods.some((method) => proof.amr.includes(method))) return false
  if (by && !by.some((id) => proof.by?.includes(id))) return false
  return maxAgeSeconds === undefined || now - proof.authenticatedAt <= maxAgeSeconds
}
