import type { Audit } from '../audit/record.ts'
import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { browserInWords } from '../base/user-agent.ts'
import type { Directory } from '../directories/contract.ts'
import type { Asked, Factor, Factors } from '../factors/contract.ts'
import type { Challenge, ChallengeState } from '../model/challenge.ts'
import type { VerdictReason, Worth } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { CredentialRepository } from '../store/contract.ts'
import type { Challenges } from './challenges.ts'
import { createCodeGuess } from './code-guess.ts'
import type { BoundAs, Checked, CodeGuess, Guess, Source, TypedCode } from './guess.ts'
import { createJudge } from './judge.ts'
import type { Limits } from './limits.ts'

/** Makes guesses out of answers: throttled, checked, written down in the trail. */
export interface Guesses {
  password(typed: { name: string; password: string; user: User | undefined }, from: Source): Guess
  /** An answer about an authenticator that is bound. */
  proof(asked: Asked, answer: string, from: Source): Guess
  /** A code that does not say which authenticator it is of: one guess, whichever it may be of. */
  code(typed: TypedCode, from: Source): CodeGuess
  /**
   * The first answer of an authenticator that is being bound; it counts from the moment this is right.
   *
   * @param as `first`: only if the person has no other by now.
   */
  enrollment(asked: Asked, answer: string, from: Source, as: 'first' | 'further'): Guess
}

export interface GuessesDeps {
  audit: Audit
  challenges: Challenges
  clock: Clock
  credentials: CredentialRepository
  directory: Directory
  factors: Factors
  limits: Limits
}

export function createGuesses(deps: GuessesDeps): Guesses {
  const { audit, challenges, clock, directory, factors, limits } = deps
  const judge = createJudge(deps)
  const { accept, fail, refused, throttled } = judge
  const codeGuess = createCodeGuess({ ...deps, judge })

  const check = async (
    asked: Asked,
    answer: string,
    { address, browser }: Source,
    as: BoundAs,
  ): Promise<Checked> => {
    const { kind, userId } = asked.credential
    const factor = factors.get(kind)
    if (!factor) return refused('wrong', kind, userId, address)

    const challenge = asked.challenge && (await tryOn(asked.challenge, factor))
    if (typeof challenge === 'string') return refused(reasonOf(challenge), kind, userId, address)
    const now = { ...asked, ...(challenge ? { challenge } : {}), browser }
    const verdict = await factor.verify(now, answer)
    return verdict.ok
      ? accept(now, verdict, { address, factor, as })
      : fail(now, verdict, address, factor)
  }

  /** A device that answers by itself is waited for: asking whether it has is no try. */
  const tryOn = async (challenge: Challenge, { remote }: Factor) =>
    remote && challenge.state === 'pending' ? challenge : challenges.spendTry(challenge)

  const proofGuess = (asked: Asked, answer: string, from: Source, as: BoundAs): Guess => {
    const { kind, userId } = asked.credential
    const { address, browser, relayed } = from
    const factor = factors.get(kind)
    const guessable = factor?.guessable ?? true
    const guess = {
      userId,
      address: relayed ? undefined : address,
      browserHash: sha256(browser),
      lastResort: factor?.lastResort ?? false,
    }
    const isWaiting = factor?.remote !== undefined && as === 'bound'
    return {
      take: async () =>
        isWaiting || !guessable
          ? 0
          : throttled(await limits.beforeFactor(guess), userId, address, kind),
      async check() {
        const checked = await check(asked, answer, from, as)
        if (isWaiting || (!guessable && checked.ok)) return checked
        if (guessable) {
          if (checked.ok) await limits.afterFactor(guess)
          return checked
        }
        const wrong = relayed ? limits.wrongSignature(userId) : limits.wrongSecret(address)
        const seconds = throttled(await wrong, userId, address, kind)
        return seconds > 0 ? { ok: false, reason: 'throttled', seconds } : checked
      },
    }
  }

  return {
    password({ name, password, user }, { browser, address }) {
      const guess = { userId: user?.id, typedName: name, address, browserHash: sha256(browser) }
      return {
        take: async () =>
          throttled(await limits.beforePassword(guess), user?.id, address, 'password'),

        async check() {
          if (!(await directory.checkPassword(user, password))) {
            return refused('wrong', 'password', user?.id, address)
          }
          const failures = await limits.afterPassword(guess)
          return { ok: true, proof: { ...PASSWORD, at: clock.now() }, failures }
        },
      }
    },

    code: (typed, from) => codeGuess(typed, from),

    proof: (asked, answer, from) => proofGuess(asked, answer, from, 'bound'),

    enrollment(asked, answer, from, as) {
      const guess = proofGuess(asked, answer, from, as)
      const { kind, userId } = asked.credential
      return {
        ...guess,
        async check() {
          const checked = await guess.check()
          if (checked.ok) {
            const { address, userAgent } = from
            const { label } = checked.credential ?? asked.credential
            const browser = userAgent === undefined ? {} : { browser: browserInWords(userAgent) }
            const details = { kind, label, ...browser }
            audit.record({ name: 'factor.enrolled', userId, address, details })
          }
          return checked
        },
      }
    },
  }
}

const PASSWORD: Worth = { amr: ['pwd'], phishingResistant: false, alone: false }

/** Why a question takes no answer any more. */
export const reasonOf = (state: ChallengeState): VerdictReason | 'exhausted' => {
  if (state === 'exhausted' || state === 'denied') return state
  return state === 'verified' ? 'used' : 'expired'
}
