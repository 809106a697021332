import type { UnixSeconds } from '../base/clock.ts'
import { type Networks, networks } from '../base/net.ts'
import type { AccessRequest, Requirement, RuleDecision } from '../model/decision.ts'
import type { Proof, SignedIn } from '../model/session.ts'
import { type User, userNameKey } from '../model/user.ts'
import type { RuleConfig } from './config.ts'
import { foldCase, type PathTest, pathTest } from './path.ts'

/** One rule, made ready for many requests. */
export interface Rule {
  name: string
  isAbout(request: AccessRequest): boolean
  effect: 'bypass' | 'deny' | Requirement
  /** Whom the rule lets in; everybody when absent. */
  admits?: (user: User) => boolean
}

/** The rules of one route, in order. */
export interface Policy {
  rules: readonly Rule[]
  /** Does any rule look at the path? If none does, no spelling of a path can mislead the decision. */
  readsPaths: boolean
  /** The same rules for folded paths, as {@link foldCase} gives them: some servers fold case. */
  folded: readonly Rule[]
  /** Does a rule tell upper from lower case? Then the two lists may differ on any path. */
  tellsCase: boolean
}

/** Makes the rules of one route ready. */
export function compilePolicy(rules: readonly RuleConfig[]): Policy {
  const patterns = rules.flatMap(({ paths = [] }) => paths)
  const foldedRules = rules.map((rule) =>
    rule.paths ? { ...rule, paths: rule.paths.map(foldCase) } : rule,
  )
  const compiled = rules.map(compileRule)
  return {
    rules: compiled,
    readsPaths: patterns.length > 0,
    // Beside its effect, which is compared by identity, a folded rule is a rule of its own.
    folded: foldedRules.map(compileRule).map((rule, index) => ({
      ...rule,
      effect: compiled[index]?.effect ?? rule.effect,
    })),
    tellsCase: patterns.some((pattern) => foldCase(pattern) !== pattern),
  }
}

/**
 * Decides by the first rule that is about the request. No rule, no entry.
 *
 * Paths, methods and networks say what a rule is about; users and groups say whom it lets in. So a
 * person who is not in the groups of the first rule that fits is denied, and never falls through to
 * a wider rule below.
 */
export function decide(
  { rules }: Pick<Policy, 'rules'>,
  request: AccessRequest,
  signedIn: SignedIn | undefined,
  now: UnixSeconds,
): RuleDecision {
  const rule = rules.find((candidate) => candidate.isAbout(request))
  if (!rule) return { kind: 'deny', rule: 'none', reason: 'no_rule_matched', signedIn }
  const { name, effect } = rule

  if (effect === 'bypass') return { kind: 'allow', rule: name, signedIn }
  if (effect === 'deny') return { kind: 'deny', rule: name, reason: 'rule_denies', signedIn }
  if (signedIn && rule.admits && !rule.admits(signedIn.user)) {
    return { kind: 'deny', rule: name, reason: 'not_a_member', signedIn }
  }
  if (!signedIn || !satisfies(signedIn.session, effect, now)) {
    return { kind: 'authenticate', rule: name, requirement: effect, signedIn }
  }
  return { kind: 'allow', rule: name, signedIn }
}

/** Is what a session has proved enough, fresh enough, and of the right kind for a requirement? */
export function satisfies(
  proof: Proof,
  { aal, phishingResistant, maxAgeSeconds, methods }: Requirement,
  now: UnixSeconds,
): boolean {
  if (proof.aal < aal) return false
  if (phishingResistant && !proof.phishingResistant) return false
  if (methods && !methods.some((method) => proof.amr.includes(method))) return false
  return maxAgeSeconds === undefined || now - proof.authenticatedAt <= maxAgeSeconds
}

function compileRule(config: RuleConfig, index: number): Rule {
  const { groups } = config
  // Names are unique without regard to case, and whoever writes a rule may write them in any.
  const users = config.users && new Set(config.users.map(userNameKey))
  const admits = (user: User) =>
    (users?.has(userNameKey(user.name)) ?? false) ||
    (groups?.some((group) => user.groups.includes(group)) ?? false)
  return {
    name: config.name ?? `rule ${index + 1}`,
    isAbout: matcher({
      paths: config.paths?.map(pathTest),
      methods: config.methods && new Set(withHead(config.methods)),
      networks: config.networks && networks(config.networks),
    }),
    effect: effectOf(config),
    ...(users || groups ? { admits } : {}),
  }
}

interface Conditions {
  paths: readonly PathTest[] | undefined
  methods: ReadonlySet<string> | undefined
  networks: Networks | undefined
}

function matcher({ paths, methods, networks: from }: Conditions): Rule['isAbout'] {
  return ({ path, method, address }) =>
    (!methods || methods.has(method)) &&
    (!paths || paths.some((matches) => matches(path))) &&
    (!from || from.has(address))
}

// HEAD tells everything about a GET but its body, so a rule about GET is about HEAD too.
const withHead = (methods: readonly string[]) =>
  methods.includes('GET') ? [...methods, 'HEAD'] : methods

function effectOf({ require: level, max_age, amr }: RuleConfig): Rule['effect'] {
  if (level === 'bypass' || level === 'deny') return level
  return {
    aal: level === 'one_factor' ? 1 : 2,
    phishingResistant: level === 'phishing_resistant',
    ...(max_age === undefined ? {} : { maxAgeSeconds: max_age }),
    ...(amr === undefined ? {} : { methods: amr }),
  }
}
