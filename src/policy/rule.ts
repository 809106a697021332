import { networks } from '../base/net.ts'
import type { AccessRequest, Requirement } from '../model/decision.ts'
import type { RiskLevel } from '../model/risk.ts'
import { type User, userNameKey } from '../model/user.ts'
import type { NamedNetworks, RuleConfig } from './config.ts'
import { foldCase, type PathTest, pathTest } from './path.ts'
import { foldedPatternTest, patternTest } from './pattern.ts'
import { type Match, queryTest, writtenQuery } from './query.ts'

/** One rule, made ready for many requests. */
export interface Rule {
  name: string
  /** Where it stands among the rules of its route, from 0. */
  position: number
  /** All must be fulfilled for the rule to be about a request. */
  conditions: readonly Condition[]
  effect: 'bypass' | 'deny' | Requirement
  /** What it asks instead of sessions whose sign-in was unusual; never less. */
  atRisk?: Readonly<Partial<Record<RiskLevel, 'deny' | Requirement>>>
  /** Whom the rule lets in; everybody when absent. */
  admits?: (user: User) => boolean
  /** Says what it would decide, and decides nothing. */
  reportsOnly: boolean
}

/** One thing that a rule looks at. */
export interface Condition {
  key: 'paths' | 'methods' | 'networks' | 'query'
  /** What it asks for, as it is written in the configuration. */
  values: string
  isFulfilled(request: AccessRequest): Match
}

/** Is a rule about a request? `unclear` when that depends on who reads the query. */
export function isAbout({ conditions }: Pick<Rule, 'conditions'>, request: AccessRequest): Match {
  let unclear = false
  for (const condition of conditions) {
    const match = condition.isFulfilled(request)
    if (match === 'no') return 'no'
    if (match === 'unclear') unclear = true
  }
  return unclear ? 'unclear' : 'yes'
}

/** Does a rule tell one path from another? */
export const readsPath = ({ paths, patterns }: RuleConfig): boolean =>
  paths !== undefined || patterns !== undefined

/** Does a rule tell upper from lower case? A pattern may: it can hold a range of signs. */
export const tellsCase = ({ paths = [], patterns = [] }: RuleConfig): boolean =>
  patterns.length > 0 || paths.some((path) => foldCase(path) !== path)

/** Makes one rule ready. `folded` is for folded paths, as {@link foldCase} gives them. */
export function compileRule(
  config: RuleConfig,
  position: number,
  named: NamedNetworks,
): { plain: Rule; folded: Rule } {
  const { name, users, groups, mode } = config
  const plain = {
    name: name ?? `rule ${position + 1}`,
    position,
    conditions: conditionsOf(config, pathTestsOf(config), named),
    effect: effectOf(config),
    ...(config.at_risk ? { atRisk: effectsAtRisk(config, config.at_risk) } : {}),
    reportsOnly: mode === 'report',
    ...(users || groups ? { admits: admitting(users, groups) } : {}),
  }
  // Everything else is the same, and effects are compared by identity.
  const folded = readsPath(config)
    ? { ...plain, conditions: conditionsOf(config, foldedPathTestsOf(config), named) }
    : plain
  return { plain, folded }
}

const pathTestsOf = ({ paths = [], patterns = [] }: RuleConfig): PathTest[] => [
  ...paths.map(pathTest),
  ...patterns.map(patternTest),
]

const foldedPathTestsOf = ({ paths = [], patterns = [] }: RuleConfig): PathTest[] => [
  ...paths.map((path) => pathTest(foldCase(path))),
  ...patterns.map(foldedPatternTest),
]

function conditionsOf(
  { methods, networks: from, query, ...config }: RuleConfig,
  pathTests: readonly PathTest[],
  named: NamedNetworks,
): Condition[] {
  const conditions: Condition[] = []
  const add = (
    key: Condition['key'],
    values: readonly string[],
    holds: (request: AccessRequest) => boolean,
  ) =>
    conditions.push({
      key,
      values: values.join(', '),
      isFulfilled: (request) => (holds(request) ? 'yes' : 'no'),
    })

  if (methods) {
    const all = new Set(withHead(methods))
    add('methods', methods, ({ method }) => all.has(method))
  }
  if (readsPath({ methods, ...config })) {
    const { paths = [], patterns = [] } = config
    add('paths', [...paths, ...patterns], ({ path }) => pathTests.some((matches) => matches(path)))
  }
  if (from) {
    const all = networks(
      from.flatMap((text) => (Object.hasOwn(named, text) ? (named[text] ?? []) : [text])),
    )
    add('networks', from, ({ address }) => all.has(address))
  }
  for (const condition of query ?? []) {
    const test = queryTest(condition)
    conditions.push({
      key: 'query',
      values: writtenQuery(condition),
      isFulfilled({ query: given, otherQuery }) {
        const match = test(given)
        return otherQuery === undefined || test(otherQuery) === match ? match : 'unclear'
      },
    })
  }
  return conditions
}

// HEAD tells everything about a GET but its body, so a rule about GET is about HEAD too.
const withHead = (methods: readonly string[]) =>
  methods.includes('GET') ? [...methods, 'HEAD'] : methods

function admitting(users: readonly string[] = [], groups: readonly string[] = []) {
  // Names are unique without regard to case, and whoever writes a rule may write them in any.
  const names = new Set(users.map(userNameKey))
  return (user: User) =>
    names.has(userNameKey(user.name)) || groups.some((group) => user.groups.includes(group))
}

function effectOf({ require: level, max_age, amr }: RuleConfig): Rule['effect'] {
  if (level === 'bypass' || level === 'deny') return level
  return {
    aal: level === 'one_factor' ? 1 : 2,
    phishingResistant: level === 'phishing_resistant',
    ...(max_age === undefined ? {} : { maxAgeSeconds: max_age }),
    ...(amr === undefined ? {} : { methods: amr }),
  }
}

/** What is asked at medium risk is asked at high risk, too, unless that is more. */
function effectsAtRisk(
  config: RuleConfig,
  { medium, high = medium }: NonNullable<RuleConfig['at_risk']>,
): NonNullable<Rule['atRisk']> {
  const at = (level: RuleConfig['require']) => {
    const effect = effectOf({ ...config, require: level })
    return effect === 'bypass' ? 'deny' : effect
  }
  return {
    ...(medium === undefined ? {} : { medium: at(medium) }),
    ...(high === undefined ? {} : { high: at(high) }),
  }
}
