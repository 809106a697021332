import type { AccessRequest } from '../model/decision.ts'
import type { Policy } from './decide.ts'
import type { Match } from './query.ts'
import { type Condition, isAbout, type Rule } from './rule.ts'

/** `differs` when the answer depends on how the path is read. */
export type ExplainedMatch = Match | 'differs'

/** Why a rule is about a request, or is not. */
export interface ExplainedRule {
  rule: Rule
  match: ExplainedMatch
  conditions: readonly ExplainedCondition[]
}

export interface ExplainedCondition extends Pick<Condition, 'key' | 'values'> {
  match: ExplainedMatch
}

/** One request in all readings of its path. */
export interface Readings {
  plain: readonly AccessRequest[]
  /** For servers that fold case. */
  folded: readonly AccessRequest[]
}

/** Tells of every rule of a route, in their order, whether it is about a request, and why. */
export function explainRules(policy: Policy, { plain, folded }: Readings): ExplainedRule[] {
  const deciding = policy.rules.map((rule, index) => {
    const foldedRule = policy.folded[index] ?? rule
    return explainRule(rule, [
      ...plain.map((request) => ({ rule, request })),
      ...folded.map((request) => ({ rule: foldedRule, request })),
    ])
  })
  const reporting = policy.reports.map((rule) =>
    explainRule(
      rule,
      plain.slice(0, 1).map((request) => ({ rule, request })),
    ),
  )
  return [...deciding, ...reporting].toSorted((a, b) => a.rule.position - b.rule.position)
}

type Reading = { rule: Rule; request: AccessRequest }

function explainRule(rule: Rule, readings: readonly Reading[]): ExplainedRule {
  return {
    rule,
    match: agreed(readings.map((reading) => isAbout(reading.rule, reading.request))),
    conditions: rule.conditions.map(({ key, values }, index) => ({
      key,
      values,
      match: agreed(
        readings.map(
          (reading) => reading.rule.conditions[index]?.isFulfilled(reading.request) ?? 'no',
        ),
      ),
    })),
  }
}

const agreed = ([first = 'no', ...others]: readonly Match[]): ExplainedMatch =>
  others.every((other) => other === first) ? first : 'differs'
