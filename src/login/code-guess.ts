import { sha256 } from '../base/bytes.ts'
import { once } from '../base/once.ts'
import type { Factor, Factors } from '../factors/contract.ts'
import type { Credential } from '../model/factor.ts'
import type { CredentialRepository } from '../store/contract.ts'
import type { CodeGuess, Source, TypedCode } from './guess.ts'
import type { Judge } from './judge.ts'
import type { FactorGuess, Limits } from './limits.ts'

export interface CodeGuessDeps {
  credentials: CredentialRepository
  factors: Factors
  judge: Judge
  limits: Limits
}

/** An authenticator that a code may be of. */
interface Candidate {
  credential: Credential
  factor: Factor
}

/** What a code that fits nobody's authenticator is called in the trail. */
const ANY_CODE = 'code'

/**
 * A code that does not say which authenticator it is of. It is one guess at the person, and counts as a
 * failure of each authenticator that it could have been of.
 */
export function createCodeGuess(
  deps: CodeGuessDeps,
): (typed: TypedCode, from: Source) => CodeGuess {
  const { credentials, factors, judge, limits } = deps
  const { accept, countFailure, fail, refused, throttled } = judge

  /** Kinds that are asked no question, so that a code alone can be of one. */
  const kinds = [...factors.values()].filter(({ challenge, remote }) => !challenge && !remote)

  /** Authenticators of a person that a bare code may be of: those that are asked no question. */
  const fitting = async (userId: string, code: string): Promise<Candidate[]> =>
    (await credentials.listByUser(userId)).flatMap((credential) => {
      const factor = kinds.find(({ kind }) => kind === credential.kind)
      if (credential.state !== 'active' || !factor) return []
      // What only opens the way to a new authenticator leads nowhere from here.
      if (factor.worthOf(credential).temporary) return []
      return (factor.fits?.(code) ?? true) ? [{ credential, factor }] : []
    })

  return ({ code, name, user }, { address, browser, relayed }) => {
    const guess: FactorGuess = {
      userId: user?.id,
      typedName: name,
      address: relayed ? undefined : address,
      browserHash: sha256(browser),
      // By its shape and not by what they have, which nobody shall learn from it.
      lastResort: kinds.some((factor) => factor.lastResort && factor.fits?.(code)),
    }
    const candidates = once(async () => (user ? await fitting(user.id, code) : []))
    const kindOf = ([first]: readonly Candidate[]) => first?.factor.kind ?? ANY_CODE
    /** Works as hard for what they do not have. */
    const seem = async (all: readonly Candidate[]) => {
      const missing = kinds.filter((factor) => !all.some((it) => it.factor === factor))
      await Promise.all(
        missing.filter((it) => it.fits?.(code)).map((it) => it.verifyNothing?.(code)),
      )
    }
    return {
      async take() {
        const seconds = await limits.beforeFactor(guess)
        return throttled(seconds, user?.id, address, kindOf(await candidates()))
      },

      left: () => limits.leftFor(guess),

      async check() {
        const all = await candidates()
        // All of them, whichever is right: how long it takes tells nothing.
        const [tried] = await Promise.all([
          Promise.all(
            all.map(async (it) => ({ ...it, verdict: await it.factor.verify(it, code) })),
          ),
          seem(all),
        ])
        const found =
          tried.find(({ verdict }) => verdict.ok) ??
          // Right once, or right too late: it is this one, and no guess at another.
          tried.find(({ verdict }) => !verdict.ok && verdict.reason !== 'wrong')
        if (!found) {
          for (const { credential, factor } of all) await countFailure(credential, factor, address)
          return refused('wrong', kindOf(all), user?.id, address)
        }
        const { credential, factor, verdict } = found
        if (!verdict.ok) return fail({ credential }, verdict, address, factor)
        const checked = await accept({ credential }, verdict, { address, factor, as: 'bound' })
        if (checked.ok) await limits.afterFactor(guess)
        return checked
      },
    }
  }
}
