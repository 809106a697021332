import type { Audit } from '../audit/record.ts'
import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Directory } from '../directories/contract.ts'
import type { Asked, Factors } from '../factors/contract.ts'
import type { Attempt, GivenProof } from '../model/attempt.ts'
import type { Requirement } from '../model/decision.ts'
import type { Credential } from '../model/factor.ts'
import type { Proof, SignedIn } from '../model/session.ts'
import type { User } from '../model/user.ts'
import type { Sessions } from '../session/sessions.ts'
import type { CredentialRepository, DeviceRepository } from '../store/contract.ts'
import type { AttemptStart, Attempts } from './attempts.ts'
import type { Challenges } from './challenges.ts'
import type { Enrollments } from './enrollments.ts'
import type { Guess, Guesses } from './guesses.ts'
import { TRIES_PER_ATTEMPT } from './limits.ts'
import type { Answer, Outcome, Problem, Question, Visit } from './outcome.ts'
import { createQuestions, type Loaded } from './questions.ts'
import { type Destinations, returnTo } from './return-to.ts'
import { nextStep, type Step } from './steps.ts'

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

export interface LoginFlowDeps {
  attempts: Attempts
  audit: Audit
  challenges: Challenges
  clock: Clock
  credentials: CredentialRepository
  destinations: Destinations
  devices: DeviceRepository
  directory: Directory
  enrollments: Enrollments
  factors: Factors
  guesses: Guesses
  /** Seconds for which a password proved in a session still counts beside a second factor. */
  passwordMaxAge(signedIn: SignedIn): number
  /** What opening a page takes from an address; `undefined` when it takes nothing. */
  requirementFor(url: string, address: string): Requirement | undefined
  /** How fresh the best proof has to be that a person can give for a page of the portal's own. */
  freshnessFor(url: string): number | undefined
  /** What people call the place that a sign-in leads to. */
  nameOf(url: string): string | undefined
  sessions: Sessions
  /** Kinds of factors that satisfy two factors here. */
  twoFactorKinds: ReadonlySet<string>
}

/** What a sign-in is about before it is put on file. */
type Draft = Omit<AttemptStart, 'browser'>

export function createLoginFlow(deps: LoginFlowDeps): LoginFlow {
  const { attempts, challenges, clock, credentials, directory, enrollments, guesses } = deps
  const counting: Factors = new Map(
    [...deps.factors].filter(([kind]) => deps.twoFactorKinds.has(kind)),
  )
  const questions = createQuestions({ challenges, credentials, enrollments, factors: counting })

  const enrolled = async (userId: string): Promise<Credential[]> =>
    (await credentials.listByUser(userId)).filter(({ kind }) => counting.has(kind))

  /** Where the destination asks for nothing, a person is asked for all that they have. */
  const requirementFor = async (url: string, user: User, visit: Visit): Promise<Requirement> => {
    const maxAgeSeconds = deps.freshnessFor(url)
    const asked = deps.requirementFor(url, visit.address) ?? (await all(user))
    const fresh = maxAgeSeconds === undefined ? asked : { ...asked, maxAgeSeconds }
    return visit.atLeastTwo ? { ...fresh, aal: 2 } : fresh
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
      factors: counting,
      ...(draft.chosen === undefined ? {} : { chosen: draft.chosen }),
      now: clock.now(),
    })
  }

  const aboutOf = ({ address, userAgent }: Visit, { returnTo: url }: Draft) => {
    const destination = deps.nameOf(url)
    return { address, userAgent, ...(destination === undefined ? {} : { destination }) }
  }

  /** Goes where the next step is. `save` puts the draft on file, in whatever way it is not yet. */
  const proceed = async (
    draft: Draft,
    user: User,
    visit: Visit,
    save: (change: Partial<Draft>) => Promise<Attempt | undefined>,
  ): Promise<Outcome> => {
    const step = await stepOf(draft, visit)
    if (step.ask === 'identify') return { kind: 'restart' }
    if (step.ask === 'impossible') return { kind: 'impossible', user, because: step.because }
    if (step.ask === 'nothing') return signIn(draft, step.proof, user, visit)
    if (step.ask === 'enroll' && isFrozen(user)) {
      return { kind: 'impossible', user, because: 'frozen' }
    }
    const change = step.ask === 'enroll' ? await enrollFirst(step.kinds, draft, user, visit) : {}
    const attempt = await save(change)
    if (!attempt) return { kind: 'restart' }
    // A message goes out only now, that there is a page on which it can be answered.
    if (step.ask === 'prove') await put(step.credential, attempt, user, visit)
    return { kind: 'continue', attemptId: attempt.id }
  }

  const isFrozen = ({ frozenUntil }: User) => frozenUntil !== undefined && clock.now() < frozenUntil

  /** Where there is nothing to choose and nothing to ask, the enrollment has begun already. */
  const enrollFirst = async (kinds: readonly string[], draft: Draft, user: User, visit: Visit) => {
    const [kind, ...more] = kinds
    if (kind === undefined || more.length > 0 || counting.get(kind)?.needs) return {}
    const begun = await enrollments.begin({ user, kind, about: aboutOf(visit, draft) })
    return begun.ok ? { enrollingKind: kind, enrollingId: begun.credential.id } : {}
  }

  const put = (credential: Credential, attempt: Attempt, user: User, visit: Visit) =>
    challenges.open({
      credential,
      user,
      boundTo: bindingOf(attempt),
      about: aboutOf(visit, attempt),
      browser: visit.browser,
    })

  const signIn = async (draft: Draft, proof: Proof, user: User, visit: Visit): Promise<Outcome> => {
    const { address, userAgent, browser, signedIn } = visit
    const { remember } = draft
    // Whoever was signed in here before, this person or another, is so no longer.
    const replaces = signedIn ? { replaces: signedIn.session.id } : {}
    const start = { userId: user.id, proof, remember, address, userAgent, ...replaces }
    const { token, session } = await deps.sessions.issue(start)
    const isNewDevice = !(await deps.devices.knows(user.id, sha256(browser)))
    await deps.devices.remember(user.id, sha256(browser), clock.now())
    deps.audit.record({
      name: 'login.succeeded',
      userId: user.id,
      sessionId: session.id,
      address,
      details: { aal: proof.aal, amr: proof.amr.join(' '), newDevice: isNewDevice },
    })
    const byLastResort =
      draft.proved.some(({ credentialId }) => credentialId !== undefined) &&
      (await isByLastResort(draft.proved, user))
    return {
      kind: 'done',
      returnTo: draft.returnTo,
      token,
      remember,
      ...(byLastResort ? { advice: 'enroll_anew' } : {}),
    }
  }

  const isByLastResort = async (proved: readonly GivenProof[], user: User): Promise<boolean> => {
    const own = await enrolled(user.id)
    const used = new Set(proved.map(({ credentialId }) => credentialId))
    return own.some(({ id, kind }) => used.has(id) && counting.get(kind)?.lastResort === true)
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
    const loaded = await questions.of(step, attempt, user, () =>
      step.ask === 'prove' ? put(step.credential, attempt, user, visit) : undefined,
    )
    return loaded && { attempt, user, step, loaded }
  }

  const ask = async (url: string, visit: Visit, problem?: Problem): Promise<Outcome> => {
    const discoveries = [...counting.values()].flatMap(({ discovery }) => discovery ?? [])
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

  /** The first answer of somebody who is nobody yet. */
  const identify = async (visit: Visit, answer: Answer): Promise<Outcome> => {
    const url = returnTo(visit.rd, deps.destinations)
    const found =
      answer.kind === 'proof'
        ? await byDiscovery(answer.text, visit)
        : answer.kind === 'password'
          ? await byName(answer, visit)
          : undefined
    if (!found) return ask(url, visit, answer.kind === 'proof' ? UNKNOWN_KEY : undefined)
    const { guess, user } = found
    const seconds = await guess.take()
    if (seconds > 0) return ask(url, visit, { kind: 'wait', seconds })
    const checked = await guess.check()
    if (!checked.ok || !checked.proof || !user) {
      const reason = checked.ok ? 'wrong' : checked.reason
      return ask(
        url,
        visit,
        answer.kind === 'proof' ? { kind: reason, key: true } : { kind: 'wrong' },
      )
    }
    const draft: Draft = {
      userId: user.id,
      returnTo: url,
      requirement: await requirementFor(url, user, visit),
      proved: [checked.proof],
      remember: answer.kind === 'password' && answer.remember,
    }
    return proceed(draft, user, visit, (change) =>
      attempts.open({ ...draft, ...change, browser: visit.browser }),
    )
  }

  const byName = async ({ name, password }: { name: string; password: string }, visit: Visit) => {
    const user = await directory.findByName(name)
    return { user, guess: guesses.password({ name, password, user }, visit) }
  }

  /** An authenticator that tells by itself who is there. */
  const byDiscovery = async (text: string, visit: Visit) => {
    for (const { kind, discovery } of counting.values()) {
      const handle = discovery?.handleOf(text)
      const credential =
        handle === undefined ? undefined : await credentials.findByHandle(kind, handle)
      if (credential?.state !== 'active') continue
      const user = await directory.find(credential.userId)
      if (user?.status !== 'active') continue
      return { user, guess: guesses.proof({ credential }, text, visit) }
    }
    return undefined
  }

  /** An answer to a question that is open. */
  const take = async (visit: Visit, text: string, at: Located): Promise<Outcome> => {
    const { attempt, user, loaded } = at
    const guess = toGuess(guesses, at, text, visit)
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
      if (isWaiting) return again({ kind: checked.reason })
      const triesLeft = TRIES_PER_ATTEMPT - spent.failures
      return triesLeft > 0 ? again({ kind: checked.reason, triesLeft }) : { kind: 'exhausted' }
    }

    const proved = checked.proof ? [...spent.proved, checked.proof] : spent.proved
    const { chosen: _, ...rest } = spent
    const onward = { ...rest, proved }
    const step = await stepOf(onward, visit)
    if (step.ask === 'nothing') {
      // Exactly one of several parallel answers gets on from here.
      if (!(await attempts.close(spent))) return { kind: 'restart' }
      return signIn(onward, step.proof, user, visit)
    }
    return proceed(onward, user, visit, (change) => attempts.advance(onward, { proved, ...change }))
  }

  /** Another way to prove it, among those that would do. */
  const choose = async (visit: Visit, id: string, { attempt, user, step }: Located) => {
    const ways = step.ask === 'prove' || step.ask === 'password' ? step.ways : []
    const isPassword = id === 'password' && step.ask === 'prove' && step.orPassword
    if (!isPassword && !ways.some((way) => way.id === id)) return goOn(attempt)
    const draft = { ...attempt, chosen: id }
    return proceed(draft, user, visit, () => attempts.advance(attempt, { chosen: id }))
  }

  const enroll = async (
    visit: Visit,
    { factor: kind, target }: Extract<Answer, { kind: 'enroll' }>,
    { attempt, user, step, loaded }: Located,
  ): Promise<Outcome> => {
    if (step.ask !== 'enroll' || isFrozen(user)) return goOn(attempt)
    const { enrollingId, enrollingKind: _, ...rest } = attempt
    if (enrollingId !== undefined) await enrollments.abandon(enrollingId, user)
    const factor = step.kinds.includes(kind) ? counting.get(kind) : undefined
    const needsTarget = factor?.needs !== undefined && target === undefined
    if (!factor || needsTarget) {
      const changed = await attempts.advance(rest, factor ? { enrollingKind: kind } : {})
      return changed ? goOn(changed) : { kind: 'restart' }
    }
    const about = aboutOf(visit, attempt)
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
    const question: Question = { ...loaded.question, ask: 'target', attempt, user, factor }
    const problem: Problem =
      begun.because === 'target'
        ? { kind: 'target', message: begun.message }
        : begun.because === 'limit'
          ? { kind: 'wait', seconds: begun.seconds }
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
      : await put(credential, attempt, user, visit)
    return opened.ok ? undefined : opened.seconds
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
      }
    },
  }
}

/** A question of an attempt, and where it stands. */
interface Located {
  attempt: Attempt
  user: User
  step: Step
  loaded: Loaded
}

const UNKNOWN_KEY: Problem = { kind: 'wrong', key: true }

const goOn = ({ id }: Attempt): Outcome => ({ kind: 'continue', attemptId: id })

const bindingOf = ({ id }: Attempt): string => `attempt/${id}`

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
