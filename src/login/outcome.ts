import type { Factor } from '../factors/contract.ts'
import type { Attempt } from '../model/attempt.ts'
import type { Challenge } from '../model/challenge.ts'
import type { Credential, EnrollmentOffer, Prompt, VerdictReason } from '../model/factor.ts'
import type { SignedIn } from '../model/session.ts'
import type { User } from '../model/user.ts'
import type { Checked } from './guess.ts'
import type { Reason } from './steps.ts'

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

/** What a person does on a page of the sign-in; every text may be hostile. */
export type Answer =
  | { kind: 'password'; name: string; password: string; remember: boolean }
  /** A code as typed, or JSON that a script made of an authenticator's answer. */
  | { kind: 'proof'; text: string }
  /** Another way to prove it: a credential's id, or `password`. */
  | { kind: 'way'; id: string }
  /** What to enroll, and for what target where the factor needs one; another kind than any gives the choice back. */
  | { kind: 'enroll'; factor: string; target?: string }
  | { kind: 'resend' }
  | { kind: 'new_password'; password: string }
  /** To the privacy notice of this version. */
  | { kind: 'agree'; version: string }

/** Why an answer did not count. */
export type Problem =
  | {
      kind: VerdictReason | 'exhausted'
      triesLeft?: number
      /** It was an authenticator's answer to the sign-in page. */
      key?: boolean
      /** The handle in that answer, where nobody has such an authenticator. */
      unknown?: string
    }
  /** `sending`: it is a message that has to wait. */
  | { kind: 'wait'; seconds: number; sending?: boolean }
  /** Something that was typed cannot be used, and why. */
  | { kind: 'unusable'; message: string }

/** What the person is told of an answer that did not count. */
export const problemOf = (checked: Extract<Checked, { ok: false }>): AnswerProblem =>
  checked.reason === 'throttled'
    ? { kind: 'wait', seconds: checked.seconds }
    : { kind: checked.reason }

type AnswerProblem = { kind: VerdictReason | 'exhausted' } | { kind: 'wait'; seconds: number }

/** An authenticator that would do as well. */
export interface Way {
  credential: Credential
  factor: Factor
}

/** Where an approval stands that is waited for. */
export type Standing = 'pending' | 'approved' | 'denied' | 'expired'

/** A question, with all that its page shows. */
export type Question =
  /** `passkey`: options with which a browser offers the passkeys it has. */
  | { ask: 'identify'; passkey?: object }
  | { ask: 'password'; attempt: Attempt; user: User; reason: Reason; ways: readonly Way[] }
  | {
      ask: 'prove'
      attempt: Attempt
      user: User
      reason: Reason
      factor: Factor
      credential: Credential
      prompt: Prompt
      /** Absent where the factor has none, or nothing could be sent. */
      challenge?: Challenge
      standing: Standing
      /** Other authenticators that would do. */
      ways: readonly Way[]
      orPassword: boolean
    }
  /** The privacy notice of this version. `again`: they agreed to an older one. */
  | { ask: 'notice'; attempt: Attempt; user: User; version: string; again: boolean }
  /** What the new password shall be. */
  | { ask: 'new_password'; attempt: Attempt; user: User }
  /** Which kind to enroll, the recommended one first. */
  | { ask: 'choose'; attempt: Attempt; user: User; reason: Reason; factors: readonly Factor[] }
  /** Where codes are to go. */
  /** `typed`: what could not be used. */
  | {
      ask: 'target'
      attempt: Attempt
      user: User
      factor: Factor
      typed?: string | undefined
    }
  | {
      ask: 'enroll'
      attempt: Attempt
      user: User
      factor: Factor
      offer: EnrollmentOffer
      challenge?: Challenge
      /** Are there other kinds to choose from? */
      orOthers: boolean
    }

export type Outcome =
  | { kind: 'question'; question: Question; returnTo: string; problem?: Problem }
  /** Go on at the page of this attempt. */
  | { kind: 'continue'; attemptId: string }
  /** The attempt is over or was never this browser's: begin again, with the same destination. */
  | { kind: 'restart' }
  /** The password is changed, and everybody signed out: sign in with it. */
  | { kind: 'changed'; user: User }
  /** The last try was wrong. */
  | { kind: 'exhausted' }
  /** Somebody said on another device that this was not them. */
  | { kind: 'denied' }
  /** Too unusual to be let in; the number is for whoever runs the site. */
  | { kind: 'refused'; reference: string }
  /** Nothing that this person has here can be enough. */
  | {
      kind: 'impossible'
      user: User
      because:
        | 'no_suitable_factor'
        | 'factor_disabled'
        | 'factor_contested'
        | 'needs_pass'
        | 'frozen'
      returnTo: string
      /** Kinds that would be enough, the recommended one first: on the account page they can be set up. */
      offers: readonly string[]
    }
  /** Signed in. `token` is absent when the browser was signed in already. */
  | {
      kind: 'done'
      returnTo: string
      token?: string
      remember: boolean
      /** Something to be shown on the way: what was used runs out. */
      advice?: 'enroll_anew'
    }
