import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Asked, Factor } from '../factors/contract.ts'
import { answeredBy } from '../login/answered-by.ts'
import { SENDS_PER_CHALLENGE, TRIES_PER_CHALLENGE } from '../login/challenges.ts'
import type { Checked, Source } from '../login/guess.ts'
import type { Engine } from '../login/login.ts'
import type { Challenge, ChallengeAbout } from '../model/challenge.ts'
import type { Credential } from '../model/factor.ts'
import { isFrozen, type User } from '../model/user.ts'
import type { CredentialRepository, UserRepository } from '../store/contract.ts'
import { isForTests } from './config.ts'
import type { ApiEnv } from './env.ts'
import { type Refusal, refuse } from './faults.ts'
import type { People } from './people.ts'
import { answerProblem, frozenProblem } from './problems.ts'
import type { VerifyResult } from './schemas.ts'
import { ENROLLMENT_SECONDS, shownChallenge } from './shown.ts'

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

export interface AskingDeps {
  clock: Clock
  credentials: CredentialRepository
  /** The engine of each application that is known, with factors of its own. */
  engines: ReadonlyMap<string, Engine>
  people: People
  /** Wakes whoever waits for an answer: something about the questions to a user has changed. */
  changed(userId: string): void
  sign: Sign
  users: UserRepository
}

/** A credential of a user of the calling application. */
export interface OwnCredential {
  credential: Credential
  user: User
}

/** A challenge of the calling application, with all that belongs to it. */
export interface OwnChallenge extends OwnCredential {
  challenge: Challenge
  factor: Factor
}

/** An authenticator that counts from now on. */
export interface Confirmed extends OwnCredential {
  /** How the first answer was proved; empty where it proves nothing about the person. */
  amr: string[]
}

const NUMBERS = { tries: TRIES_PER_CHALLENGE, sends: SENDS_PER_CHALLENGE }

type Call = Context<ApiEnv>

/**
 * How an application asks and is answered, whatever the route: with its own engine, about its own users,
 * and about nothing else.
 */
export function createAsking(deps: AskingDeps) {
  const { clock, credentials, people } = deps

  const engineOf = (c: Call): Engine => {
    const engine = deps.engines.get(c.get('key').application)
    // The key would not have come this far.
    if (!engine) throw new Error('a key of an application that is not known')
    return engine
  }

  const unknown = (c: Call, what: string) =>
    refuse(c, { status: 404, code: `unknown_${what}`, title: `There is no such ${what}.` })

  const throttled = (c: Call, wait: number) => {
    const seconds = Math.max(1, wait)
    const title = `Too many tries. Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`
    return refuse(c, { status: 429, code: 'throttled', title, retryAfter: seconds })
  }

  /** Why nothing about a user may change at this moment; `undefined` where it may. */
  const closed = (c: Call, user: User): Refusal | undefined => {
    const { frozenUntil } = user
    const until = isFrozen(user, clock.now()) ? frozenUntil : undefined
    return until === undefined ? undefined : refuse(c, frozenProblem(until))
  }

  /** A credential of a user of the calling application; anybody else's is as good as none. */
  const ownCredential = async (
    c: Call,
    credentialId: string,
  ): Promise<OwnCredential | undefined> => {
    const credential = await credentials.find(credentialId)
    const user = credential && (await deps.users.find(credential.userId))
    if (!credential || !user) return undefined
    const own = await people.find(c.get('key'), people.nameOf(user))
    return own?.id === user.id ? { credential, user } : undefined
  }

  /** What a challenge of the application is bound to; two of them never are to the same. */
  const bindingOf = (c: Call): string => `api/${c.get('key').application}/${randomToken(12)}`
  const isOwn = (c: Call, { boundTo }: Challenge) =>
    boundTo.startsWith(`api/${c.get('key').application}/`)

  const aboutOf = (c: Call): ChallengeAbout => ({
    address: c.env.client.address,
    userAgent: c.env.client.userAgent,
    destination: c.get('key').application,
  })

  /** A challenge of the calling application; anybody else's is as good as none. */
  const ownChallenge = async (c: Call, challengeId: string): Promise<OwnChallenge | undefined> => {
    const challenge = await engineOf(c).challenges.find(challengeId)
    if (!challenge || !isOwn(c, challenge)) return undefined
    const [credential, user] = [
      await credentials.find(challenge.credentialId),
      await deps.users.find(challenge.userId),
    ]
    const factor = engineOf(c).factors.get(challenge.kind)
    return credential && user && factor ? { challenge, credential, user, factor } : undefined
  }

  const shown = (c: Call, { challenge, credential, user, factor }: OwnChallenge) => ({
    ...shownChallenge(
      challenge,
      { factor, credential, userId: people.nameOf(user), now: clock.now() },
      NUMBERS,
    ),
    ...marks(c),
  })

  /** The application stands between us and the browser: each of its users is a source of their own. */
  const sourceOf = (c: Call, userId: string): Source => {
    const who = `api ${c.get('key').application} ${userId}`
    // Wrong codes of one user must not hold up all others, who come from the same address.
    return { browser: who, address: c.env.client.address, relayed: true }
  }

  /** Stands in every answer about what is done by a key for tests. */
  const marks = (c: Call) => (isForTests(c.get('key').application) ? { test: true as const } : {})

  /**
   * Checks an answer, and signs what came of it.
   *
   * @param open The challenge's name, and where the answer comes from, where nothing is on file about it.
   * @returns The seconds to wait when it was not checked.
   */
  const verdictOf = async (
    c: Call,
    given: Asked,
    user: User,
    answer: string,
    open?: { id: string; source: Source },
  ): Promise<z.output<typeof VerifyResult> | number> => {
    const { challenge } = given
    const factor = engineOf(c).factors.get(given.credential.kind)
    const credential = await answeredBy(given.credential, answer, { factor, credentials })
    const asked = { ...given, credential }
    const challengeId = challenge?.id ?? open?.id
    const guess = engineOf(c).guesses.proof(asked, answer, open?.source ?? sourceOf(c, user.id))
    const seconds = await guess.take()
    if (seconds > 0) return seconds
    const checked = await guess.check()
    if (!checked.ok && checked.reason === 'throttled') return checked.seconds
    deps.changed(user.id)
    const after = challenge && (await engineOf(c).challenges.find(challenge.id))
    const userName = people.nameOf(user)
    const about = {
      ...marks(c),
      user_id: userName,
      factor: credential.id,
      type: credential.kind,
      ...(challengeId === undefined ? {} : { challenge_id: challengeId }),
      ...(after ? { attempts_left: Math.max(0, NUMBERS.tries - after.failures) } : {}),
    }
    if (!checked.ok) return { verified: false, ...about, reason: checked.reason }
    return {
      verified: true,
      ...about,
      ...(await stated(c, checked, user, { ...asked, challengeId })),
    }
  }

  /** A proof in words, and the same signed. */
  const stated = async (
    c: Call,
    { proof }: Extract<Checked, { ok: true }>,
    user: User,
    { credential, challenge, challengeId }: Asked & { challengeId?: string | undefined },
  ) => {
    const amr = [...(proof?.amr ?? [])]
    const claims = {
      sub: people.nameOf(user),
      amr,
      factor: credential.id,
      factor_type: credential.kind,
      ...(challengeId === undefined ? {} : { challenge_id: challengeId }),
      ...(challenge?.about.details ? { details: challenge.about.details } : {}),
    }
    return { amr, result: await deps.sign(claims, c.get('key').application) }
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
  ): Promise<z.output<typeof VerifyResult> | number> => {
    const key = c.get('key')
    const user = await people.find(key, name)
    const from = sourceOf(c, user?.id ?? name)
    const nobody = `${key.application} ${name}`
    const guess = engineOf(c).guesses.code({ code, name: nobody, user }, from)
    const seconds = await guess.take()
    if (seconds > 0) return seconds
    const checked = await guess.check()
    if (user) deps.changed(user.id)
    if (!checked.ok || !checked.credential || !user) {
      const reason = checked.ok || checked.reason === 'throttled' ? 'wrong' : checked.reason
      return { verified: false, ...marks(c), user_id: name, reason }
    }
    const { credential } = checked
    const about = { user_id: people.nameOf(user), factor: credential.id, type: credential.kind }
    const proved = await stated(c, checked, user, { credential })
    return { verified: true, ...marks(c), ...about, ...proved }
  }

  /** What another device has answered meanwhile is taken as the answer it is. */
  const settled = async (c: Call, own: OwnChallenge): Promise<OwnChallenge> => {
    const { challenge, credential, user, factor } = own
    if (!factor.remote || challenge.state !== 'pending') return own
    const verdict = await factor.verify({ credential, challenge }, '')
    if (!verdict.ok && verdict.reason !== 'denied') return own
    await verdictOf(c, { credential, challenge }, user, '')
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

  return {
    ...{ engineOf, ownCredential, ownChallenge, bindingOf, aboutOf, sourceOf, marks },
    ...{ shown, settled, verdictOf, bareVerdict, confirm, closed, throttled, unknown },
  }
}
