import type { UnixSeconds } from '../base/clock.ts'
import type { GivenProof } from '../model/attempt.ts'
import type { Requirement } from '../model/decision.ts'
import type { Credential } from '../model/factor.ts'
import type { Aal, Proof, Session } from '../model/session.ts'

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
  factors: ReadonlyMap<string, { phishingResistant: boolean }>
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
  const proof = proofOf(situation)
  if (proof && isEnough(proof, situation)) return { ask: 'nothing', proof }
  if (!session && proved.length === 0) return { ask: 'identify', reason: 'nobody_yet' }

  const tooOld = proof !== undefined && proof.aal >= requirement.aal
  const reason = tooOld ? 'too_old' : 'level_too_low'
  if (requirement.aal === 1 || !passwordCounts(situation)) return { ask: 'password', reason }
  return secondStep(situation, reason)
}

function secondStep({ requirement, credentials, factors }: Situation, reason: Reason): Step {
  const suits = ({ kind }: { kind: string }) =>
    !requirement.phishingResistant || factors.get(kind)?.phishingResistant === true
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

/** What session and attempt prove together; `undefined` while that is nothing. */
export function proofOf({
  session,
  proved,
}: Pick<Situation, 'session' | 'proved'>): Proof | undefined {
  if (!session && proved.length === 0) return undefined
  const amr = new Set([...(session?.amr ?? []), ...proved.map((proof) => proof.amr)])
  const second = proved.some((proof) => proof.amr !== 'pwd')
  const aal: Aal = second || session?.aal === 2 ? 2 : 1
  if (aal === 2) amr.add('mfa')
  return {
    aal,
    phishingResistant:
      proved.some((proof) => proof.phishingResistant) || (session?.phishingResistant ?? false),
    amr: [...amr],
    authenticatedAt: Math.max(
      newest(aal, proved),
      session?.aal === aal ? session.authenticatedAt : 0,
    ),
  }
}

// A password typed a moment ago does not make a second factor of this morning fresh.
const newest = (aal: Aal, proved: readonly GivenProof[]): UnixSeconds =>
  Math.max(0, ...proved.filter(({ amr }) => aal === 1 || amr !== 'pwd').map(({ at }) => at))

function isEnough(proof: Proof, { requirement, now, ...situation }: Situation): boolean {
  const { aal, phishingResistant, maxAgeSeconds } = requirement
  if (proof.aal < aal || (phishingResistant && !proof.phishingResistant)) return false
  if (maxAgeSeconds !== undefined && now - proof.authenticatedAt > maxAgeSeconds) return false
  // A second factor stands for two only beside a password.
  return proof.aal < 2 || situation.session?.aal === 2 || passwordCounts({ ...situation, now })
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
