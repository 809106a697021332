import type { Signals } from '../base/signals.ts'
import type { Challenges, Opened } from './challenges.ts'

/** What a change of questions to a user is told under. */
export const questionsTo = (userId: string): string => `questions/${userId}`

/** Tells whoever waits, as soon as a question is put, answered or over. */
export function watched(challenges: Challenges, signals: Signals): Challenges {
  const tell = (userId: string) => signals.tell(questionsTo(userId))
  const told = (opened: Opened): Opened => {
    if (opened.ok && opened.challenge) tell(opened.challenge.userId)
    return opened
  }
  return {
    ...challenges,
    open: async (question) => told(await challenges.open(question)),
    resend: async (challenge, user) => told(await challenges.resend(challenge, user)),
    async cancel(challenge) {
      await challenges.cancel(challenge)
      tell(challenge.userId)
    },
    async noteFailure(reference, why) {
      const userId = await challenges.noteFailure(reference, why)
      if (userId !== undefined) tell(userId)
      return userId
    },
    async respond(id, approver, answer) {
      const responded = await challenges.respond(id, approver, answer)
      tell(approver.userId)
      return responded
    },
  }
}
