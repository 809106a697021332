import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Asked, Factors } from '../factors/contract.ts'
import type { Attempt } from '../model/attempt.ts'
import type { User } from '../model/user.ts'
import type { CredentialRepository, DeviceRepository } from '../store/contract.ts'
import { answeredBy } from './answered-by.ts'
import type { Attempts } from './attempts.ts'
import { type Challenges, factorOf } from './challenges.ts'
import type { Enrollments } from './enrollments.ts'
import type { Guess } from './guess.ts'
import type { Guesses } from './guesses.ts'
import { TRIES_PER_ATTEMPT } from './limits.ts'
import {
  type Answer,
  type Outcome,
  type Problem,
  problemOf,
  type Question,
  type Visit,
} from './outcome.ts'
import type { Passage } from './passage.ts'
import type { Passwords } from './passwords.ts'
import type { PrivacyNotice } from './privacy-notice.ts'
import type { Loaded } from './questions.ts'
import type { Step } from './steps.ts'

/** Takes what a person says on the page of an attempt. */
export type TakeAnswer = (visit: Visit, answer: Answer, at: Located) => Promise<Outcome>

/** A question of an attempt, and where it stands. */
export interface Located {
  attempt: Attempt
  user: User
  step: Step
  loaded: Loaded
}

export interface AnswersDeps {
  attempts: Attempts
  clock: Clock
  devices: Pick<DeviceRepository, 'remember'>
  challenges: Challenges
  credentials: CredentialRepository
  enrollments: Enrollments
  factors: Factors
  guesses: Guesses
  notice: PrivacyNotice
  passage: Passage
  passwords: Passwords
}

export function createAnswers(deps: AnswersDeps): TakeAnswer {
  const { attempts, challenges, clock, credentials, devices, enrollments } = deps
  const { factors, guesses, notice, passage, passwords } = deps

  const byWhom = async (at: Located, text: string): Promise<Located> => {
    const { question, asked } = at.loaded
    if (question.ask !== 'prove' || !asked) return at
    const { factor } = question
    const credential = await answeredBy(asked.credential, text, { factor, credentials })
    return { ...at, loaded: { question, asked: { ...asked, credential } } }
  }

  /** An answer to a question that is open. */
  const take = async (visit: Visit, text: string, at: Located): Promise<Outcome> => {
    const { attempt, user, loaded } = at
    const guess = toGuess(guesses, await byWhom(at, text), text, visit)
    if (!guess) return { kind: 'continue', attemptId: attempt.id }
    const again = (problem: Problem): Outcome => ({
      kind: 'question',
      question: loaded.question,
      returnTo: attempt.returnTo,
      problem,
    })

    const seconds = await guess.take()
    if (seconds > 0) return again({ kind: 'wait', seconds })
    const isWaiting = isWaitingFor(loaded)
    const spent = isWaiting ? attempt : await attempts.spendTry(attempt)
    if (!spent) return { kind: 'exhausted' }
    const checked = await guess.check()
    if (!checked.ok) {
      if (checked.reason === 'denied') {
        await attempts.close(spent)
        return { kind: 'denied' }
      }
      const problem = problemOf(checked)
      if (isWaiting || problem.kind === 'wait') return again(problem)
      const triesLeft = TRIES_PER_ATTEMPT - spent.failures
      return triesLeft > 0 ? again({ ...problem, triesLeft }) : { kind: 'exhausted' }
    }

    const proved = checked.proof ? [...spent.proved, checked.proof] : spent.proved
    const { chosen: _, ...rest } = spent
    return goOnward({ ...rest, proved }, user, visit)
  }

  const goOnward = async (onward: Attempt, user: User, visit: Visit): Promise<Outcome> => {
    const { proved } = onward
    const step = await passage.stepOf(onward, user, visit)
    if (step.ask === 'nothing') {
      // Exactly one of several parallel answers gets on from here.
      if (!(await attempts.close(onward))) return { kind: 'restart' }
      return passage.signIn(onward, step.proof, user, visit)
    }
    return passage.proceed(onward, user, visit, (change) =>
      attempts.advance(onward, { proved, ...change }),
    )
  }

  const agree = async (visit: Visit, version: string, at: Located): Promise<Outcome> => {
    const { attempt, user, step } = at
    if (step.ask !== 'notice') return goOn(attempt)
    await notice.agree(user.id, version)
    return goOnward(attempt, user, visit)
  }

  /** Another way to prove it, among those that would do. */
  const choose = async (visit: Visit, id: string, { attempt, user, step }: Located) => {
    const ways = step.ask === 'prove' || step.ask === 'password' ? step.ways : []
    const isPassword = id === 'password' && step.ask === 'prove' && step.orPassword
    if (!isPassword && !ways.some((way) => way.id === id)) return goOn(attempt)
    const draft = { ...attempt, chosen: id }
    return passage.proceed(draft, user, visit, () => attempts.advance(attempt, { chosen: id }))
  }

  const enroll = async (
    visit: Visit,
    { factor: kind, target: typed }: Extract<Answer, { kind: 'enroll' }>,
    { attempt, user, step }: Located,
  ): Promise<Outcome> => {
    if (step.ask !== 'enroll' || passage.isFrozen(user)) return goOn(attempt)
    const { enrollingId, enrollingKind: _, ...rest } = attempt
    if (enrollingId !== undefined) await enrollments.abandon(enrollingId, user)
    const factor = step.kinds.includes(kind) ? factors.get(kind) : undefined
    // Whoever sits here has proved a password at most: the address is the account's, whatever was sent.
    const target = factor?.needs === 'email' ? user.email : typed
    const needsTarget = factor?.needs !== undefined && target === undefined
    if (!factor || needsTarget) {
      const changed = await attempts.advance(rest, factor ? { enrollingKind: kind } : {})
      return changed ? goOn(changed) : { kind: 'restart' }
    }
    const about = passage.aboutOf(visit, attempt)
    const begun = await enrollments.begin({
      user,
      kind,
      about,
      ...(target === undefined ? {} : { target }),
    })
    if (begun.ok) {
      const enrollingId = begun.credential.id
      const changed = await attempts.advance(rest, { enrollingKind: kind, enrollingId })
      return changed ? goOn(changed) : { kind: 'restart' }
    }
    const question: Question =
      factor.needs === 'phone'
        ? { ask: 'target', attempt, user, factor, typed: target }
        : {
            ...{ ask: 'choose', attempt, user, reason: step.reason },
            factors: step.kinds.map((it) => factorOf(factors, it)),
          }
    const problem: Problem =
      begun.because === 'target'
        ? { kind: 'unusable', message: begun.message }
        : begun.because === 'limit'
          ? { kind: 'wait', seconds: begun.seconds, sending: true }
          : { kind: 'not_admitted' }
    return { kind: 'question', question, returnTo: attempt.returnTo, problem }
  }

  const resend = async (visit: Visit, { attempt, user, loaded }: Located): Promise<Outcome> => {
    const { question } = loaded
    const seconds = await sendAgain(visit, attempt, user, loaded)
    return seconds === undefined
      ? goOn(attempt)
      : {
          kind: 'question',
          question,
          returnTo: attempt.returnTo,
          problem: { kind: 'wait', seconds, sending: true },
        }
  }

  /** @returns The seconds to wait, or nothing when it is on its way. */
  const sendAgain = async (visit: Visit, attempt: Attempt, user: User, loaded: Loaded) => {
    if (!loaded.asked) return undefined
    const { credential, challenge } = loaded.asked
    if (loaded.question.ask === 'enroll') {
      const sent = await enrollments.resend({ ...loaded.asked, offer: loaded.question.offer }, user)
      return sent.ok ? undefined : sent.seconds
    }
    const isOn = challenge?.state === 'pending' || challenge?.state === 'expired'
    const opened = isOn
      ? await challenges.resend(challenge, user)
      : await passage.put(credential, attempt, user, visit)
    return opened.ok ? undefined : opened.seconds
  }

  /** A new password, once everything else is proved. */
  const renew = async (visit: Visit, password: string, at: Located): Promise<Outcome> => {
    const { attempt, user, step, loaded } = at
    if (step.ask !== 'new_password') return goOn(attempt)
    const message = await passwords.fault(user, password)
    if (message !== undefined) {
      const problem: Problem = { kind: 'unusable', message }
      return { kind: 'question', question: loaded.question, returnTo: attempt.returnTo, problem }
    }
    // Exactly one of several parallel answers gets on from here.
    if (!(await attempts.close(attempt))) return { kind: 'restart' }
    await passwords.change(user, password, { address: visit.address, by: 'reset' })
    // Strangers who guess must not keep out whoever has just proved that it is them.
    await devices.remember(user.id, sha256(visit.browser), clock.now())
    return { kind: 'changed', user }
  }

  return async (visit, answer, at) => {
    switch (answer.kind) {
      case 'way':
        return choose(visit, answer.id, at)
      case 'enroll':
        return enroll(visit, answer, at)
      case 'resend':
        return resend(visit, at)
      case 'password':
        return take(visit, answer.password, at)
      case 'proof':
        return take(visit, answer.text, at)
      case 'new_password':
        return renew(visit, answer.password, at)
      case 'agree':
        return agree(visit, answer.version, at)
    }
  }
}

const goOn = ({ id }: Attempt): Outcome => ({ kind: 'continue', attemptId: id })

/** The answer comes from another device: asking for it is no guess. */
const isWaitingFor = ({ question }: Loaded): boolean =>
  question.ask === 'prove' && question.prompt.ask === 'approval'

/** @returns Nothing where there is nothing that could be answered. */
function toGuess(
  guesses: Guesses,
  { loaded: { question, asked }, user, attempt }: Located,
  text: string,
  visit: Visit,
): Guess | undefined {
  if (question.ask === 'password') {
    return guesses.password({ name: user.name, password: text, user }, visit)
  }
  if (!asked) return undefined
  const { credential, challenge } = asked
  const plain: Asked = challenge ? { credential, challenge } : { credential }
  if (question.ask === 'prove') return guesses.proof(plain, text, visit)
  // Who came by a pass has authenticators, and has lost them.
  const isFirst = !attempt.proved.some(({ temporary }) => temporary)
  return guesses.enrollment(plain, text, visit, isFirst ? 'first' : 'further')
}
