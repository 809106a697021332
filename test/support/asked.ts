import { randomToken } from '../../src/base/bytes.ts'
import type { Channels } from '../../src/channels/contract.ts'
import type { Asked, ChallengeStart, Factor } from '../../src/factors/contract.ts'
import type { Challenge, ChallengeAbout } from '../../src/model/challenge.ts'
import type { Credential } from '../../src/model/factor.ts'
import type { Delivery, Message } from '../../src/model/message.ts'
import type { User } from '../../src/model/user.ts'
import { aCredential } from './builders.ts'
import type { StillClock } from './still-clock.ts'

export const FROM_WORK: ChallengeAbout = {
  address: '198.51.100.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0',
  destination: 'Team wiki',
}

/** A channel for notifications that keeps what it is given, and answers as it is told to. */
export function notificationsTo(answer: () => Delivery = () => ({ ok: true })) {
  const sent: Extract<Message, { medium: 'push' }>[] = []
  const channels: Pick<Channels, 'for'> = {
    for: () => ({
      name: 'notifications',
      carries: ['push'],
      async deliver(message) {
        if (message.medium === 'push') sent.push(message)
        return answer()
      },
    }),
  }
  return { channels, sent }
}

/** Keeps of a factor's work what a store would, for tests of the factor alone. */
export function bench(factor: Factor, user: User, clock: StillClock) {
  const enrolled = async (): Promise<Credential> => {
    const start = await factor.enroll(user, { others: [] })
    if (!start.ok) throw new Error(start.message)
    const { ok: _, ...kept } = start
    return aCredential({ kind: factor.kind, userId: user.id, ...kept, state: 'pending' })
  }

  const ask = async (
    credential: Credential,
    siblings: readonly Credential[] = [credential],
    about = FROM_WORK,
  ): Promise<{ challenge: Challenge; start: ChallengeStart }> => {
    const start = await factor.challenge?.({ credential, user, about, siblings })
    if (!start) throw new Error('no challenge')
    const challenge: Challenge = {
      id: randomToken(16),
      userId: user.id,
      credentialId: credential.id,
      kind: factor.kind,
      boundTo: 'attempt/a1',
      state: 'pending',
      data: start.data,
      about,
      failures: 0,
      sends: 1,
      delivery: 'none',
      resendAt: clock.now() + 30,
      createdAt: clock.now(),
      expiresAt: clock.now() + start.lifetimeSeconds,
      version: 1,
    }
    return { challenge, start }
  }

  const respond = async (asked: Asked, answer: object | string) => {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    const verdict = await factor.remote?.respond(asked, text)
    const { challenge } = asked
    return {
      verdict,
      challenge: challenge && verdict ? { ...challenge, data: verdict.data } : challenge,
    }
  }

  return { enrolled, ask, respond }
}
