import type { Credential, EnrollmentOffer, Prompt, Verdict } from '../model/factor.ts'
import type { User } from '../model/user.ts'

/**
 * One kind of second proof. A factor keeps what it needs in `credential.data`, which nobody else
 * reads, and changes nothing by itself: it says what should be stored, and the caller stores it in one
 * step with the answer's success.
 *
 * A factor rejects only for a technical reason, never for a wrong answer.
 */
export interface Factor {
  /** The name of its folder. */
  kind: string
  /** What people call it: "authenticator app". */
  title: string
  /** How it was proved (RFC 8176). */
  amr: string
  /** Can no other site relay the proof? */
  phishingResistant: boolean
  /** Does a proof stand for two factors only after a password? */
  prompt: Prompt
  /** Begins to bind a new authenticator: what to keep, and what to show. Counts for nothing yet. */
  enroll(user: User): Promise<{ data: unknown; label: string }>
  /** What to show for an enrollment that was begun. */
  offer(credential: Credential, user: User): EnrollmentOffer
  /**
   * Checks an answer, at enrollment and at sign-in alike.
   *
   * @param answer Raw, as typed; may be hostile. Another shape is a wrong answer.
   */
  verify(credential: Credential, answer: string): Promise<Verdict>
}

/** The factors that are switched on, by kind. */
export type Factors = ReadonlyMap<string, Factor>
