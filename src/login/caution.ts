import type { Audit } from '../audit/record.ts'
import type { Log } from '../base/log.ts'
import { newReference } from '../base/reference.ts'
import { browserInWords } from '../base/user-agent.ts'
import type { Factors } from '../factors/contract.ts'
import type { Requirement } from '../model/decision.ts'
import type { AuditEvent } from '../model/event.ts'
import type { Credential } from '../model/factor.ts'
import { type Assessment, worse } from '../model/risk.ts'
import type { User } from '../model/user.ts'
import type { Failures } from '../risk/contract.ts'
import type { Risk } from '../risk/index.ts'
import type { Outcome, Visit } from './outcome.ts'

/** What follows from how unusual a sign-in is. Where nothing is weighed, nothing follows. */
export interface Caution {
  /**
   * Weighs a sign-in whose first proof was right. One in a session that is there already is no better
   * than the one by which that session began.
   */
  weigh(user: User, visit: Visit, given?: Given): Promise<Assessment | undefined>
  /** Is nobody let in with this? */
  refuses(risk: Assessment | undefined): boolean
  /** Is more asked than the destination takes? */
  asksMore(risk: Assessment | undefined): boolean
  /**
   * What is asked instead: two factors where one would do, and a proof that no other site can relay
   * where two would, as far as the person has one. Never less.
   */
  raised(
    requirement: Requirement,
    risk: Assessment | undefined,
    own: readonly Credential[],
  ): Requirement
  /** Writes a refusal down, under a number that its page shows. */
  refuse(user: User, visit: Visit, risk: Assessment | undefined): Outcome
  /** For the trail. */
  detailsOf(risk: Assessment | undefined): NonNullable<AuditEvent['details']>
  /** A sign-in has come about. Nobody waits for what is learned from it. */
  learn(user: User, visit: Visit): void
}

/** What was typed, and how often it was wrong before. */
export interface Given {
  password?: string
  failures?: Failures
}

export interface CautionDeps {
  audit: Audit
  factors: Factors
  log: Log
  /** Absent where nothing is weighed. */
  risk: Risk | undefined
}

export function createCaution({ audit, factors, log, risk }: CautionDeps): Caution {
  const measuresOf = (found: Assessment | undefined) => found && risk?.measuresAt(found.level)

  const detailsOf: Caution['detailsOf'] = (found) =>
    found
      ? {
          risk: found.level,
          score: found.score,
          reasons: found.reasons.join(' '),
          ...(measuresOf(found)?.notify ? { notify: true } : {}),
        }
      : {}

  return {
    detailsOf,

    async weigh({ id: userId }, { address, browser, signedIn }, given = {}) {
      const found = await risk?.assess({ userId, address, browser, ...given })
      const before = signedIn?.user.id === userId ? signedIn.session.risk : undefined
      return found && worse(found, before)
    },

    refuses: (found) => measuresOf(found)?.refuse ?? false,
    asksMore: (found) => measuresOf(found)?.stepUp ?? false,

    raised(requirement, found, own) {
      if (!measuresOf(found)?.stepUp) return requirement
      const hasBetter = own.some((credential) => {
        const worth = factors.get(credential.kind)?.worthOf(credential)
        const { methods, by } = requirement
        return (
          credential.state === 'active' &&
          worth?.phishingResistant === true &&
          (methods?.some((method) => worth.amr.includes(method)) ?? true) &&
          (by?.includes(credential.id) ?? true)
        )
      })
      const phishingResistant =
        requirement.phishingResistant || (requirement.aal === 2 && hasBetter)
      return { ...requirement, aal: 2, phishingResistant }
    },

    refuse({ id: userId }, { address, userAgent }, found) {
      const reference = newReference()
      const details = { reason: 'risk', ...detailsOf(found), browser: browserInWords(userAgent) }
      audit.record({ name: 'login.refused', userId, address, reference, details })
      return { kind: 'refused', reference }
    },

    learn({ id: userId }, { address }) {
      risk?.learn({ userId, address }).catch((cause) => {
        log.warn({ error: String(cause) }, 'risk: not learned what is usual')
      })
    },
  }
}
