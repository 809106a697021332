import type { UnixSeconds } from '../base/clock.ts'
import type { Requirement } from './decision.ts'
import type { Worth } from './factor.ts'
import type { Assessment } from './risk.ts'

/** A sign-in on its way: somebody gave a right password or is signed in, and more is asked. */
export interface Attempt {
  id: string
  /** SHA-256 of the secret in the browser's own cookie: no other browser can go on with it. */
  browserHash: Uint8Array
  userId: string
  /** Where the sign-in ends; already checked, raw, byte for byte. */
  returnTo: string
  requirement: Requirement
  /** Proofs given in this attempt, newest last. */
  proved: readonly GivenProof[]
  /** The session that is being raised, if there is one. */
  sessionId?: string
  remember: boolean
  /** Of the user, as it began: a password that was changed since ends it. Absent for never changed. */
  passwordVersion?: number
  /** How unusual it is; absent where nothing was weighed. */
  risk?: Assessment
  /** Where it leads when it is no sign-in: a link in a mail stands for the password that is to be replaced. */
  goal?: 'new_password'
  /** Wrong answers so far; five end the attempt. */
  failures: number
  /** The way that the person has chosen: a credential's id, or `password`. */
  chosen?: string
  /** The kind of authenticator that the person has chosen to enroll. */
  enrollingKind?: string
  /** The authenticator that is being enrolled. */
  enrollingId?: string
  createdAt: UnixSeconds
  expiresAt: UnixSeconds
  /** Rises at every change; a change made from an older one is refused. */
  version: number
}

/** One proof given within an attempt. */
export interface GivenProof extends Worth {
  at: UnixSeconds
  /** The credential that gave it; absent for the password. */
  credentialId?: string
  /** Was the credential bound within this attempt? */
  enrolled?: boolean
}
