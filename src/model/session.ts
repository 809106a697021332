import type { UnixSeconds } from '../base/clock.ts'
import type { Assessment } from './risk.ts'
import type { User } from './user.ts'

/** How sure we are who is there: 0 nobody, 1 one factor, 2 two factors (NIST SP 800-63B). */
export type Aal = 0 | 1 | 2

/** What was proved in a sign-in, and when the last proof was given. */
export interface Proof {
  aal: Aal
  /** Was a proof among them that no other site could have relayed? */
  phishingResistant: boolean
  /** Methods used (RFC 8176): `pwd`, `otp`, `hwk` … */
  amr: readonly string[]
  /** Ids of the authenticators that were used; absent where none was. */
  by?: readonly string[]
  /** When the newest proof at this level was given. */
  authenticatedAt: UnixSeconds
}

/** One browser, signed in. */
export interface Session extends Proof {
  id: string
  userId: string
  createdAt: UnixSeconds
  lastSeenAt: UnixSeconds
  /** The absolute end, whatever happens in between. */
  expiresAt: UnixSeconds
  /** Outlives the idle limit, in exchange for never rising above one factor. */
  remembered: boolean
  /** Address and browser at sign-in, for the list of sessions. */
  address: string
  userAgent: string
  /** How unusual the sign-in was; absent where nothing was weighed. */
  risk?: Assessment
}

/** A living session and the person it belongs to, as they are at this moment. */
export interface SignedIn {
  session: Session
  user: User
}
