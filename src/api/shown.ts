import { renderSVG } from 'uqr'
import type { UnixSeconds } from '../base/clock.ts'
import type { Factor } from '../factors/contract.ts'
import type { Enrollment } from '../login/enrollments.ts'
import type { Challenge, ChallengeDetails } from '../model/challenge.ts'
import type { Credential, EnrollmentOffer, Prompt } from '../model/factor.ts'

/** Things as the API shows them. */

export const rfc3339 = (at: UnixSeconds): string =>
  `${new Date(at * 1000).toISOString().slice(0, 19)}Z`

export const shownFactor = (credential: Credential, factor: Factor | undefined) => ({
  id: credential.id,
  type: credential.kind,
  label: credential.label,
  status: credential.state,
  facts: [...(factor?.facts(credential) ?? [])],
  created_at: rfc3339(credential.createdAt),
  ...(credential.lastUsedAt === undefined ? {} : { last_used_at: rfc3339(credential.lastUsedAt) }),
})

/** An enrollment that was begun lasts no longer than this. */
export const ENROLLMENT_SECONDS = 600

export const shownEnrollment = ({ credential, challenge, offer }: Enrollment, userId: string) => ({
  id: credential.id,
  user_id: userId,
  type: credential.kind,
  status: 'pending' as const,
  ...shownOffer(offer),
  ...(challenge && offer.show === 'sent' ? { delivery: challenge.delivery } : {}),
  created_at: rfc3339(credential.createdAt),
  expires_at: rfc3339(challenge?.expiresAt ?? credential.createdAt + ENROLLMENT_SECONDS),
})

function shownOffer(offer: EnrollmentOffer) {
  switch (offer.show) {
    case 'secret':
      return {
        secret: offer.secret,
        uri: offer.uri,
        qr_code: renderSVG(offer.uri, { ecc: 'M', border: 2 }),
      }
    case 'sent':
      return { sent_to: offer.to }
    case 'authenticator':
      return { options: { ...offer.options } }
    case 'link':
      return { link: offer.url }
    case 'codes':
      return { codes: [...offer.codes] }
  }
}

/** Numbers that a challenge begins with. */
export interface ChallengeNumbers {
  tries: number
  sends: number
}

/** How often, and until when. */
export const shownNumbers = (
  challenge: Challenge,
  factor: Factor | undefined,
  { tries, sends, now }: ChallengeNumbers & { now: UnixSeconds },
) => ({
  attempts_left: isOver(challenge) ? 0 : Math.max(0, tries - challenge.failures),
  resends_left: mayBeSent(challenge, factor) ? Math.max(0, sends - challenge.sends) : 0,
  retry_after: mayBeSent(challenge, factor) ? Math.max(0, challenge.resendAt - now) : 0,
  expires_at: rfc3339(challenge.expiresAt),
})

const isOver = ({ state }: Challenge) => state !== 'pending'
/** One whose time is up may be sent anew. */
const mayBeSent = ({ state }: Challenge, factor: Factor | undefined) =>
  factor?.sends === true && (state === 'pending' || state === 'expired')

export function shownChallenge(
  challenge: Challenge,
  {
    factor,
    credential,
    userId,
    now,
  }: {
    /** Absent when they are gone. */
    factor?: Factor
    credential?: Credential
    userId: string
    now: UnixSeconds
  },
  numbers: ChallengeNumbers,
) {
  const { details } = challenge.about
  return {
    id: challenge.id,
    user_id: userId,
    factor: challenge.credentialId,
    type: challenge.kind,
    state: challenge.state,
    ...(factor && credential ? shownPrompt(factor.prompt({ credential, challenge })) : {}),
    delivery: challenge.delivery,
    ...(details ? { details: shownDetails(details) } : {}),
    ...shownNumbers(challenge, factor, { ...numbers, now }),
    created_at: rfc3339(challenge.createdAt),
  }
}

const shownPrompt = (prompt: Prompt) => ({
  prompt: prompt.ask,
  ...(prompt.ask === 'code' && prompt.sentTo !== undefined ? { sent_to: prompt.sentTo } : {}),
  ...(prompt.ask === 'authenticator' ? { options: { ...prompt.options } } : {}),
  ...(prompt.ask === 'approval' ? { number: prompt.number } : {}),
})

/** Exactly what is signed: nothing is added, and nothing left out. */
const shownDetails = ({ fields, ...details }: ChallengeDetails) => ({
  ...details,
  ...(fields === undefined ? {} : { fields: [...fields] }),
})

/** What is the same about a challenge from its beginning to its end. */
export const shownInBrief = (challenge: Challenge, userId: string) => ({
  id: challenge.id,
  user_id: userId,
  factor: challenge.credentialId,
  type: challenge.kind,
  ...(challenge.about.details ? { details: challenge.about.details } : {}),
  created_at: rfc3339(challenge.createdAt),
})
