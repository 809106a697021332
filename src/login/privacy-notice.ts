import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { ConsentRepository } from '../store/contract.ts'
import type { Draft } from './passage.ts'
import type { Step } from './steps.ts'

/** The notice that people have to have seen, and who has agreed to it. */
export interface PrivacyNotice {
  /** The same step, or the notice where it comes first. */
  before(step: Step, draft: Pick<Draft, 'userId' | 'proved' | 'goal'>): Promise<Step>
  /**
   * Writes down that somebody has agreed.
   *
   * @param version That of the text which they saw; of another one than the newest, nothing is written.
   */
  agree(userId: string, version: string): Promise<void>
}

export interface PrivacyNoticeDeps {
  clock: Clock
  consents: ConsentRepository
  /** The version of the text in force; without one nothing is asked. */
  version: string | undefined
}

export function createPrivacyNotice({
  clock,
  consents,
  version,
}: PrivacyNoticeDeps): PrivacyNotice {
  const agreed = async (userId: string) =>
    (await consents.listByUser(userId)).filter(({ document }) => document === 'privacy-notice')

  return {
    async before(step, { userId, proved, goal }) {
      if (version === undefined || !isPlaceForIt(step, proved.length > 0 || goal !== undefined)) {
        return step
      }
      const own = await agreed(userId)
      if (own.some((consent) => consent.version === version)) return step
      return { ask: 'notice', version, again: own.length > 0 }
    },

    async agree(userId, seen) {
      if (version === undefined || seen !== version) return
      if ((await agreed(userId)).some((consent) => consent.version === version)) return
      const now = clock.now()
      const about = { document: 'privacy-notice', version } as const
      await consents.insert({
        ...about,
        id: randomToken(16),
        userId,
        agreedAt: now,
        recordedAt: now,
      })
    },
  }
}

/**
 * Before anything new is stored about a person, and at the latest before they are in; but only to whom
 * has just proved who they are, so that it is their word, and nobody is held up in a session that goes on.
 */
const isPlaceForIt = ({ ask }: Step, hasProved: boolean): boolean =>
  hasProved && (ask === 'enroll' || ask === 'new_password' || ask === 'nothing')
