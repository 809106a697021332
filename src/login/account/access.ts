import type { Clock } from '../../base/clock.ts'
import type { Factor, Factors } from '../../factors/contract.ts'
import type { Requirement } from '../../model/decision.ts'
import type { Credential } from '../../model/factor.ts'
import type { SignedIn } from '../../model/session.ts'
import { satisfies } from '../../policy/decide.ts'
import type { CredentialRepository } from '../../store/contract.ts'

/** What somebody wants of an account: to look at it, or to change something. */
export type AccountUse = 'read' | 'change'

/** Who may see an account, and who may change it. */
export interface AccountAccess {
  /** What a session must have proved. */
  requirementFor(userId: string, use: AccountUse): Promise<Requirement>
  /** Has this session proved it? */
  admits(signedIn: SignedIn, use: AccountUse): Promise<boolean>
}

export interface AccountAccessDeps {
  clock: Clock
  credentials: Pick<CredentialRepository, 'listByUser'>
  /** Those that count as a second factor here. */
  factors: Factors
}

/** A change asks for a proof no older than this. */
export const FRESH_SECONDS = 5 * 60

export function createAccountAccess({
  clock,
  credentials,
  factors,
}: AccountAccessDeps): AccountAccess {
  const requirementFor: AccountAccess['requirementFor'] = async (userId, use) =>
    accountRequirement(use, await credentials.listByUser(userId), factors)

  return {
    requirementFor,
    async admits({ session, user }, use) {
      return satisfies(session, await requirementFor(user.id, use), clock.now())
    },
  }
}

/**
 * What an account asks for. To look takes the highest level that the person has. To change anything takes
 * a fresh proof by the strongest authenticator that they have: a session, or a code, that somebody got
 * hold of changes nothing for a person with a passkey. Codes kept for when all else is lost count as
 * well, or they would be of no use in that hour.
 *
 * Authenticators that too many wrong answers have disabled still say what is asked for: else guessing
 * would be a way to lower it.
 *
 * One that is contested says nothing: whoever added it must not be the only one who could remove it.
 * What was there before it decides, and of that no codes by mail: who contests has only shown that they
 * read the mail. Where nothing else was there, nobody changes anything but an operator.
 *
 * @see NIST SP 800-63B-4, section 4.1.2 (Post-Enrollment Binding)
 */
export function accountRequirement(
  use: AccountUse,
  credentials: readonly Credential[],
  factors: Factors,
): Requirement {
  const bound = credentials.flatMap((credential) => boundOf(credential, factors) ?? [])
  const level: Requirement = { aal: bound.length > 0 ? 2 : 1, phishingResistant: false }
  if (use === 'read') return level
  const fresh = { ...level, maxAgeSeconds: FRESH_SECONDS }
  if (bound.length === 0) return fresh
  const isContested = bound.some(({ credential }) => credential.contestedAt !== undefined)
  const trusted = bound.filter(
    ({ credential, byMail }) => credential.contestedAt === undefined && !(isContested && byMail),
  )
  const best = Math.max(...trusted.map(({ strength }) => strength))
  const by = trusted
    .filter(({ credential, strength }) => {
      const isLastResort = strength === STRENGTH.lastResort
      return credential.state === 'active' && (strength === best || isLastResort)
    })
    .map(({ credential }) => credential.id)
  return { ...fresh, by }
}

const STRENGTH = { lastResort: 0, weak: 1, plain: 2, phishingResistant: 3 } as const

/** @returns Nothing for what is not bound yet, does not count, or opens nothing by itself. */
function boundOf(credential: Credential, factors: Factors) {
  const factor = factors.get(credential.kind)
  if (!factor || credential.state === 'pending') return undefined
  if (factor.worthOf(credential).temporary) return undefined
  const byMail = factor.needs === 'email'
  return { credential, strength: strengthOf(credential, factor), byMail }
}

function strengthOf(credential: Credential, factor: Factor): number {
  if (factor.lastResort) return STRENGTH.lastResort
  if (factor.worthOf(credential).phishingResistant) return STRENGTH.phishingResistant
  return factor.weak ? STRENGTH.weak : STRENGTH.plain
}
