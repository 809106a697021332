import type { Problem } from '../login/flow.ts'
import type { Reason } from '../login/steps.ts'
import type { Requirement } from '../model/decision.ts'

/** Says the same whether the name, the password or the person's status is at fault. */
export function passwordProblem(problem: Problem | undefined): string | undefined {
  if (!problem || problem.kind === 'wait') return undefined
  return 'That name and password do not go together. Check both and try again.'
}

export function codeProblem(problem: Problem | undefined): string | undefined {
  if (!problem || problem.kind === 'wait') return undefined
  return problem.kind === 'used'
    ? 'That code has been used already. Wait for the next one.'
    : 'That code is not right. It changes every 30 seconds: type the one that is shown now.'
}

/** Why a person who is known already is asked once more. */
export function reasonFor(reason: Reason, { maxAgeSeconds, aal }: Requirement): string | undefined {
  if (reason === 'too_old' && maxAgeSeconds !== undefined) {
    const proof = aal === 1 ? 'password' : 'code'
    return `This page asks for a ${proof} given in the last ${inWords(maxAgeSeconds)}.`
  }
  return undefined
}

function inWords(seconds: number): string {
  const [amount, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7200
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds / 3600), 'hour']
  return amount === 1 ? unit : `${amount} ${unit}s`
}

/** What a page asks for, as the home page says it. */
export function asksFor(requirement: Requirement | undefined): string {
  if (!requirement) return ''
  if (requirement.phishingResistant) return 'passkey'
  return requirement.aal === 2 ? 'password and code' : 'password'
}
