import type { Asked, Factor, Factors } from '../factors/contract.ts'
import type { Attempt } from '../model/attempt.ts'
import type { Credential } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { CredentialRepository } from '../store/contract.ts'
import { type Challenges, factorOf, type Opened } from './challenges.ts'
import type { Enrollments } from './enrollments.ts'
import type { Question, Standing, Way } from './outcome.ts'
import type { Step } from './steps.ts'

/** A question that is open, and what its answer is about. */
export interface Loaded {
  question: Exclude<Question, { ask: 'identify' }>
  asked?: Asked
}

/** Makes a question, with all that its page shows, out of a step. */
export interface Questions {
  /**
   * @param put Puts the challenge anew, where that disturbs nobody: nothing is sent for it.
   * @returns `undefined` where the step asks nothing, or what it is about is gone.
   */
  of(
    step: Step,
    attempt: Attempt,
    user: User,
    put: () => Promise<Opened> | undefined,
  ): Promise<Loaded | undefined>
}

export interface QuestionsDeps {
  challenges: Challenges
  credentials: CredentialRepository
  enrollments: Enrollments
  factors: Factors
}

export function createQuestions({ challenges, enrollments, factors }: QuestionsDeps): Questions {
  const waysOf = (credentials: readonly Credential[]): Way[] =>
    credentials.map((credential) => ({
      credential,
      factor: factorOf(factors, credential.kind),
    }))

  /** The open question about a credential; one without a message is put again when its time is up. */
  const challengeFor = async (
    credential: Credential,
    factor: Factor,
    attempt: Attempt,
    put: () => Promise<Opened> | undefined,
  ) => {
    const found = await challenges.findBound(`attempt/${attempt.id}`)
    const own = found?.credentialId === credential.id ? found : undefined
    const isOver = own === undefined || own.state === 'expired'
    if (!factor.challenge || factor.sends || !isOver) return own
    const opened = await put()
    return opened?.ok ? opened.challenge : undefined
  }

  const proving = async (
    step: Extract<Step, { ask: 'prove' }>,
    attempt: Attempt,
    user: User,
    put: () => Promise<Opened> | undefined,
  ): Promise<Loaded> => {
    const { credential, reason, ways, orPassword } = step
    const factor = factorOf(factors, credential.kind)
    const challenge = await challengeFor(credential, factor, attempt, put)
    const asked: Asked = challenge ? { credential, challenge } : { credential }
    return {
      asked,
      question: {
        ask: 'prove',
        attempt,
        user,
        reason,
        factor,
        credential,
        prompt: factor.prompt(asked),
        ...(challenge ? { challenge } : {}),
        standing: await standingOf(factor, asked),
        ways: waysOf(ways.filter(({ id }) => id !== credential.id)),
        orPassword,
      },
    }
  }

  const enrolling = async (
    { kinds, reason }: Extract<Step, { ask: 'enroll' }>,
    attempt: Attempt,
    user: User,
  ): Promise<Loaded | undefined> => {
    const { enrollingId, enrollingKind } = attempt
    const enrollment =
      enrollingId === undefined ? undefined : await enrollments.find(enrollingId, user)
    if (enrollment) {
      const { offer, ...asked } = enrollment
      const factor = factorOf(factors, asked.credential.kind)
      const { challenge } = asked
      const orOthers = kinds.length > 1
      const shown = challenge ? { challenge } : {}
      return {
        asked,
        question: { ask: 'enroll', attempt, user, factor, offer, ...shown, orOthers },
      }
    }
    const factor =
      enrollingKind !== undefined && kinds.includes(enrollingKind)
        ? factors.get(enrollingKind)
        : undefined
    if (factor?.needs) return { question: { ask: 'target', attempt, user, factor } }
    const offered = kinds.map((kind) => factorOf(factors, kind))
    return { question: { ask: 'choose', attempt, user, reason, factors: offered } }
  }

  return {
    async of(step, attempt, user, put) {
      switch (step.ask) {
        case 'password': {
          const { reason, ways } = step
          return { question: { ask: 'password', attempt, user, reason, ways: waysOf(ways) } }
        }
        case 'prove':
          return proving(step, attempt, user, put)
        case 'notice': {
          const { version, again } = step
          return { question: { ask: 'notice', attempt, user, version, again } }
        }
        case 'new_password':
          return { question: { ask: 'new_password', attempt, user } }
        case 'enroll':
          return enrolling(step, attempt, user)
        default:
          return undefined
      }
    },
  }
}

/** Looks whether another device has answered; looking changes nothing. */
export async function standingOf({ remote, verify }: Factor, asked: Asked): Promise<Standing> {
  const { challenge } = asked
  if (!remote || challenge?.state !== 'pending') {
    return challenge?.state === 'denied' || challenge?.state === 'expired'
      ? challenge.state
      : 'pending'
  }
  const verdict = await verify(asked, '')
  if (verdict.ok) return 'approved'
  return verdict.reason === 'denied' ? 'denied' : 'pending'
}
