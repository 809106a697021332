import type { UnixSeconds } from '../base/clock.ts'
import type { GivenProof } from '../model/attempt.ts'
import type { Requirement } from '../model/decision.ts'
import type { Credential, Worth } from '../model/factor.ts'
import type { Aal, Proof, Session } from '../model/session.ts'
import { satisfies } from '../policy/decide.ts'

/** Why something is asked. */
export type Reason = 'nobody_yet' | 'level_too_low' | 'too_old' | 'no_factor' | 'lost_factor'

/** What a person is asked next. */
export type Step =
  | { ask: 'identify'; reason: Reason }
  /** `ways`: authenticators that do instead of the password, and of all else. */
  | { ask: 'password'; reason: Reason; ways: readonly Credential[] }
  | {
      ask: 'prove'
      credential: Credential
      reason: Reason
      /** All that would do as well, the proposed one among them, the best at hand first. */
      ways: readonly Credential[]
      /** May a password be typed instead, with more to come? */
      orPassword: boolean
    }
  /** `kinds`: what would do, the recommended one first. */
  | { ask: 'enroll'; kinds: readonly string[]; reason: Reason }
  /** Nothing the person has, or may enroll here, can ever be enough. */
  | {
      ask: 'impossible'
      because:
        | 'no_suitable_factor'
        | 'factor_disabled'
        | 'factor_contested'
        | 'unusual'
        | 'needs_pass'
    }
  /** The privacy notice comes first; `again`: there was an older one that they agreed to. */
  | { ask: 'notice'; version: string; again: boolean }
  /** All is proved that it takes to choose a new password. */
  | { ask: 'new_password' }
  | { ask: 'nothing'; proof: Proof }

/** What is known of a kind of factor. */
export interface Kind {
  kind: string
  best: Worth
  rank: number
  enrollable: 'first' | 'later' | 'by_application' | 'never'
  lastResort?: boolean
  needs?: 'email' | 'phone'
  worthOf(credential: Credential): Worth
  isSpent?(credential: Credential): boolean
}

/** All that the next step depends on. */
export interface Situation {
  requirement: Requirement
  /** The browser's living session, if it belongs to the person who signs in. */
  session?: Session
  /** A password proved longer ago than this, in that session, is asked for again. */
  passwordMaxAgeSeconds: number
  /** Proofs given in this attempt. */
  proved: readonly GivenProof[]
  /** The person's authenticators, in any state. Those whose kind does not count are passed over. */
  credentials: readonly Credential[]
  /** Factors that are switched on and count as a second one, by kind. */
  factors: ReadonlyMap<string, Kind>
  /** The way that the person has chosen: a credential's id, or `password`. */
  chosen?: string
  /** A link in a mail was followed: what else does it take to choose a new password? */
  goal?: 'new_password'
  /** So unlike the person that a password alone must bind nothing new. */
  unusual?: boolean
  /** Does it take a pass from an administrator to enroll the very first authenticator? */
  firstNeedsPass?: boolean
  now: UnixSeconds
}

/**
 * What is asked next, and why: the whole policy of signing in, without a clock, a store or a server.
 *
 * A person is never asked to enroll while they have an authenticator, whatever its state: else a
 * password alone would be enough to bind a new one. Only a pass from an administrator opens that way.
 */
export function nextStep(situation: Situation): Step {
  if (situation.goal === 'new_password') return newPasswordStep(situation)
  const { requirement, session, proved } = situation
  const proofs = proofsOf(situation)
  const enough = proofs.find((proof) => isEnough(proof, situation))
  if (enough) return { ask: 'nothing', proof: enough }
  if (!session && proved.length === 0) return { ask: 'identify', reason: 'nobody_yet' }
  const missing = missingMethods(situation)
  if (isPassedIn(proved)) return enroll(situation, missing, 'lost_factor')

  const tooOld = proofs.some(({ aal }) => aal >= requirement.aal)
  const reason = tooOld ? 'too_old' : 'level_too_low'
  // Where the session has two factors, a password alone would renew neither.
  const needsSecond = requirement.aal === 2 || session?.aal === 2 || missing !== undefined
  if (missing?.includes('pwd') || !needsSecond) {
    return { ask: 'password', reason, ways: waysOf(situation, missing).filter(isAlone(situation)) }
  }
  return passwordCounts(situation)
    ? secondStep(situation, missing, reason)
    : firstStep(situation, missing, reason)
}

/** Whoever has an authenticator proves it here as well: a mailbox alone opens no account that has two factors. */
function newPasswordStep(situation: Situation): Step {
  if (situation.proved.some(({ temporary }) => !temporary)) return { ask: 'new_password' }
  const isLasting = ({ kind }: Credential) => !situation.factors.get(kind)?.best.temporary
  // The link has come to a mailbox already, and a code that goes there says nothing more.
  const isElsewhere = ({ kind }: Credential) => situation.factors.get(kind)?.needs !== 'email'
  const lasting = known(situation).filter((it) => it.state !== 'pending' && isLasting(it))
  const counts = lasting.some(isElsewhere) ? isElsewhere : () => true
  const ways = waysOf(situation, undefined).filter((it) => isLasting(it) && counts(it))
  const credential = ways.find(({ id }) => id === situation.chosen) ?? ways[0]
  if (credential) {
    return { ask: 'prove', credential, reason: 'level_too_low', ways, orPassword: false }
  }
  return known(situation).some((it) => it.state === 'disabled' && isLasting(it))
    ? { ask: 'impossible', because: disabledIn(situation) }
    : { ask: 'new_password' }
}

/** A password, or an authenticator that makes one needless. */
function firstStep(situation: Situation, missing: Methods, reason: Reason): Step {
  // One that answered already, and turned out not to do alone, wants the password beside it.
  const isGiven = ({ id }: Credential) => situation.proved.some((it) => it.credentialId === id)
  const ways = waysOf(situation, missing).filter((it) => isAlone(situation)(it) && !isGiven(it))
  const credential = ways.find(({ id }) => id === situation.chosen) ?? ways[0]
  return !credential || situation.chosen === 'password'
    ? { ask: 'password', reason, ways }
    : { ask: 'prove', credential, reason, ways, orPassword: true }
}

function secondStep(situation: Situation, missing: Methods, reason: Reason): Step {
  const ways = waysOf(situation, missing)
  const credential = ways.find(({ id }) => id === situation.chosen) ?? ways[0]
  if (credential) return { ask: 'prove', credential, reason, ways, orPassword: false }

  const bound = known(situation).filter(({ state }) => state !== 'pending')
  // Of the authenticators that are asked for by name, none is left that counts.
  if (situation.requirement.by) return { ask: 'impossible', because: disabledIn(situation) }
  if (bound.some(({ state }) => state === 'active'))
    return { ask: 'impossible', because: 'no_suitable_factor' }
  if (bound.length > 0) return { ask: 'impossible', because: disabledIn(situation) }
  if (situation.unusual) return { ask: 'impossible', because: 'unusual' }
  if (situation.firstNeedsPass) return { ask: 'impossible', because: 'needs_pass' }
  return enroll(situation, missing, 'no_factor')
}

/** Kinds of which one more would be enough, the recommended one first. */
export function suitableKinds(
  requirement: Requirement,
  factors: Situation['factors'],
): readonly string[] {
  return [...factors.values()]
    .filter(({ enrollable, best }) => {
      return (
        (enrollable === 'first' || enrollable === 'later') &&
        suits(best, requirement, requirement.methods)
      )
    })
    .sort((a, b) => b.rank - a.rank)
    .map(({ kind }) => kind)
}

function enroll({ requirement, factors }: Situation, missing: Methods, reason: Reason): Step {
  const kinds = [...factors.values()]
    .filter(({ enrollable, best }) => enrollable === 'first' && suits(best, requirement, missing))
    .sort((a, b) => b.rank - a.rank)
    .map(({ kind }) => kind)
  return kinds.length > 0
    ? { ask: 'enroll', kinds, reason }
    : { ask: 'impossible', because: 'no_suitable_factor' }
}

/** Authenticators that would do. The one used last comes first: it is the one at hand. */
function waysOf(situation: Situation, missing: Methods): Credential[] {
  const { requirement, factors } = situation
  const isLast = ({ kind }: Credential) => Number(factors.get(kind)?.lastResort ?? false)
  return known(situation)
    .filter(({ state }) => state === 'active')
    .filter((it) => {
      const kind = factors.get(it.kind)
      if (kind?.isSpent?.(it)) return false
      const worth = kind?.worthOf(it)
      if (worth === undefined) return false
      const isAdmitted = requirement.by?.includes(it.id) ?? true
      return worth.temporary || (isAdmitted && suits(worth, requirement, missing))
    })
    .sort((a, b) => isLast(a) - isLast(b) || (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0))
}

/** Was it too many wrong answers, or has somebody said that it is not theirs? */
const disabledIn = (situation: Situation) =>
  known(situation).some(({ contestedAt }) => contestedAt !== undefined)
    ? 'factor_contested'
    : 'factor_disabled'

const known = ({ credentials, factors }: Situation) =>
  credentials.filter(({ kind }) => factors.has(kind))

const isAlone =
  ({ factors }: Situation) =>
  (credential: Credential): boolean =>
    factors.get(credential.kind)?.worthOf(credential).alone ?? false

const suits = (worth: Worth, { phishingResistant }: Requirement, missing: Methods): boolean =>
  (!phishingResistant || worth.phishingResistant) &&
  (missing?.some((method) => worth.amr.includes(method)) ?? true)

/** The methods of which one is still to be used; `undefined` when none is asked for or one was used. */
type Methods = readonly string[] | undefined

function missingMethods(situation: Situation): Methods {
  const { requirement, now } = situation
  const { methods, maxAgeSeconds = Number.POSITIVE_INFINITY } = requirement
  // What was proved long ago does not count where a fresh proof is asked for.
  const fresh = proofsOf(situation).filter((proof) => now - proof.authenticatedAt <= maxAgeSeconds)
  const used = methods?.some((method) => fresh.some(({ amr }) => amr.includes(method)))
  return used ? undefined : methods
}

/**
 * What session and attempt prove; the first one that is enough counts. A second factor given anew stands
 * by itself, or joins that of the session and is then no newer than it: a passkey of this morning and a
 * code of this minute are no passkey of this minute.
 *
 * @returns Nothing while nothing is proved.
 */
export function proofsOf({ session, proved: all }: Pick<Situation, 'session' | 'proved'>): Proof[] {
  // A pass opens the way to an authenticator, and proves nothing itself.
  const proved = all.filter(({ temporary }) => !temporary)
  if (!session && proved.length === 0) return []
  const before = { amr: session?.amr ?? [], by: session?.by ?? [] }
  const given = usedIn(proved)
  const second = proved.filter((proof) => !isPassword(proof))
  const resistant = second.some(({ phishingResistant }) => phishingResistant)
  const wasResistant = session?.phishingResistant ?? false
  const wasAt = session?.authenticatedAt ?? 0

  if (second.length === 0) {
    // A password typed a moment ago does not make a second factor of this morning fresh.
    const aal = session?.aal === 2 ? 2 : 1
    const at = aal === 2 ? wasAt : Math.max(wasAt, newest(proved))
    return [proofBy(aal, both(before, given), wasResistant, at)]
  }
  if (session?.aal !== 2) {
    return [proofBy(2, both(before, given), resistant, newest(second))]
  }

  const password = { amr: before.amr.filter((method) => method === 'pwd'), by: [] }
  const anew = proofBy(2, both(password, given), resistant, newest(second))
  const joined = proofBy(2, both(before, given), resistant || wasResistant, wasAt)
  return joined.amr.length === anew.amr.length ? [anew] : [joined, anew]
}

/** Methods, and the authenticators that they were used with. */
interface Used {
  amr: readonly string[]
  by: readonly string[]
}

const usedIn = (proved: readonly GivenProof[]): Used => ({
  amr: proved.flatMap(({ amr }) => amr),
  by: proved.flatMap(({ credentialId }) => credentialId ?? []),
})

const both = (one: Used, other: Used): Used => ({
  amr: [...one.amr, ...other.amr],
  by: [...new Set([...one.by, ...other.by])],
})

function proofBy(aal: Aal, used: Used, phishingResistant: boolean, at: UnixSeconds): Proof {
  const amr = new Set(aal === 2 ? [...used.amr, 'mfa'] : used.amr)
  const by = used.by.length === 0 ? {} : { by: used.by }
  return { aal, phishingResistant, amr: [...amr], authenticatedAt: at, ...by }
}

const isPassword = ({ amr }: Pick<GivenProof, 'amr'>): boolean => amr.includes('pwd')

const newest = (proved: readonly GivenProof[]): UnixSeconds =>
  Math.max(0, ...proved.map(({ at }) => at))

/** Did a pass open this attempt, and is the new authenticator still to come? */
const isPassedIn = (proved: readonly GivenProof[]): boolean =>
  proved.some(({ temporary }) => temporary) && !proved.some(({ enrolled }) => enrolled)

function isEnough(proof: Proof, situation: Situation): boolean {
  const { requirement, session, proved, now } = situation
  // One that a pass has just bound is none of those that were there before.
  const { by: _, ...unnamed } = requirement
  const asked = proved.some(({ enrolled }) => enrolled) ? unnamed : requirement
  if (!satisfies(proof, asked, now) || isPassedIn(proved)) return false
  // A second factor stands for two only beside a password, unless it is two by itself.
  if (proof.aal < 2 || session?.aal === 2) return true
  return proved.some(({ alone }) => alone) || passwordCounts(situation)
}

function passwordCounts({ session, proved, passwordMaxAgeSeconds, now }: Situation): boolean {
  if (proved.some(isPassword)) return true
  return session !== undefined && now - session.authenticatedAt <= passwordMaxAgeSeconds
}
