import type { Requirement } from '../model/decision.ts'
import { type ExplainedRule, explainRules } from '../policy/explain.ts'
import { foldCase, readingsOf } from '../policy/path.ts'
import { requestIn } from './authorize.ts'
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
  const asked = { ...page, method, address }
  const { policy } = route
  const readings = policy.readsPaths ? readingsOf(page.rawPath) : [page.rawPath]
  const folded = readings
    .map(foldCase)
    .filter((path, index) => policy.tellsCase || path !== readings[index])
  const rules = explainRules(policy, {
    plain: readings.map((path) => requestIn(asked, path)),
    folded: policy.readsPaths ? folded.map((path) => requestIn(asked, path)) : [],
  })
  return { route, readings, rules }
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
