import type { Audit } from '../audit/record.ts'
import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { browserInWords } from '../base/user-agent.ts'
import type { Directory } from '../directories/contract.ts'
import type { Asked, Factor, Factors } from '../factors/contract.ts'
import type { GivenProof } from '../model/attempt.ts'
import type { Challenge, ChallengeState } from '../model/challenge.ts'
import type { Credential, Verdict, VerdictReason, Worth } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { Failures } from '../risk/contract.ts'
import type { CredentialRepository } from '../store/contract.ts'
import { type Challenges, TRIES_PER_CHALLENGE } from './challenges.ts'
import { FAILURES_THAT_DISABLE, type Limits } from './limits.ts'

/** One answer, about to be checked. */
export interface Guess {
  /** Takes the guess from its budgets. @returns The seconds to wait, 0 when it may be checked. */
  take(): Promise<number>
  check(): Promise<Checked>
}

export type Checked =
  /** `proof` is absent where the answer was right and proves nothing about the person. */
  | { ok: true; proof?: GivenProof; credential?: Credential; failures?: Failures }
  | { ok: false; reason: VerdictReason | 'exhausted' }
  /** There were too many wrong ones of what cannot be hit upon, and this was another. */
  | { ok: false; reason: 'throttled'; seconds: number }

/** Where a guess comes from. */
export interface Source {
  browser: string
  address: string
  /** For the trail; may be hostile. Absent where an application asks. */
  userAgent?: string
  /** Does an application ask for its user? Then its address stands for all of its users, and counts for none. */
  relayed?: boolean
}

/** Makes guesses out of answers: throttled, checked, written down in the trail. */
export interface Guesses {
  password(typed: { name: string; password: string; user: User | undefined }, from: Source): Guess
  /** An answer about an authenticator that is bound. */
  proof(asked: Asked, answer: string, from: Source): Guess
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
  const { audit, challenges, clock, credentials, directory, factors, limits } = deps

  const throttled = (
    seconds: number,
    userId: string | undefined,
    address: string,
    factor: string,
  ): number => {
    if (seconds > 0) {
      audit.record({
        name: 'login.throttled',
        ...(userId ? { userId } : {}),
        address,
        details: { seconds, factor },
      })
    }
    return seconds
  }

  const refused = (
    reason: VerdictReason | 'exhausted',
    what: string,
    userId: string | undefined,
    address: string,
  ): Checked => {
    const details = { factor: what, reason }
    audit.record({ name: 'login.refused', ...(userId ? { userId } : {}), address, details })
    return { ok: false, reason }
  }

  /** What becomes of the credential and of the trail when an answer is not right. */
  const fail = async (
    { credential: { id, kind, userId }, challenge }: Asked,
    verdict: Extract<Verdict, { ok: false }>,
    address: string,
    factor: Factor,
  ): Promise<Checked> => {
    const { reason, warning } = verdict
    if (warning) {
      audit.record({ name: 'factor.suspect', userId, address, details: { kind, warning } })
    }
    // Only what can be hit upon is counted: garbage for a key must not cost its owner the key.
    if (factor.guessable && (reason === 'wrong' || reason === 'used')) {
      const state = await credentials.recordFailure(id, FAILURES_THAT_DISABLE)
      if (state === 'disabled')
        audit.record({ name: 'factor.disabled', userId, address, details: { kind } })
    }
    if (challenge && challenge.failures >= TRIES_PER_CHALLENGE && reason !== 'pending') {
      await challenges.exhaust(challenge)
      return refused('exhausted', kind, userId, address)
    }
    return reason === 'pending' ? { ok: false, reason } : refused(reason, kind, userId, address)
  }

  const check = async (
    asked: Asked,
    answer: string,
    { address, browser }: Source,
    as: 'bound' | 'first' | 'further',
  ): Promise<Checked> => {
    const { credential } = asked
    const { id, kind, userId, version } = credential
    const factor = factors.get(kind)
    if (!factor) return refused('wrong', kind, userId, address)

    const challenge = asked.challenge && (await tryOn(asked.challenge, factor))
    if (typeof challenge === 'string') return refused(reasonOf(challenge), kind, userId, address)
    const now = { ...asked, ...(challenge ? { challenge } : {}), browser }
    const verdict = await factor.verify(now, answer)
    if (!verdict.ok) return fail(now, verdict, address, factor)

    const at = clock.now()
    const { data, handle, label, spends, worth } = verdict
    // Stored before it counts; whoever comes second with the same answer finds another version.
    const accepted = await credentials.accept({
      id,
      version,
      data,
      at,
      ...(handle === undefined ? {} : { handle }),
      ...(label === undefined ? {} : { label }),
      ...(spends === undefined ? {} : { spends }),
      ...(challenge ? { challenge } : {}),
      onlyAsFirst: as === 'first',
      insteadOfOthers: as !== 'bound' && factor.most === 1,
    })
    if (!accepted) return refused('used', kind, userId, address)
    if (worth?.temporary) await credentials.delete(id, userId)
    const proven = label === undefined ? credential : { ...credential, label }
    if (!worth) return { ok: true, credential: proven }
    const enrolled = as === 'bound' ? {} : { enrolled: true }
    const proof = { ...worth, at, credentialId: id, ...enrolled }
    return { ok: true, credential: proven, proof }
  }

  /** A device that answers by itself is waited for: asking whether it has is no try. */
  const tryOn = async (challenge: Challenge, { remote }: Factor) =>
    remote && challenge.state === 'pending' ? challenge : challenges.spendTry(challenge)

  const proofGuess = (
    asked: Asked,
    answer: string,
    from: Source,
    as: 'bound' | 'first' | 'further',
  ): Guess => {
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

const reasonOf = (state: Exclude<ChallengeState, 'pending'>): VerdictReason | 'exhausted' => {
  if (state === 'exhausted' || state === 'denied') return state
  return state === 'verified' ? 'used' : 'expired'
}
