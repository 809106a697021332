import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Allowed, Asked, Corridor } from './authorize.ts'

/** Says, again and again, whether something that was let in may stay open. Leaves no trace in sessions. */
export interface Standing {
  /**
   * Looks at many sessions at once.
   *
   * @returns A mark for each that is there; another one as soon as anything has changed that counts.
   */
  marks(sessionIds: readonly string[]): ReadonlyMap<string, string>
  /**
   * Looks at one request closely. What was opened with a session ends with it, also where anybody
   * may come in: the application has been told who is there.
   *
   * @returns Until when the answer is yes if nothing changes but the time; `undefined` when it is no.
   */
  until(opened: Opened): UnixSeconds | undefined
}

/** What something was opened with. */
export interface Opened {
  asked: Asked
  /** Absent when nobody was signed in. */
  sessionId: string | undefined
}

export interface StandingDeps {
  corridor: Pick<Corridor, 'reconsider'>
  sessions: Pick<Sessions, 'marks' | 'changesAt'>
  clock: Clock
}

export function createStanding({ corridor, sessions, clock }: StandingDeps): Standing {
  return {
    marks: sessions.marks,
    until({ asked, sessionId }) {
      const decision = corridor.reconsider(asked)
      if (decision.kind !== 'allow') return undefined
      const { signedIn } = decision
      if (signedIn?.session.id !== sessionId) return undefined
      if (!signedIn) return Number.POSITIVE_INFINITY
      const now = clock.now()
      const { authenticatedAt } = signedIn.session
      const coming = agesIn(decision)
        // A proof is fresh enough up to and with this second.
        .map((maxAge) => authenticatedAt + maxAge + 1)
        .filter((at) => at > now)
      return Math.min(sessions.changesAt(signedIn.session), ...coming)
    },
  }
}

/** How fresh a proof the rules of a route ask for, in seconds; any of them may be the one that counts. */
const agesIn = ({ route }: Allowed): number[] =>
  route.policy.rules.flatMap(({ effect }) =>
    typeof effect === 'object' && effect.maxAgeSeconds !== undefined ? [effect.maxAgeSeconds] : [],
  )
