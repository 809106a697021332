import type { Audit } from '../audit/record.ts'
import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { browserInWords } from '../base/user-agent.ts'
import type { Factors } from '../factors/contract.ts'
import type { Attempt, GivenProof } from '../model/attempt.ts'
import type { ChallengeAbout } from '../model/challenge.ts'
import type { Requirement } from '../model/decision.ts'
import type { Credential } from '../model/factor.ts'
import type { Assessment } from '../model/risk.ts'
import type { Proof, SignedIn } from '../model/session.ts'
import { isFrozen as isClosed, type User, versionOf } from '../model/user.ts'
import type { Sessions } from '../session/sessions.ts'
import type { CredentialRepository, DeviceRepository } from '../store/contract.ts'
import type { AccountAccess, AccountUse } from './account/access.ts'
import type { AttemptStart } from './attempts.ts'
import type { Caution } from './caution.ts'
import type { Challenges, Opened } from './challenges.ts'
import type { Enrollments } from './enrollments.ts'
import type { Outcome, Visit } from './outcome.ts'
import type { PrivacyNotice } from './privacy-notice.ts'
import { nextStep, type Situation, type Step, suitableKinds } from './steps.ts'

/** What a sign-in is about before it is put on file. */
export type Draft = Omit<AttemptStart, 'browser'>

/** How an attempt goes from one step to the next, and out at the other end. */
export interface Passage {
  stepOf(draft: Draft, user: User, visit: Visit): Promise<Step>
  /** What a destination takes of a person. Where it asks for nothing, they are asked for all that they have. */
  requirementFor(url: string, user: User, visit: Visit): Promise<Requirement>
  /** Goes where the next step is. `save` puts the draft on file, in whatever way it is not yet. */
  proceed(draft: Draft, user: User, visit: Visit, save: Save): Promise<Outcome>
  signIn(draft: Draft, proof: Proof, user: User, visit: Visit): Promise<Outcome>
  /** Puts the question about an authenticator to the person. */
  put(credential: Credential, attempt: Attempt, user: User, visit: Visit): Promise<Opened>
  aboutOf(visit: Visit, draft: Pick<Draft, 'returnTo'>): ChallengeAbout
  /** Is nothing about the account to change for now? */
  isFrozen(user: User): boolean
  /** The same for a sign-in that is as unusual as this one. */
  raised(requirement: Requirement, risk: Assessment | undefined, user: User): Promise<Requirement>
}

export type Save = (change: Partial<Draft>) => Promise<Attempt | undefined>

export interface PassageDeps {
  audit: Audit
  caution: Caution
  challenges: Challenges
  clock: Clock
  credentials: CredentialRepository
  devices: DeviceRepository
  enrollments: Enrollments
  /** Factors that are switched on and count as a second one. */
  factors: Factors
  access: AccountAccess
  /** What somebody wants at a page of their own account; `undefined` for any other page. */
  accountUseOf(url: string): AccountUse | undefined
  /** What people call the place that a sign-in leads to. */
  nameOf(url: string): string | undefined
  notice: PrivacyNotice
  /** Has a user a password at all? */
  hasPassword(userId: string): Promise<boolean>
  /** Does it take a pass to enroll the very first authenticator? */
  firstNeedsPass: boolean
  /** Seconds for which a password proved in a session still counts beside a second factor. */
  passwordMaxAge(signedIn: SignedIn): number
  /** What opening a page takes from an address; `undefined` when it takes nothing. */
  requirementFor(url: string, address: string): Requirement | undefined
  sessions: Sessions
}

export function createPassage(deps: PassageDeps): Passage {
  const { caution, challenges, clock, credentials, enrollments, factors } = deps

  const enrolled = async (userId: string): Promise<Credential[]> =>
    (await credentials.listByUser(userId)).filter(({ kind }) => factors.has(kind))

  const requirementFor = async (url: string, user: User, visit: Visit): Promise<Requirement> => {
    const use = deps.accountUseOf(url)
    const asked = use
      ? await deps.access.requirementFor(user.id, use)
      : (deps.requirementFor(url, visit.address) ?? (await all(user)))
    return visit.atLeastTwo ? { ...asked, aal: 2 } : asked
  }

  const all = async (user: User): Promise<Requirement> => {
    const own = await enrolled(user.id)
    return { aal: own.some(({ state }) => state === 'active') ? 2 : 1, phishingResistant: false }
  }

  const raised = async (requirement: Requirement, risk: Assessment | undefined, user: User) =>
    caution.asksMore(risk)
      ? caution.raised(requirement, risk, await enrolled(user.id))
      : requirement

  const stepOf = async (draft: Draft, user: User, { signedIn }: Visit): Promise<Step> => {
    const own = signedIn?.session.id === draft.sessionId ? signedIn : undefined
    const step = nextStep({
      requirement: draft.requirement,
      ...(own ? { session: own.session } : {}),
      passwordMaxAgeSeconds: own ? deps.passwordMaxAge(own) : 0,
      proved: draft.proved,
      credentials: await enrolled(draft.userId),
      factors: openTo(user, factors),
      ...(draft.chosen === undefined ? {} : { chosen: draft.chosen }),
      ...(draft.goal === undefined ? {} : { goal: draft.goal }),
      unusual: caution.asksMore(draft.risk),
      firstNeedsPass: deps.firstNeedsPass,
      now: clock.now(),
    })
    return deps.notice.before(step, draft)
  }

  const aboutOf = ({ address, userAgent }: Visit, { returnTo: url }: Draft) => {
    const destination = deps.nameOf(url)
    return { address, userAgent, ...(destination === undefined ? {} : { destination }) }
  }

  const proceed = async (draft: Draft, user: User, visit: Visit, save: Save): Promise<Outcome> => {
    const step = await stepOf(draft, user, visit)
    if (step.ask === 'identify') return { kind: 'restart' }
    if (step.ask === 'impossible') {
      return step.because === 'unusual'
        ? caution.refuse(user, visit, draft.risk)
        : impossible(step.because, draft, user)
    }
    if (step.ask === 'nothing') return signIn(draft, step.proof, user, visit)
    if (isFrozen(user) && (await isClosedTo(step, user))) return impossible('frozen', draft, user)
    const attempt = await save(await noted(step, draft, user, visit))
    if (!attempt) return { kind: 'restart' }
    // A message goes out only now, that there is a page on which it can be answered.
    if (step.ask === 'prove') await put(step.credential, attempt, user, visit)
    return { kind: 'continue', attemptId: attempt.id }
  }

  /** What the attempt remembers of a step. */
  const noted = async (step: Step, draft: Draft, user: User, visit: Visit) => {
    if (step.ask === 'enroll') return enrollFirst(step.kinds, draft, user, visit)
    // What is asked stays so, whatever is used elsewhere meanwhile: a passkey that confirms the very
    // approval that this waits for would else be proposed in its place.
    return step.ask === 'prove' ? { chosen: step.credential.id } : {}
  }

  /** A closed account lets nothing be changed; a password that was taken away is none. */
  const isClosedTo = async ({ ask }: Step, { id }: User): Promise<boolean> =>
    ask === 'enroll' || (ask === 'new_password' && (await deps.hasPassword(id)))

  /** Where the person lacks something that may be set up on the account page, it is said what. */
  const impossible = (because: Because, { requirement, returnTo }: Draft, user: User): Outcome => {
    const isLacking = because === 'no_suitable_factor' && !isFrozen(user)
    const offers = isLacking ? suitableKinds(requirement, factors) : []
    return { kind: 'impossible', user, because, returnTo, offers }
  }

  const isFrozen = (user: User) => isClosed(user, clock.now())

  /** Where there is nothing to choose and nothing to ask, the enrollment has begun already. */
  const enrollFirst = async (kinds: readonly string[], draft: Draft, user: User, visit: Visit) => {
    const [kind, ...more] = kinds
    if (kind === undefined || more.length > 0 || factors.get(kind)?.needs) return {}
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
    const { remember, risk } = draft
    // Whoever was signed in here before, this person or another, is so no longer.
    const replaces = signedIn ? { replaces: signedIn.session.id } : {}
    const start = { userId: user.id, proof, remember, address, userAgent, risk, ...replaces }
    const issued = await deps.sessions.issue({ ...start, ...versionOf(draft) })
    if (!issued) return { kind: 'restart' }
    const { token, session } = issued
    const used = await usedIn(proof, user)
    const proved = new Set(draft.proved.map(({ credentialId }) => credentialId))
    // Disabled, closed off or removed at this very moment, by somebody who then ended the sessions that
    // were there: this one may not have been among them.
    const now = deps.sessions.living(session.id)
    const isClosedOff = now !== undefined && isFrozen(now.user) && !isFrozen(user)
    if (!now || isClosedOff || draft.proved.some((given) => isGone(given, used))) {
      await deps.sessions.revoke(session.id)
      return { kind: 'restart' }
    }
    const isNewDevice = !(await deps.devices.knows(user.id, sha256(browser)))
    await deps.devices.remember(user.id, sha256(browser), clock.now())
    caution.learn(user, visit)
    const byLastResort = used.some(
      ({ id, kind }) => proved.has(id) && factors.get(kind)?.lastResort === true,
    )
    deps.audit.record({
      name: 'login.succeeded',
      userId: user.id,
      sessionId: session.id,
      address,
      details: {
        aal: proof.aal,
        amr: proof.amr.join(' '),
        newDevice: isNewDevice,
        factors: [...new Set(used.map(({ kind }) => kind))].join(' '),
        lastResort: byLastResort,
        browser: browserInWords(userAgent),
        ...caution.detailsOf(risk),
      },
    })
    return {
      kind: 'done',
      returnTo: draft.returnTo,
      token,
      remember,
      ...(byLastResort ? { advice: 'enroll_anew' } : {}),
    }
  }

  /** The authenticators that gave a proof, as far as they are still there and nobody disowned them. */
  const usedIn = async ({ by = [] }: Proof, user: User): Promise<Credential[]> =>
    (await enrolled(user.id)).filter(
      ({ id, contestedAt }) => by.includes(id) && contestedAt === undefined,
    )

  return { stepOf, requirementFor, raised, proceed, signIn, put, aboutOf, isFrozen }
}

/** Codes by mail are set up for the account's own address alone, so nobody without one begins with them. */
const openTo = ({ email }: User, factors: Factors): Situation['factors'] =>
  email !== undefined
    ? factors
    : new Map(
        [...factors].map(([kind, factor]) =>
          factor.needs === 'email' ? [kind, { ...factor, enrollable: 'later' }] : [kind, factor],
        ),
      )

/** Is the authenticator that gave a proof not there any more? A pass is used up by its proof. */
const isGone = ({ credentialId, temporary }: GivenProof, used: readonly Credential[]): boolean =>
  credentialId !== undefined && !temporary && !used.some(({ id }) => id === credentialId)

type Because = Extract<Outcome, { kind: 'impossible' }>['because']

/** What the questions of an attempt are bound to. */
export const bindingOf = ({ id }: Pick<Attempt, 'id'>): string => `attempt/${id}`
