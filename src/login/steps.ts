import type { UnixSeconds } from '../base/clock.ts'
import type { GivenProof } from '../model/attempt.ts'
import type { Requirement } from '../model/decision.ts'
import type { Credential } from '../model/factor.ts'
import type { Aal, Proof, Session } from '../model/session.ts'
import { satisfies } from '../policy/decide.ts'

/** Why something is asked. */
export type Reason = 'nobody_yet' | 'level_too_low' | 'too_old' | 'no_factor'

/** What a person is asked next. */
export type Step =
  | { ask: 'identify'; reason: Reason }
  | { ask: 'password'; reason: Reason }
  | { ask: 'prove'; credential: Credential; reason: Reason }
  | { ask: 'enroll'; kind: string; reason: Reason }
  /** Nothing the person has, or may enroll here, can ever be enough. */
  | { ask: 'impossible'; because: 'no_suitable_factor' | 'factor_disabled' }
  | { ask: 'nothing'; proof: Proof }

/** All that the next step depends on. */
export interface Situation {
  requirement: Requirement
  /** The browser's living session, if it belongs to the person who signs in. */
  session?: Session
  /** A password proved longer ago than this, in that session, is asked for again. */
  passwordMaxAgeSeconds: number
  /** Proofs given in this attempt. */
  proved: readonly GivenProof[]
  /** The person's authenticators whose factor is switched on, in any state. */
  credentials: readonly Credential[]
  /** Factors by kind. */
  factors: ReadonlyMap<string, { phishingResistant: boolean; amr: string }>
  now: UnixSeconds
}

/**
 * What is asked next, and why: the whole policy of signing in, without a clock, a store or a server.
 *
 * A person is never asked to enroll while they have an authenticator, whatever its state: else a
 * password alone would be enough to bind a new one.
 */
export function nextStep(situation: Situation): Step {
  const { requirement, session, proved } = situation
  const proofs = proofsOf(situation)
  const enough = proofs.find((proof) => isEnough(proof, situation))
  if (enough) return { ask: 'nothing', proof: enough }
  if (!session && proved.length === 0) return { ask: 'identify', reason: 'nobody_yet' }

  const tooOld = proofs.some(({ aal }) => aal >= requirement.aal)
  const reason = tooOld ? 'too_old' : 'level_too_low'
  const missing = missingMethods(situation)
  // Where the session has two factors, a password alone would renew neither.
  const needsSecond = requirement.aal === 2 || session?.aal === 2 || missing !== undefined
  if (!passwordCounts(situation) || missing?.includes('pwd') || !needsSecond) {
    return { ask: 'password', reason }
  }
  return secondStep(situation, missing, reason)
}

function secondStep(
  { requirement, credentials, factors }: Situation,
  missing: readonly string[] | undefined,
  reason: Reason,
): Step {
  const suits = ({ kind }: { kind: string }) => {
    const factor = factors.get(kind)
    if (!factor || (requirement.phishingResistant && !factor.phishingResistant)) return false
    return missing?.includes(factor.amr) ?? true
  }
  const bound = credentials.filter(({ state }) => state !== 'pending')
  const active = bound.filter(({ state }) => state === 'active')

  // The one used last comes first: it is the one at hand.
  const [credential] = active
    .filter(suits)
    .sort((a, b) => (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0))
  if (credential) return { ask: 'prove', credential, reason }
  if (active.length > 0) return { ask: 'impossible', because: 'no_suitable_factor' }
  if (bound.length > 0) return { ask: 'impossible', because: 'factor_disabled' }

  const kind = [...factors.keys()].find((candidate) => suits({ kind: candidate }))
  return kind === undefined
    ? { ask: 'impossible', because: 'no_suitable_factor' }
    : { ask: 'enroll', kind, reason: 'no_factor' }
}

/** The methods of which one is still to be used; `undefined` when none is asked for or one was used. */
function missingMethods(situation: Situation): readonly string[] | undefined {
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
export function proofsOf({ session, proved }: Pick<Situation, 'session' | 'proved'>): Proof[] {
  if (!session && proved.length === 0) return []
  const before = session?.amr ?? []
  const given = proved.map(({ amr }) => amr)
  const second = proved.filter(({ amr }) => amr !== 'pwd')
  const resistant = second.some(({ phishingResistant }) => phishingResistant)
  const wasResistant = session?.phishingResistant ?? false
  const wasAt = session?.authenticatedAt ?? 0

  if (second.length === 0) {
    // A password typed a moment ago does not make a second factor of this morning fresh.
    const aal = session?.aal === 2 ? 2 : 1
    const at = aal === 2 ? wasAt : Math.max(wasAt, newest(proved))
    return [proofBy(aal, [...before, ...given], wasResistant, at)]
  }
  if (session?.aal !== 2) return [proofBy(2, [...before, ...given], resistant, newest(second))]

  const password = before.filter((method) => method === 'pwd')
  const anew = proofBy(2, [...password, ...given], resistant, newest(second))
  const joined = proofBy(2, [...before, ...given], resistant || wasResistant, wasAt)
  return joined.amr.length === anew.amr.length ? [anew] : [joined, anew]
}

function proofBy(aal: Aal, methods: string[], phishingResistant: boolean, at: UnixSeconds): Proof {
  const amr = new Set(aal === 2 ? [...methods, 'mfa'] : methods)
  return { aal, phishingResistant, amr: [...amr], authenticatedAt: at }
}

const newest = (proved: readonly GivenProof[]): UnixSeconds =>
  Math.max(0, ...proved.map(({ at }) => at))

function isEnough(proof: Proof, { requirement, ...situation }: Situation): boolean {
  if (!satisfies(proof, requirement, situation.now)) return false
  // A second factor stands for two only beside a password.
  return proof.aal < 2 || situation.session?.aal === 2 || passwordCounts(situation)
}

function passwordCounts({
  session,
  proved,
  passwordMaxAgeSeconds,
  now,
}: Pick<Situation, 'session' | 'proved' | 'passwordMaxAgeSeconds' | 'now'>): boolean {
  if (proved.some(({ amr }) => amr === 'pwd')) return true
  return session !== undefined && now - session.authenticatedAt <= passwordMaxAgeSeconds
}
