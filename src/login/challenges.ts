import type { Audit } from '../audit/record.ts'
import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Outbox } from '../channels/contract.ts'
import { stateAfter } from '../channels/message-end.ts'
import type { Asked, ChallengeStart, Factor, Factors } from '../factors/contract.ts'
import type { Challenge, ChallengeAbout, ChallengeState } from '../model/challenge.ts'
import type { Credential } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { ChallengeRepository, CredentialRepository } from '../store/contract.ts'
import type { Limits } from './limits.ts'

/** Questions that are put to people, kept on the server until they are answered or stale. */
export interface Challenges {
  /**
   * Puts a question to a person, and ends the one that was bound to the same before.
   *
   * @returns Without a challenge where the factor has nothing to remember about its questions.
   */
  open(question: OpenQuestion): Promise<Opened>
  /** Sends again: another code, another number; the one before counts no more. */
  resend(challenge: Challenge, user: User): Promise<Opened>
  /**
   * The question that is bound to something, as it stands at this moment: one whose time is up has
   * expired.
   */
  findBound(boundTo: string): Promise<Challenge | undefined>
  find(id: string): Promise<Challenge | undefined>
  /** Open questions to a user. */
  listOpen(userId: string): Promise<Challenge[]>
  /** Counts a try. @returns The challenge as it now stands, or why it takes no further try. */
  spendTry(challenge: Challenge): Promise<Challenge | Exclude<ChallengeState, 'pending'>>
  /** A wrong answer was the last one. */
  exhaust(challenge: Challenge): Promise<void>
  cancel(challenge: Challenge): Promise<void>
  /**
   * Notes that a message has come to nothing, though it had been taken.
   *
   * @param reference What its carrier calls it; of others, nothing is known.
   * @param why The carrier's words, without the message.
   * @returns The user who waits for it; `undefined` when nobody does, or it was noted before.
   */
  noteFailure(reference: string, why: string): Promise<string | undefined>
  /**
   * Takes an answer from the person's other device.
   *
   * @param approver The credential of the device that answers; it must be the user's own, and active.
   * @param answer JSON, may be hostile.
   */
  respond(id: string, approver: Credential, answer: string): Promise<Responded>
}

export interface OpenQuestion {
  credential: Credential
  user: User
  /** @see Challenge.boundTo */
  boundTo: string
  about: ChallengeAbout
  browser?: string
  /** Put the question on file even where the factor has nothing to remember about it. */
  always?: boolean
}

export type Opened =
  | { ok: true; challenge: Challenge | undefined }
  /** Nothing was sent: too much was sent already, or a question is open elsewhere. */
  | { ok: false; because: 'limit' | 'elsewhere'; seconds: number }
  /** It has been sent as often as one may: another question has to be put. */
  | { ok: false; because: 'spent'; seconds: 0 }

export type Responded = 'approved' | 'denied' | 'wrong' | 'over'

export interface ChallengesDeps {
  audit: Audit
  challenges: ChallengeRepository
  clock: Clock
  credentials: CredentialRepository
  factors: Factors
  limits: Limits
  outbox: Outbox
}

/** Tries that one challenge takes. */
export const TRIES_PER_CHALLENGE = 5
/** Sends that one challenge takes in all. */
export const SENDS_PER_CHALLENGE = 5
/** Seconds between one send and the next. */
const PAUSES = [30, 60, 120, 120] as const

export function createChallenges(deps: ChallengesDeps): Challenges {
  const { audit, challenges, clock, credentials, factors, limits, outbox } = deps

  const current = (challenge: Challenge | undefined): Challenge | undefined =>
    challenge?.state === 'pending' && clock.now() >= challenge.expiresAt
      ? { ...challenge, state: 'expired' }
      : challenge

  const start = async (factor: Factor, asked: Asked & OpenQuestion) => {
    const { credential, user, about, challenge, browser } = asked
    const all = await credentials.listByUser(user.id)
    const siblings = all.filter((it) => it.kind === factor.kind && it.state === 'active')
    return factor.challenge?.({
      credential,
      user,
      about,
      siblings,
      ...(challenge ? { challenge } : {}),
      ...(browser === undefined ? {} : { browser }),
    })
  }

  /** Notes that a device is not reached any more, unless it has said something new meanwhile. */
  const noteLost = async (credential: Credential): Promise<void> => {
    const { id, version, userId, kind, label } = credential
    const change = factors.get(kind)?.unreached?.(credential)
    if (!change || !(await credentials.revise(id, version, change))) return
    audit.record({ name: 'factor.unreachable', userId, details: { kind, label } })
  }

  /** Hands the message over, and notes what becomes of it for as long as it is on its way. */
  const send = async (challenge: Challenge, { deliver }: ChallengeStart): Promise<Challenge> => {
    if (!deliver) return challenge
    const { id, sends, userId, kind } = challenge
    audit.record({ name: 'challenge.sent', userId, details: { kind, sends } })
    let reference: string | undefined
    const delivery = await outbox.post({
      lane: kind,
      whom: userId,
      async deliver() {
        const lost: Credential[] = []
        try {
          const done = await deliver(challenge, (credential) => lost.push(credential))
          if (done.ok) reference = done.reference
          return done
        } finally {
          await Promise.all(lost.map(noteLost))
        }
      },
      until: challenge.expiresAt,
      async told(end) {
        await challenges.setDelivery(id, sends, stateAfter(end), reference)
        if (end === 'sent') return
        audit.record({ name: 'challenge.undelivered', userId, details: { kind, reason: end } })
      },
    })
    return { ...challenge, delivery }
  }

  /** Another question of the same kind that is open for the same person. */
  const elsewhere = async ({ id, userId, kind }: Challenge): Promise<Challenge | undefined> => {
    const open = await challenges.listOpen(userId, clock.now())
    return open.find((other) => other.kind === kind && other.id !== id)
  }

  const mayStart = async (
    { budgets = [] }: ChallengeStart,
    { kind, userId }: Credential,
  ): Promise<number> =>
    budgets.length === 0
      ? 0
      : limits.beforeSend(
          budgets.map(({ shared, ...budget }) => ({
            ...budget,
            about: { kind: `messages: ${kind}`, ...(shared ? {} : { userId }) },
          })),
        )

  return {
    async open(question) {
      const { credential, user, boundTo, about } = question
      const factor = factorOf(factors, credential.kind)
      const started = (await start(factor, question)) ?? (question.always ? BARE : undefined)
      if (!started) return { ok: true, challenge: undefined }
      const seconds = await mayStart(started, credential)
      if (seconds > 0) return { ok: false, because: 'limit', seconds }

      const now = clock.now()
      const challenge: Challenge = {
        id: randomToken(16),
        userId: user.id,
        credentialId: credential.id,
        kind: factor.kind,
        boundTo,
        state: 'pending',
        data: started.data,
        about,
        failures: 0,
        sends: 1,
        delivery: started.deliver ? 'waiting' : 'none',
        resendAt: now + PAUSES[0],
        createdAt: now,
        expiresAt: now + started.lifetimeSeconds,
        version: 1,
      }
      const other = await challenges.open(challenge, started.onePerUser ?? false)
      if (other) return { ok: false, because: 'elsewhere', seconds: other.expiresAt - now }
      return { ok: true, challenge: await send(challenge, started) }
    },

    async resend(challenge, user) {
      const { boundTo, about, sends } = challenge
      const now = clock.now()
      const credential = await credentials.find(challenge.credentialId)
      const isLast = sends >= SENDS_PER_CHALLENGE
      if (!credential || isLast) return { ok: false, because: 'spent', seconds: 0 }
      if (now < challenge.resendAt) {
        return { ok: false, because: 'limit', seconds: challenge.resendAt - now }
      }
      const factor = factorOf(factors, credential.kind)
      const started = await start(factor, { credential, user, boundTo, about, challenge })
      if (!started) return { ok: true, challenge: undefined }
      const other = started.onePerUser ? await elsewhere(challenge) : undefined
      if (other) return { ok: false, because: 'elsewhere', seconds: other.expiresAt - now }
      const seconds = await mayStart(started, credential)
      if (seconds > 0) return { ok: false, because: 'limit', seconds }

      const { reference: _, ...rest } = challenge
      const again: Challenge = {
        ...rest,
        state: 'pending',
        data: started.data,
        sends: sends + 1,
        delivery: started.deliver ? 'waiting' : 'none',
        resendAt: now + (PAUSES[Math.min(sends, PAUSES.length - 1)] ?? PAUSES[0]),
        expiresAt: now + started.lifetimeSeconds,
      }
      // Somebody else sent, or answered, in the same moment: theirs stands.
      if (!(await challenges.update(again))) return { ok: true, challenge }
      return { ok: true, challenge: await send({ ...again, version: again.version + 1 }, started) }
    },

    async noteFailure(reference, why) {
      const about = await challenges.failDelivery(reference)
      if (!about) return undefined
      const { userId, kind } = about
      const details = { kind, reason: 'failed_later', why }
      audit.record({ name: 'challenge.undelivered', userId, details })
      return userId
    },

    findBound: async (boundTo) => current(await challenges.findBound(boundTo)),
    find: async (id) => current(await challenges.find(id)),
    listOpen: (userId) => challenges.listOpen(userId, clock.now()),

    async spendTry(challenge) {
      const spent = await challenges.spendTry(challenge.id, TRIES_PER_CHALLENGE, clock.now())
      if (spent) return spent
      const state = current(await challenges.find(challenge.id))?.state ?? 'expired'
      return state === 'pending' ? 'exhausted' : state
    },

    async exhaust({ id }) {
      await challenges.end(id, 'exhausted')
    },

    async cancel({ id }) {
      await challenges.end(id, 'canceled')
    },

    async respond(id, approver, answer) {
      const challenge = current(await challenges.find(id))
      const isOwn = challenge?.userId === approver.userId && challenge.kind === approver.kind
      if (!challenge || !isOwn || approver.state !== 'active' || challenge.state !== 'pending') {
        return 'over'
      }
      const factor = factorOf(factors, challenge.kind)
      const verdict = await factor.remote?.respond({ credential: approver, challenge }, answer)
      if (!verdict) return 'wrong'
      const { state, data } = verdict
      // Exactly one answer counts: whoever comes second finds another version.
      if (!(await challenges.update({ ...challenge, data }))) return 'over'
      if (state === 'denied' || state === 'wrong') {
        const { address } = challenge.about
        await challenges.end(id, 'denied')
        // A number that was mistaken says nothing against where the sign-in was begun.
        if (state === 'denied') await limits.penalize(address)
        const details = { kind: challenge.kind, reason: state }
        audit.record({ name: 'challenge.denied', userId: challenge.userId, address, details })
      }
      return state
    },
  }
}

/** A question about which nothing has to be remembered. */
const BARE: ChallengeStart = { data: null, lifetimeSeconds: 300 }

/** @throws when the factor has been switched off since. */
export function factorOf(factors: Factors, kind: string): Factor {
  const factor = factors.get(kind)
  if (!factor) throw new Error(`factor ${kind} is not switched on`)
  return factor
}
