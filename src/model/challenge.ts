import type { UnixSeconds } from '../base/clock.ts'

/** Where one question stands. All but `pending` are final. */
export type ChallengeState =
  | 'pending'
  | 'verified'
  | 'denied'
  | 'expired'
  | 'exhausted'
  | 'canceled'
  | 'superseded'

/** How far the message of a challenge has come. */
export type DeliveryState = 'none' | 'waiting' | 'sent' | 'failed'

/** One question to one person, with an expiry, answered once. */
export interface Challenge {
  id: string
  userId: string
  credentialId: string
  kind: string
  /** What it belongs to and with whom it must come back: `attempt/<id>`, `account/<session>`, `api/<application>`. */
  boundTo: string
  state: ChallengeState
  /** Only the factor reads it, through its own schema. Sealed at rest. */
  data: unknown
  /** What the person is told about it on another device. */
  about: ChallengeAbout
  /** What the right answer has proved, once it has come; kept with `data`. */
  proved?: ChallengeProof
  failures: number
  /** Messages sent so far. */
  sends: number
  delivery: DeliveryState
  /** What the service that has taken the last message calls it. */
  reference?: string
  /** A message may be sent again from here on. */
  resendAt: UnixSeconds
  createdAt: UnixSeconds
  expiresAt: UnixSeconds
  /** Rises at every change; a change made from an older one is refused. */
  version: number
}

/** How a question was answered, and by which credential. */
export interface ChallengeProof {
  credentialId: string
  amr: readonly string[]
  at: UnixSeconds
}

/** Who asks, from where, for what. */
export interface ChallengeAbout {
  address: string
  userAgent: string
  /** The application or page on the way to which it is asked. */
  destination?: string
  /** Where the person is, as the application says by which it is asked; absent where it says nothing. */
  place?: string
  /** What the person agrees to by the answer; signed with it. */
  details?: ChallengeDetails
  /** Where the application wants word of its end. */
  webhook?: string
}

/** Something to agree to, in the words of the application that asks. */
export interface ChallengeDetails {
  title: string
  fields?: readonly { name: string; value: string }[] | undefined
  amount?: { value: string; currency: string } | undefined
}
