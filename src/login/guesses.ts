import type { Audit } from '../audit/record.ts'
import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Directory } from '../directories/contract.ts'
import type { Factors } from '../factors/contract.ts'
import type { GivenProof } from '../model/attempt.ts'
import type { Credential } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { CredentialRepository } from '../store/contract.ts'
import { FAILURES_THAT_DISABLE, type Limits } from './limits.ts'

/** One answer, about to be checked. */
export interface Guess {
  /** Takes the guess from its budgets. @returns The seconds to wait, 0 when it may be checked. */
  take(): Promise<number>
  check(): Promise<Checked>
}

export type Checked = { ok: true; proof: GivenProof } | { ok: false; reason: 'wrong' | 'used' }

/** Where a guess comes from. */
export interface Source {
  browser: string
  address: string
}

/** Makes guesses out of answers: throttled, checked, written down in the trail. */
export interface Guesses {
  password(typed: { name: string; password: string; user: User | undefined }, from: Source): Guess
  /** A code for an authenticator that is bound. */
  code(credential: Credential, code: string, from: Source): Guess
  /** The first code of an authenticator that is being bound; it counts from the moment this is right. */
  firstCode(credential: Credential, code: string, from: Source): Guess
}

export interface GuessesDeps {
  audit: Audit
  clock: Clock
  credentials: CredentialRepository
  directory: Directory
  factors: Factors
  limits: Limits
}

export function createGuesses(deps: GuessesDeps): Guesses {
  const { audit, clock, credentials, directory, factors, limits } = deps

  const throttled = (seconds: number, userId: string | undefined, address: string): number => {
    if (seconds > 0) {
      audit.record({
        name: 'login.throttled',
        ...(userId ? { userId } : {}),
        address,
        details: { seconds },
      })
    }
    return seconds
  }

  const refused = (
    reason: 'wrong' | 'used',
    what: string,
    userId: string | undefined,
    address: string,
  ): Checked => {
    const details = { factor: what, reason }
    audit.record({ name: 'login.refused', ...(userId ? { userId } : {}), address, details })
    return { ok: false, reason }
  }

  const codeGuess = (
    credential: Credential,
    code: string,
    { address }: Source,
    accept: CredentialRepository['accept'],
  ): Guess => {
    const { id, kind, userId, version } = credential
    return {
      take: async () => throttled(await limits.beforeFactor({ userId, address }), userId, address),

      async check() {
        const factor = factors.get(kind)
        if (!factor) return refused('wrong', kind, userId, address)
        const verdict = await factor.verify(credential, code)
        if (!verdict.ok) {
          const state = await credentials.recordFailure(id, FAILURES_THAT_DISABLE)
          if (state === 'disabled')
            audit.record({ name: 'factor.disabled', userId, address, details: { kind } })
          return refused(verdict.reason, kind, userId, address)
        }
        const { amr, phishingResistant } = factor
        const at = clock.now()
        // Stored before it counts; whoever comes second with the same code finds another version.
        if (!(await accept(id, version, verdict.data, at)))
          return refused('used', kind, userId, address)
        await limits.afterFactor({ userId, address })
        return { ok: true, proof: { amr, phishingResistant, at } }
      },
    }
  }

  return {
    password({ name, password, user }, { browser, address }) {
      const guess = { userId: user?.id, typedName: name, address, browserHash: sha256(browser) }
      return {
        take: async () => throttled(await limits.beforePassword(guess), user?.id, address),

        async check() {
          if (!(await directory.checkPassword(user, password))) {
            return refused('wrong', 'password', user?.id, address)
          }
          await limits.afterPassword(guess)
          return { ok: true, proof: { amr: 'pwd', phishingResistant: false, at: clock.now() } }
        },
      }
    },

    code: (credential, code, from) => codeGuess(credential, code, from, credentials.accept),

    firstCode(credential, code, from) {
      const guess = codeGuess(credential, code, from, credentials.acceptFirst)
      const { kind, userId } = credential
      return {
        ...guess,
        async check() {
          const checked = await guess.check()
          if (checked.ok) {
            audit.record({
              name: 'factor.enrolled',
              userId,
              address: from.address,
              details: { kind },
            })
          }
          return checked
        },
      }
    },
  }
}
