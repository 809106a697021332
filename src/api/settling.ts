import type { Approvers } from '../login/approvers.ts'
import type { Engine } from '../login/login.ts'
import type { CredentialRepository } from '../store/contract.ts'

export interface SettlingDeps {
  credentials: Pick<CredentialRepository, 'find'>
  /** By application. */
  engines: ReadonlyMap<string, Engine>
  /** Wakes whoever waits for the end of a question. */
  changed(userId: string): void
}

/** What questions of applications are bound to. */
const BOUND = /^api\/(.+)\/[^/]+$/

/**
 * Takes an approval of another device as the answer to an application's question, there and then: the
 * application may wait for a webhook alone, and come back for the outcome when the question is over.
 */
export function createSettling(deps: SettlingDeps) {
  const { credentials, engines, changed } = deps

  return async (challengeId: string): Promise<void> => {
    const engine = [...engines.values()][0]
    const challenge = await engine?.challenges.find(challengeId)
    const [, application = ''] = BOUND.exec(challenge?.boundTo ?? '') ?? []
    const own = engines.get(application)
    const credential = challenge && (await credentials.find(challenge.credentialId))
    if (!own || !credential || challenge.state !== 'pending') return
    const { userId, about } = challenge
    const source = {
      browser: `api ${application} ${userId}`,
      address: about.address,
      relayed: true,
    }
    const guess = own.guesses.proof({ credential, challenge }, '', source)
    if ((await guess.take()) === 0) await guess.check()
    changed(userId)
  }
}

/** The same approvers, whose word counts at once where an application has asked. */
export function settledAtOnce(
  approvers: Approvers,
  settle: (challengeId: string) => Promise<void>,
): Approvers {
  return {
    ...approvers,
    async answer(request, answer) {
      const outcome = await approvers.answer(request, answer)
      if (outcome === 'approved') await settle(request.challenge.id)
      return outcome
    },
    async approve(request, given, from) {
      const outcome = await approvers.approve(request, given, from)
      if (outcome === 'approved') await settle(request.challenge.id)
      return outcome
    },
  }
}
