import type { z } from '@hono/zod-openapi'
import type { Asked } from '../factors/contract.ts'
import { answeredBy } from '../login/answered-by.ts'
import { SENDS_PER_CHALLENGE, TRIES_PER_CHALLENGE } from '../login/challenges.ts'
import type { Source } from '../login/guess.ts'
import { reasonOf } from '../login/guesses.ts'
import type { GivenProof } from '../model/attempt.ts'
import type { Challenge, ChallengeProof } from '../model/challenge.ts'
import type { User } from '../model/user.ts'
import { type Refusal, refuse } from './faults.ts'
import {
  type Call,
  createOwnership,
  type OwnChallenge,
  type OwnCredential,
  type OwnershipDeps,
} from './ownership.ts'
import { answerProblem } from './problems.ts'
import type { VerifyResult } from './schemas.ts'
import { ENROLLMENT_SECONDS, shownChallenge, shownNumbers } from './shown.ts'

/**
 * Signs what came of a question, for the application alone.
 *
 * @param about `registration` tells that an authenticator was bound, and never stands for a proof.
 */
export type Sign = (
  claims: Readonly<Record<string, unknown>>,
  audience: string,
  about?: 'result' | 'registration',
) => Promise<string>

export interface AskingDeps extends OwnershipDeps {
  /** Wakes whoever waits for an answer: something about the questions to a user has changed. */
  changed(userId: string): void
  /** Takes the place where an answer was right as a usual one from now on. Nobody waits for it. */
  learn(occasion: { userId: string; address: string }): void
  sign: Sign
}

/** An authenticator that counts from now on. */
export interface Confirmed extends OwnCredential {
  /** How the first answer was proved; empty where it proves nothing about the person. */
  amr: string[]
}

const NUMBERS = { tries: TRIES_PER_CHALLENGE, sends: SENDS_PER_CHALLENGE }
/** What came of a challenge is told while that lasts, and for so long after the answer in any case. */
const TOLD_SECONDS = 60

type Result = z.output<typeof VerifyResult>

/**
 * How an application asks and is answered, whatever the route: with its own engine, about its own users,
 * and about nothing else.
 */
export function createAsking(deps: AskingDeps) {
  const { clock, credentials, people } = deps
  const ownership = createOwnership(deps)
  const { closed, engineOf, marks, ownChallenge, ownCredential, sourceOf } = ownership
  const { throttled, unknown } = ownership

  const learn = ({ id: userId }: User, address: string | undefined) => {
    if (address !== undefined) deps.learn({ userId, address })
  }

  /** A proof in words, and the same signed. */
  const stated = async (
    c: Call,
    user: User,
    {
      credentialId,
      kind,
      amr: given,
    }: { credentialId: string; kind: string; amr: readonly string[] },
    about: { challengeId?: string | undefined; challenge?: Challenge | undefined } = {},
  ) => {
    const { challenge, challengeId = challenge?.id } = about
    const amr = [...given]
    const claims = {
      sub: people.nameOf(user),
      amr,
      factor: credentialId,
      factor_type: kind,
      ...(challengeId === undefined ? {} : { challenge_id: challengeId }),
      ...(challenge?.about.details ? { details: challenge.about.details } : {}),
    }
    return { amr, result: await deps.sign(claims, c.get('key').application) }
  }

  /** What a challenge has proved, as long as it is told: whoever waits for it may not be the first to ask. */
  const toldOf = ({ state, proved, expiresAt }: Challenge): ChallengeProof | undefined =>
    state === 'verified' && proved && clock.now() < Math.max(expiresAt, proved.at + TOLD_SECONDS)
      ? proved
      : undefined

  const shown = async (c: Call, { challenge, asked, user }: OwnChallenge) => {
    const told = toldOf(challenge)
    const { kind } = challenge
    return {
      ...shownChallenge(
        challenge,
        { ...asked, userId: people.nameOf(user), now: clock.now() },
        NUMBERS,
      ),
      ...(told ? await stated(c, user, { ...told, kind }, { challenge }) : {}),
      ...marks(c),
    }
  }

  /** What every answer about a challenge says of it. */
  const standing = (c: Call, { challenge, asked, user }: OwnChallenge) => ({
    ...marks(c),
    user_id: people.nameOf(user),
    factor: challenge.credentialId,
    type: challenge.kind,
    challenge_id: challenge.id,
    ...shownNumbers(challenge, asked?.factor, { ...NUMBERS, now: clock.now() }),
  })

  /**
   * Checks an answer to a challenge, and signs what came of it.
   *
   * @param place The person's address, where the application names it with the answer.
   * @returns The seconds to wait when it was not checked.
   */
  const verdictOn = async (
    c: Call,
    own: OwnChallenge,
    answer: string,
    place?: string,
  ): Promise<Result | number> => {
    const { challenge, user, asked } = own
    if (!asked) return { verified: false, ...standing(c, own), reason: reasonOf(challenge.state) }
    const { factor } = asked
    // It came from another device, and is no word of whoever asks: it is told to each of them.
    if (factor.remote && toldOf(challenge)) return told(c, own)
    const credential = await answeredBy(asked.credential, answer, { factor, credentials })
    const guess = engineOf(c).guesses.proof({ credential, challenge }, answer, sourceOf(c, user.id))
    const seconds = await guess.take()
    if (seconds > 0) return seconds
    const checked = await guess.check()
    if (!checked.ok && checked.reason === 'throttled') return checked.seconds
    deps.changed(user.id)
    const now = (await ownChallenge(c, challenge.id)) ?? own
    if (checked.ok) {
      learn(user, place ?? challenge.about.place)
      return told(c, now, checked.proof)
    }
    if (factor.remote && toldOf(now.challenge)) return told(c, now)
    const about = { ...standing(c, now), factor: credential.id }
    return { verified: false, ...about, reason: checked.reason }
  }

  const told = async (
    c: Call,
    own: OwnChallenge,
    given?: Pick<GivenProof, 'amr' | 'credentialId'>,
  ): Promise<Result> => {
    const { challenge, user } = own
    const { kind } = challenge
    const { amr = [], credentialId = challenge.credentialId } = given ?? challenge.proved ?? {}
    const proof = { amr, credentialId, kind }
    const about = { ...standing(c, own), factor: credentialId }
    return { verified: true, ...about, ...(await stated(c, user, proof, { challenge })) }
  }

  /**
   * Checks an answer to a question that was put to whoever is there.
   *
   * @param open The question's name, and where the answer comes from: nothing is on file about it.
   * @returns The seconds to wait when it was not checked.
   */
  const openVerdict = async (
    c: Call,
    { credential, user }: OwnCredential,
    answer: string,
    { id: challengeId, source, place }: { id: string; source: Source; place?: string | undefined },
  ): Promise<Result | number> => {
    const guess = engineOf(c).guesses.proof({ credential }, answer, source)
    const seconds = await guess.take()
    if (seconds > 0) return seconds
    const checked = await guess.check()
    if (!checked.ok && checked.reason === 'throttled') return checked.seconds
    deps.changed(user.id)
    const { id: factor, kind: type } = credential
    const userName = people.nameOf(user)
    const about = { ...marks(c), user_id: userName, factor, type, challenge_id: challengeId }
    if (!checked.ok) return { verified: false, ...about, reason: checked.reason }
    learn(user, place)
    const amr = checked.proof?.amr ?? []
    const proof = { credentialId: factor, kind: type, amr }
    return { verified: true, ...about, ...(await stated(c, user, proof, { challengeId })) }
  }

  /**
   * Checks a code that says whose it is, and not which authenticator it is of.
   *
   * @param name As the application calls the user. Nobody, and somebody whom it does not fit, are
   * answered alike: nothing was right.
   * @returns The seconds to wait when it was not checked.
   */
  const bareVerdict = async (
    c: Call,
    name: string,
    code: string,
    place?: string,
  ): Promise<Result | number> => {
    const key = c.get('key')
    const user = await people.find(key, name)
    const from = sourceOf(c, user?.id ?? name)
    const nobody = `${key.application} ${name}`
    const guess = engineOf(c).guesses.code({ code, name: nobody, user }, from)
    const seconds = await guess.take()
    if (seconds > 0) return seconds
    const checked = await guess.check()
    if (user) deps.changed(user.id)
    const numbers = { ...marks(c), attempts_left: await guess.left() }
    if (!checked.ok || !checked.credential || !user) {
      const reason = checked.ok || checked.reason === 'throttled' ? 'wrong' : checked.reason
      return { verified: false, ...numbers, user_id: name, reason }
    }
    learn(user, place)
    const { credential } = checked
    const about = { user_id: people.nameOf(user), factor: credential.id, type: credential.kind }
    const { id: credentialId, kind } = credential
    const amr = checked.proof?.amr ?? []
    const proved = await stated(c, user, { credentialId, kind, amr })
    return { verified: true, ...numbers, ...about, ...proved }
  }

  /** What another device has answered meanwhile is taken as the answer it is. */
  const settled = async (c: Call, own: OwnChallenge): Promise<OwnChallenge> => {
    const { challenge, asked } = own
    if (!asked?.factor.remote || challenge.state !== 'pending') return own
    const verdict = await asked.factor.verify({ credential: asked.credential, challenge }, '')
    if (!verdict.ok) return own
    await verdictOn(c, own, '')
    return (await ownChallenge(c, challenge.id)) ?? own
  }

  /**
   * Checks the first answer of an authenticator that is being bound.
   *
   * @param kind What it has to be, where the route is about one kind alone.
   */
  const confirm = async (
    c: Call,
    credentialId: string,
    answer: string,
    kind?: string,
  ): Promise<{ refusal: Refusal } | Confirmed> => {
    const { enrollments, guesses } = engineOf(c)
    const own = await ownCredential(c, credentialId)
    const isAsked = own && (kind === undefined || own.credential.kind === kind)
    const enrollment = isAsked && (await enrollments.find(own.credential.id, own.user))
    if (!own || !enrollment) return { refusal: unknown(c, 'enrollment') }
    const refusal = closed(c, own.user)
    if (refusal) return { refusal }
    const { credential: pending, challenge } = enrollment
    // What asks a question ends with it; what asks none ends when it was said to.
    const isLate = !challenge && clock.now() >= pending.createdAt + ENROLLMENT_SECONDS
    if (isLate) return { refusal: unknown(c, 'enrollment') }
    const asked: Asked = { credential: pending, ...(challenge ? { challenge } : {}) }
    const guess = guesses.enrollment(asked, answer, sourceOf(c, own.user.id), 'further')
    const seconds = await guess.take()
    if (seconds > 0) return { refusal: throttled(c, seconds) }
    const checked = await guess.check()
    if (!checked.ok) return { refusal: refuse(c, answerProblem(checked)) }
    const credential = await credentials.find(credentialId)
    if (!credential) return { refusal: unknown(c, 'factor') }
    return { credential, user: own.user, amr: [...(checked.proof?.amr ?? [])] }
  }

  return { ...ownership, shown, standing, settled, verdictOn, openVerdict, bareVerdict, confirm }
}
