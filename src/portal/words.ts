import type { UnixSeconds } from '../base/clock.ts'
import type { Problem } from '../login/outcome.ts'
import type { Reason } from '../login/steps.ts'
import type { Requirement } from '../model/decision.ts'

/** Says the same whether the name, the password or the person's status is at fault. */
export function passwordProblem(problem: Problem | undefined): string | undefined {
  if (!problem || problem.kind === 'wait') return undefined
  return 'That name and password do not go together. Check both and try again.'
}

/** What was wrong with a passkey's answer to the sign-in page; `undefined` when there was none. */
export function passkeyProblem(problem: Problem | undefined): string | undefined {
  if (!problem || !('key' in problem) || !problem.key) return undefined
  return problem.kind === 'expired'
    ? 'The page had stood open for too long. Use your passkey once more.'
    : 'That passkey opens nothing here. Use another one, or your password.'
}

/** What was wrong with the answer of a passkey that was asked for, or is being set up. */
export function authenticatorProblem(problem: Problem | undefined): string | undefined {
  if (!problem || problem.kind === 'wait') return undefined
  switch (problem.kind) {
    case 'expired':
    case 'exhausted':
    case 'used':
      return 'The page had stood open for too long. Use your passkey once more.'
    case 'not_admitted':
      return 'This site takes only keys that prove which model they are, and that are on its list; most phones and password managers prove nothing. Use another one, or set up something else.'
    default:
      return 'That was not right. Try again, with a passkey that belongs to this account.'
  }
}

/** Where a code comes from: a message, an app, or a sheet of paper. */
export type CodeSource = 'sent' | 'shown' | 'kept'

export function codeProblem(problem: Problem | undefined, from: CodeSource): string | undefined {
  if (!problem || problem.kind === 'wait') {
    return problem?.sending ? 'No further code can be sent just now.' : undefined
  }
  switch (problem.kind) {
    case 'used':
      return {
        sent: 'That code has been used already. Have another one sent.',
        shown: 'That code has been used already. Wait for the next one.',
        kept: 'That code has been used already. Each one works once: take another.',
      }[from]
    case 'expired':
      return from === 'kept'
        ? 'That code is too old. Ask for a new one.'
        : 'That code is too old. Have another one sent.'
    case 'exhausted':
      return 'There were too many wrong codes. Have another one sent.'
    case 'not_admitted':
      return 'That cannot be set up here. Choose something else.'
    default:
      return {
        sent: 'That code is not right. Type the newest one that you got.',
        shown:
          'That code is not right. It changes every 30 seconds: type the one that is shown now.',
        kept: 'That code is not right. Look at each letter, and type it once more.',
      }[from]
  }
}

/** What keeps a page that waits for another device from going on. */
export function approvalProblem(problem: Problem | undefined): string | undefined {
  if (!problem) return undefined
  if (problem.kind === 'wait') return 'Nothing more can be asked just now.'
  if (problem.kind === 'pending') return 'Your other device has not answered yet.'
  return problem.kind === 'expired' ? undefined : 'That did not go through. Ask again.'
}

/** What was wrong with the number that another device shows. */
export function numberProblem(problem: Problem | undefined): string | undefined {
  if (!problem || problem.kind === 'wait') return undefined
  return problem.kind === 'expired'
    ? 'The number is too old by now. Choose this way once more, and scan a new picture.'
    : 'That is not the number your other device shows. Type the one you see there now.'
}

/** Why a person who is known already is asked once more. */
export function reasonFor(
  reason: Reason,
  { maxAgeSeconds }: Requirement,
  proof = 'password',
): string | undefined {
  if (reason !== 'too_old' || maxAgeSeconds === undefined) return undefined
  const what = proof === 'password' ? 'a password given' : `a proof by ${withArticle(proof)}`
  return `This page asks for ${what} in the last ${inWords(maxAgeSeconds)}.`
}

const withArticle = (noun: string) => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`

function inWords(seconds: number): string {
  const [amount, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7200
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds / 3600), 'hour']
  return amount === 1 ? unit : `${amount} ${unit}s`
}

/** A time of day in UTC: `14:32:05`. */
export const timeOfDay = (at: UnixSeconds): string =>
  new Date(at * 1000).toISOString().slice(11, 19)

/** What a page asks for, as the home page says it. */
export function asksFor(requirement: Requirement | undefined): string {
  if (!requirement) return ''
  if (requirement.phishingResistant) return 'passkey'
  return requirement.aal === 2 ? 'password and code' : 'password'
}
