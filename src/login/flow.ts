import type { Audit } from '../audit/record.ts'
import { randomToken, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Directory } from '../directories/contract.ts'
import type { Factor, Factors } from '../factors/contract.ts'
import type { Attempt } from '../model/attempt.ts'
import type { Requirement } from '../model/decision.ts'
import type { Credential, EnrollmentOffer } from '../model/factor.ts'
import type { Proof, SignedIn } from '../model/session.ts'
import type { User } from '../model/user.ts'
import type { Sessions } from '../session/sessions.ts'
import type { CredentialRepository, DeviceRepository } from '../store/contract.ts'
import type { AttemptStart, Attempts } from './attempts.ts'
import type { Guess, Guesses } from './guesses.ts'
import { TRIES_PER_ATTEMPT } from './limits.ts'
import { type Destinations, returnTo } from './return-to.ts'
import { nextStep, type Reason, type Step } from './steps.ts'

/** How nobody becomes somebody. */
export interface LoginFlow {
  /**
   * Somebody comes to the sign-in page: what is asked, or where to go on.
   *
   * @param attemptId An attempt on its way, from the address bar; may be hostile.
   */
  begin(visit: Visit, attemptId?: string): Promise<Outcome>
  /** Somebody answers. Without an attempt the answer is a name and a password. */
  answer(visit: Visit, answer: Answer, attemptId?: string): Promise<Outcome>
}

/** One browser at the portal. */
export interface Visit {
  /** The secret in the browser's own cookie. */
  browser: string
  address: string
  userAgent: string
  signedIn: SignedIn | undefined
  /** The raw `rd` value; may be absent or hostile. */
  rd: string | undefined
  /** Ask for two factors even where the destination asks for less, e.g. to set one up. */
  atLeastTwo?: boolean
}

/** What was typed; every part may be hostile. */
export interface Answer {
  name: string
  password: string
  code: string
  remember: boolean
}

/** Why an answer did not count. */
export type Problem =
  | { kind: 'wrong' | 'used'; triesLeft?: number }
  | { kind: 'wait'; seconds: number }

/** A question, with all that its page shows. */
export type Question =
  | { ask: 'identify' }
  | { ask: 'password'; attempt: Attempt; user: User; reason: Reason }
  | { ask: 'code'; attempt: Attempt; user: User; reason: Reason; factor: Factor }
  | { ask: 'enroll'; attempt: Attempt; user: User; factor: Factor; offer: EnrollmentOffer }

export type Outcome =
  | { kind: 'question'; question: Question; returnTo: string; problem?: Problem }
  /** Go on at the page of this attempt. */
  | { kind: 'continue'; attemptId: string }
  /** The attempt is over or was never this browser's: begin again, with the same destination. */
  | { kind: 'restart' }
  /** The last try was wrong. */
  | { kind: 'exhausted' }
  /** Nothing that this person has here can be enough. */
  | { kind: 'impossible'; user: User; because: 'no_suitable_factor' | 'factor_disabled' }
  /** Signed in. `token` is absent when the browser was signed in already. */
  | { kind: 'done'; returnTo: string; token?: string; remember: boolean }

export interface LoginFlowDeps {
  attempts: Attempts
  audit: Audit
  clock: Clock
  credentials: CredentialRepository
  destinations: Destinations
  devices: DeviceRepository
  directory: Directory
  factors: Factors
  guesses: Guesses
  /** Seconds for which a password proved in a session still counts beside a second factor. */
  passwordMaxAge(signedIn: SignedIn): number
  /** What opening a page takes from an address; `undefined` when it takes nothing. */
  requirementFor(url: string, address: string): Requirement | undefined
  sessions: Sessions
}

/** What a sign-in is about before it is put on file. */
type Draft = Omit<AttemptStart, 'browser'>

export function createLoginFlow(deps: LoginFlowDeps): LoginFlow {
  const { attempts, clock, credentials, directory, factors, guesses } = deps

  const enrolled = async (userId: string): Promise<Credential[]> =>
    (await credentials.listByUser(userId)).filter(({ kind }) => factors.has(kind))

  /** Where the destination asks for nothing, a person is asked for all that they have. */
  const requirementFor = async (url: string, user: User, visit: Visit): Promise<Requirement> => {
    const asked = deps.requirementFor(url, visit.address) ?? (await all(user))
    return visit.atLeastTwo ? { ...asked, aal: 2 } : asked
  }

  const all = async (user: User): Promise<Requirement> => {
    const own = await enrolled(user.id)
    return { aal: own.some(({ state }) => state === 'active') ? 2 : 1, phishingResistant: false }
  }

  const stepOf = async (draft: Draft, { signedIn }: Visit): Promise<Step> => {
    const own = signedIn?.session.id === draft.sessionId ? signedIn : undefined
    return nextStep({
      requirement: draft.requirement,
      ...(own ? { session: own.session } : {}),
      passwordMaxAgeSeconds: own ? deps.passwordMaxAge(own) : 0,
      proved: draft.proved,
      credentials: await enrolled(draft.userId),
      factors,
      now: clock.now(),
    })
  }

  /** Goes where the next step is. `save` puts the draft on file, in whatever way it is not yet. */
  const proceed = async (
    draft: Draft,
    user: User,
    visit: Visit,
    save: (changes: Pick<Draft, 'enrollingId'>) => Promise<Attempt | undefined>,
  ): Promise<Outcome> => {
    const step = await stepOf(draft, visit)
    if (step.ask === 'identify') return { kind: 'restart' }
    if (step.ask === 'impossible') return { kind: 'impossible', user, because: step.because }
    if (step.ask === 'nothing') return signIn(draft, step.proof, user, visit)
    const change = step.ask === 'enroll' ? { enrollingId: await enroll(step.kind, user) } : {}
    const attempt = await save(change)
    return attempt ? { kind: 'continue', attemptId: attempt.id } : { kind: 'restart' }
  }

  const enroll = async (kind: string, user: User): Promise<string> => {
    const { data, label } = await factorOf(factors, kind).enroll(user)
    const id = randomToken(16)
    const fresh = { state: 'pending', version: 1, failures: 0, createdAt: clock.now() } as const
    await credentials.insert({ id, userId: user.id, kind, label, data, ...fresh })
    return id
  }

  const signIn = async (draft: Draft, proof: Proof, user: User, visit: Visit): Promise<Outcome> => {
    const { address, userAgent, browser, signedIn } = visit
    const { remember } = draft
    // Whoever was signed in here before, this person or another, is so no longer.
    const replaces = signedIn ? { replaces: signedIn.session.id } : {}
    const start = { userId: user.id, proof, remember, address, userAgent, ...replaces }
    const { token, session } = await deps.sessions.issue(start)
    await deps.devices.remember(user.id, sha256(browser), clock.now())
    deps.audit.record({
      name: 'login.succeeded',
      userId: user.id,
      sessionId: session.id,
      address,
      details: { aal: proof.aal, amr: proof.amr.join(' ') },
    })
    return { kind: 'done', returnTo: draft.returnTo, token, remember }
  }

  /** Finds the attempt and its person, if both are still what they were. */
  const load = async (visit: Visit, attemptId: string) => {
    const attempt = await attempts.find(attemptId, visit.browser)
    const user = attempt && (await directory.find(attempt.userId))
    if (!attempt || user?.status !== 'active') return undefined
    // A step-up needs the session that it began with; that may have ended since.
    const raised = attempt.sessionId
    if (raised !== undefined && visit.signedIn?.session.id !== raised) return undefined
    const step = await stepOf(attempt, visit)
    const question = await questionOf(step, attempt, user)
    return question && { attempt, user, question }
  }

  const questionOf = async (step: Step, attempt: Attempt, user: User) => {
    if (step.ask === 'password') {
      return { question: { ask: 'password', attempt, user, reason: step.reason } as const }
    }
    if (step.ask === 'prove') {
      const { credential, reason } = step
      const factor = factorOf(factors, credential.kind)
      return { credential, question: { ask: 'code', attempt, user, reason, factor } as const }
    }
    const credential =
      step.ask === 'enroll' ? await credentials.find(attempt.enrollingId ?? '') : undefined
    if (credential?.state !== 'pending') return undefined
    const factor = factorOf(factors, credential.kind)
    const offer = factor.offer(credential, user)
    return { credential, question: { ask: 'enroll', attempt, user, factor, offer } as const }
  }

  const start = async (visit: Visit): Promise<Outcome> => {
    const destination = returnTo(visit.rd, deps.destinations)
    const { signedIn } = visit
    if (!signedIn) {
      return { kind: 'question', question: { ask: 'identify' }, returnTo: destination }
    }
    const { user, session } = signedIn
    const draft: Draft = {
      userId: user.id,
      returnTo: destination,
      requirement: await requirementFor(destination, user, visit),
      proved: [],
      remember: session.remembered,
      sessionId: session.id,
    }
    const step = await stepOf(draft, visit)
    if (step.ask === 'nothing') {
      return { kind: 'done', returnTo: destination, remember: session.remembered }
    }
    return proceed(draft, user, visit, (change) =>
      attempts.open({ ...draft, ...change, browser: visit.browser }),
    )
  }

  const identify = async (visit: Visit, answer: Answer): Promise<Outcome> => {
    const { name, password, remember } = answer
    const destination = returnTo(visit.rd, deps.destinations)
    const again = (problem: Problem): Outcome => ({
      kind: 'question',
      question: { ask: 'identify' },
      returnTo: destination,
      problem,
    })
    const user = await directory.findByName(name)
    const guess = guesses.password({ name, password, user }, visit)
    const seconds = await guess.take()
    if (seconds > 0) return again({ kind: 'wait', seconds })
    const checked = await guess.check()
    if (!checked.ok || !user) return again({ kind: 'wrong' })

    const draft: Draft = {
      userId: user.id,
      returnTo: destination,
      requirement: await requirementFor(destination, user, visit),
      proved: [checked.proof],
      remember,
    }
    return proceed(draft, user, visit, (change) =>
      attempts.open({ ...draft, ...change, browser: visit.browser }),
    )
  }

  return {
    async begin(visit, attemptId) {
      if (attemptId === undefined) return start(visit)
      const loaded = await load(visit, attemptId)
      if (!loaded) return { kind: 'restart' }
      return {
        kind: 'question',
        question: loaded.question.question,
        returnTo: loaded.attempt.returnTo,
      }
    },

    async answer(visit, answer, attemptId) {
      if (attemptId === undefined) return identify(visit, answer)
      const loaded = await load(visit, attemptId)
      if (!loaded) return { kind: 'restart' }
      const { attempt, user, question } = loaded
      const again = (problem: Problem): Outcome => ({
        kind: 'question',
        question: question.question,
        returnTo: attempt.returnTo,
        problem,
      })

      const guess = toGuess(guesses, loaded.question, answer, visit)
      const seconds = await guess.take()
      if (seconds > 0) return again({ kind: 'wait', seconds })
      const spent = await attempts.spendTry(attempt)
      if (!spent) return { kind: 'exhausted' }
      const checked = await guess.check()
      if (!checked.ok) {
        const triesLeft = TRIES_PER_ATTEMPT - spent.failures
        return triesLeft > 0 ? again({ kind: checked.reason, triesLeft }) : { kind: 'exhausted' }
      }

      const proved = [...spent.proved, checked.proof]
      const step = await stepOf({ ...spent, proved }, visit)
      if (step.ask === 'nothing') {
        // Exactly one of several parallel answers gets on from here.
        if (!(await attempts.close(spent))) return { kind: 'restart' }
        return signIn(spent, step.proof, user, visit)
      }
      return proceed({ ...spent, proved }, user, visit, (change) =>
        attempts.advance(spent, { proved, ...change }),
      )
    },
  }
}

type Loaded =
  | { question: Extract<Question, { ask: 'password' }> }
  | { credential: Credential; question: Extract<Question, { ask: 'code' | 'enroll' }> }

function toGuess(guesses: Guesses, asked: Loaded, answer: Answer, visit: Visit): Guess {
  if (!('credential' in asked)) {
    const { user } = asked.question
    return guesses.password({ name: user.name, password: answer.password, user }, visit)
  }
  const { credential, question } = asked
  return question.ask === 'code'
    ? guesses.code(credential, answer.code, visit)
    : guesses.firstCode(credential, answer.code, visit)
}

function factorOf(factors: Factors, kind: string): Factor {
  const factor = factors.get(kind)
  if (!factor) throw new Error(`factor ${kind} is not switched on`)
  return factor
}
