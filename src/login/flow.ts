import type { Directory } from '../directories/contract.ts'
import type { Factors } from '../factors/contract.ts'
import type { Assessment } from '../model/risk.ts'
import { type User, versionOf } from '../model/user.ts'
import { createAnswers } from './answers.ts'
import type { Attempts } from './attempts.ts'
import type { Guesses } from './guesses.ts'
import { type Answer, type Outcome, type Problem, problemOf, type Visit } from './outcome.ts'
import { createPassage, type Draft, type PassageDeps } from './passage.ts'
import type { Passwords } from './passwords.ts'
import { createQuestions } from './questions.ts'
import { type Destinations, returnTo } from './return-to.ts'

/** How nobody becomes somebody. */
export interface LoginFlow {
  /**
   * Somebody comes to the sign-in page: what is asked, or where to go on.
   *
   * @param attemptId An attempt on its way, from the address bar; may be hostile.
   */
  begin(visit: Visit, attemptId?: string): Promise<Outcome>
  /** Somebody answers. Without an attempt the answer is a name and a password, or a passkey's. */
  answer(visit: Visit, answer: Answer, attemptId?: string): Promise<Outcome>
}

export interface LoginFlowDeps extends Omit<PassageDeps, 'factors'> {
  attempts: Attempts
  destinations: Destinations
  directory: Directory
  factors: Factors
  guesses: Guesses
  passwords: Passwords
  /** Kinds of factors that satisfy two factors here. */
  twoFactorKinds: ReadonlySet<string>
}

export function createLoginFlow(deps: LoginFlowDeps): LoginFlow {
  const { attempts, caution, challenges, credentials, directory } = deps
  const { enrollments, guesses, passwords } = deps
  const factors: Factors = new Map(
    [...deps.factors].filter(([kind]) => deps.twoFactorKinds.has(kind)),
  )
  const passage = createPassage({ ...deps, factors })
  const questions = createQuestions({ challenges, credentials, enrollments, factors })
  const takeAnswer = createAnswers({
    attempts,
    clock: deps.clock,
    devices: deps.devices,
    challenges,
    credentials,
    enrollments,
    factors,
    guesses,
    notice: deps.notice,
    passage,
    passwords,
  })

  /** Finds the attempt and its person, if both are still what they were. */
  const load = async (visit: Visit, attemptId: string) => {
    const attempt = await attempts.find(attemptId, visit.browser)
    const user = attempt && (await directory.find(attempt.userId))
    if (!attempt || user?.status !== 'active') return undefined
    if (attempt.passwordVersion !== user.passwordVersion) return undefined
    // A step-up needs the session that it began with; that may have ended since.
    const raised = attempt.sessionId
    if (raised !== undefined && visit.signedIn?.session.id !== raised) return undefined
    const step = await passage.stepOf(attempt, user, visit)
    const loaded = await questions.of(step, attempt, user, () =>
      step.ask === 'prove' ? passage.put(step.credential, attempt, user, visit) : undefined,
    )
    return loaded && { attempt, user, step, loaded }
  }

  const ask = async (url: string, visit: Visit, problem?: Problem): Promise<Outcome> => {
    const discoveries = [...factors.values()].flatMap(({ discovery }) => discovery ?? [])
    const options = await Promise.all(discoveries.map((it) => it.options(visit.browser)))
    return {
      kind: 'question',
      question: { ask: 'identify', ...(options[0] ? { passkey: options[0] } : {}) },
      returnTo: url,
      ...(problem ? { problem } : {}),
    }
  }

  const start = async (visit: Visit): Promise<Outcome> => {
    const destination = returnTo(visit.rd, deps.destinations)
    const { signedIn } = visit
    if (!signedIn) return ask(destination, visit)
    const { user, session } = signedIn
    const draft: Draft = {
      userId: user.id,
      returnTo: destination,
      requirement: await passage.requirementFor(destination, user, visit),
      proved: [],
      ...versionOf(user),
      remember: session.remembered,
      sessionId: session.id,
    }
    const step = await passage.stepOf(draft, user, visit)
    if (step.ask === 'nothing') {
      return { kind: 'done', returnTo: destination, remember: session.remembered }
    }
    return setOut(draft, user, visit, await caution.weigh(user, visit))
  }

  /** Puts a sign-in on its way, with as much asked as its risk takes. */
  const setOut = async (
    draft: Draft,
    user: User,
    visit: Visit,
    risk: Assessment | undefined,
  ): Promise<Outcome> => {
    if (caution.refuses(risk)) return caution.refuse(user, visit, risk)
    const requirement = await passage.raised(draft.requirement, risk, user)
    const weighed: Draft = { ...draft, requirement, ...(risk ? { risk } : {}) }
    return passage.proceed(weighed, user, visit, (change) =>
      attempts.open({ ...weighed, ...change, browser: visit.browser }),
    )
  }

  /** The first answer of somebody who is nobody yet. */
  const identify = async (visit: Visit, answer: Answer): Promise<Outcome> => {
    const url = returnTo(visit.rd, deps.destinations)
    const found =
      answer.kind === 'proof'
        ? await byDiscovery(answer.text, visit)
        : answer.kind === 'password'
          ? await byName(answer, visit)
          : undefined
    if (!found) return ask(url, visit)
    if ('problem' in found) return ask(url, visit, found.problem)
    const { guess, user } = found
    const seconds = await guess.take()
    if (seconds > 0) return ask(url, visit, { kind: 'wait', seconds })
    const checked = await guess.check()
    if (!checked.ok || !checked.proof || !user) {
      if (answer.kind !== 'proof') return ask(url, visit, { kind: 'wrong' })
      const problem: Problem = checked.ok ? { kind: 'wrong' } : problemOf(checked)
      return ask(url, visit, problem.kind === 'wait' ? problem : { ...problem, key: true })
    }
    const draft: Draft = {
      userId: user.id,
      returnTo: url,
      requirement: await passage.requirementFor(url, user, visit),
      proved: [checked.proof],
      // As it was before the password was checked.
      ...versionOf(user),
      remember: answer.kind === 'password' && answer.remember,
    }
    const { failures } = checked
    const given = {
      ...(answer.kind === 'password' ? { password: answer.password } : {}),
      ...(failures ? { failures } : {}),
    }
    return setOut(draft, user, visit, await caution.weigh(user, visit, given))
  }

  const byName = async ({ name, password }: { name: string; password: string }, visit: Visit) => {
    const user = await directory.findByName(name)
    return { user, guess: guesses.password({ name, password, user }, visit) }
  }

  /** An authenticator that tells by itself who is there. */
  const byDiscovery = async (text: string, visit: Visit) => {
    const problem: Problem = { kind: 'wrong', key: true }
    for (const { kind, discovery } of factors.values()) {
      const handle = discovery?.handleOf(text)
      if (handle === undefined) continue
      const credential = await credentials.findByHandle(kind, handle)
      if (!credential) return { problem: { ...problem, unknown: handle } }
      const user = await directory.find(credential.userId)
      if (credential.state !== 'active' || user?.status !== 'active') return { problem }
      return { user, guess: guesses.proof({ credential }, text, visit) }
    }
    return { problem }
  }

  return {
    async begin(visit, attemptId) {
      if (attemptId === undefined) return start(visit)
      const at = await load(visit, attemptId)
      if (!at) return { kind: 'restart' }
      return {
        kind: 'question',
        question: at.loaded.question,
        returnTo: at.attempt.returnTo,
      }
    },

    async answer(visit, answer, attemptId) {
      if (attemptId === undefined) return identify(visit, answer)
      const at = await load(visit, attemptId)
      if (!at) return { kind: 'restart' }
      return takeAnswer(visit, answer, at)
    },
  }
}
