import type { DenyReason, Requirement } from '../model/decision.ts'
import type { WalkStep } from '../model/event.ts'
import { type ExplainedCondition, type ExplainedRule, explainRules } from '../policy/explain.ts'
import { foldCase, readingsOf } from '../policy/path.ts'
import { type AskedOfRules, requestIn } from './authorize.ts'
import type { Answer, Question } from './rehearsal.ts'
import type { Route, Routes } from './routes.ts'
import { parseUrl } from './target.ts'

/** How the rules of a route see one request, whoever makes it. */
export interface Explanation {
  route: Route
  /** The ways in which the path may be read; none when that cannot be told. */
  readings: readonly string[]
  rules: readonly ExplainedRule[]
}

/** @returns `undefined` when there is no route for the address. */
export function explain(
  routes: Routes,
  { url, method, address }: Omit<Question, 'signedIn'>,
): Explanation | undefined {
  const page = parseUrl(url)
  const route = page && routes.find(page)
  if (!route) return undefined
  return { route, ...explainRoute(route, { ...page, method, address }) }
}

/** The same for a request whose route is known. */
function explainRoute({ policy }: Route, asked: AskedOfRules): Omit<Explanation, 'route'> {
  const readings = policy.readsPaths ? readingsOf(asked.rawPath) : [asked.rawPath]
  const folded = readings
    .map(foldCase)
    .filter((path, index) => policy.tellsCase || path !== readings[index])
  const rules = explainRules(policy, {
    plain: readings.map((path) => requestIn(asked, path)),
    folded: policy.readsPaths ? folded.map((path) => requestIn(asked, path)) : [],
  })
  return { readings, rules }
}

/** Nobody reads more of a refusal. */
const MOST_STEPS = 100
const LONGEST_STEP = 300

/**
 * How the rules of a route were gone through, up to the one that decided: in their names and words as they
 * stand now, for whoever asks later, when the rules may be others.
 *
 * @param reason Why access was denied.
 */
export function walkOf(route: Route, asked: AskedOfRules, reason: DenyReason): WalkStep[] {
  const { rules } = explainRoute(route, asked)
  const decidedAt = rules.findIndex(({ rule, match }) => !rule.reportsOnly && match !== 'no')
  const reached = decidedAt < 0 ? rules : rules.slice(0, decidedAt + 1)
  return reached.slice(-MOST_STEPS).map((explained) => {
    const { rule } = explained
    const isLast = explained === rules[decidedAt]
    const says = `${matchInWords(explained)}${isLast ? ENDS[reason] : ''}`
    return {
      rule: rule.reportsOnly ? `${rule.name} (reports only)` : rule.name,
      says: says.length > LONGEST_STEP ? `${says.slice(0, LONGEST_STEP)}…` : says,
    }
  })
}

const ENDS: Readonly<Record<DenyReason, string>> = {
  no_rule_matched: '',
  rule_denies: ' → deny',
  not_a_member: ', and does not let this person in → deny',
  ambiguous_query: ' → deny',
  too_unusual: ', and the sign-in is too unusual → deny',
}

const MATCHES = {
  yes: 'yes',
  no: 'no',
  unclear: 'unclear',
  differs: 'depends on how the path is read',
}

/** Whether a rule is about a request, and why. */
export function matchInWords({ match, conditions }: ExplainedRule): string {
  const reasons = conditions.filter((condition) => condition.match === match).map(reasonFor)
  return `${MATCHES[match]}${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`
}

function reasonFor({ key, values, match }: ExplainedCondition): string {
  const is = {
    yes: 'is one of',
    no: 'is none of',
    unclear: 'may be one of',
    differs: 'may be one of',
  }
  switch (key) {
    case 'paths':
      return `path ${is[match]} ${values}`
    case 'methods':
      return `method ${is[match]} ${values}`
    case 'networks':
      return `address ${match === 'yes' ? 'is in' : 'is not in'} ${values}`
    case 'query':
      return match === 'yes' ? values : match === 'no' ? `not ${values}` : `perhaps ${values}`
  }
}

/** A decision in words, for whoever writes rules. */
export function inWords(answer: Answer): string {
  switch (answer.kind) {
    case 'allow':
      return `allow, by ${answer.rule}`
    case 'authenticate':
      return `authenticate: ${answer.rule} asks for ${requirementInWords(answer.requirement)}`
    case 'deny':
      return `deny: ${DENIALS[answer.reason](answer.rule)}`
    case 'no_route':
      return `refuse: ${REFUSALS[answer.reason]}`
  }
}

const DENIALS = {
  no_rule_matched: () => 'no rule is about this',
  rule_denies: (rule: string) => `${rule} is closed to everybody`,
  not_a_member: (rule: string) => `${rule} lets in others`,
  too_unusual: (rule: string) => `${rule} lets in nobody whose sign-in was that unusual`,
}

const REFUSALS = {
  unknown_host: 'no route has this host and port',
  unknown_method: 'a rule depends on the method, which is not known',
  ambiguous_path: 'the path can be read in two ways, and the rules tell them apart',
  ambiguous_query: 'the query can be read in two ways, and a rule depends on it',
  no_address: 'this is no address that a browser could ask for',
  other_scheme: 'routes have the scheme of the portal',
}

/** What a rule asks for, in words. */
export function requirementInWords({
  aal,
  phishingResistant,
  maxAgeSeconds,
  methods,
}: Requirement): string {
  const level = phishingResistant
    ? 'a phishing-resistant proof'
    : aal === 2
      ? 'two factors'
      : 'one factor'
  const by = methods ? ` by ${methods.join(' or ')}` : ''
  return maxAgeSeconds === undefined
    ? `${level}${by}`
    : `${level}${by}, no older than ${writtenDuration(maxAgeSeconds)}`
}

/** As it is written in the configuration. */
function writtenDuration(seconds: number): string {
  const [unit, size] = DURATIONS.find(([, size]) => seconds % size === 0) ?? ['s', 1]
  return `${seconds / size}${unit}`
}

const DURATIONS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const
