import type { UnixSeconds } from '../base/clock.ts'
import type { Challenge, ChallengeAbout } from '../model/challenge.ts'
import type { Credential, EnrollmentOffer, Prompt, Verdict, Worth } from '../model/factor.ts'
import type { Delivery } from '../model/message.ts'
import type { User } from '../model/user.ts'

/**
 * One kind of second proof. A factor keeps what it needs in `credential.data` and `challenge.data`,
 * which nobody else reads, and changes nothing by itself: it says what should be stored, and the caller
 * stores it in one step with the answer's success.
 *
 * A factor rejects only for a technical reason, never for a wrong answer.
 */
export interface Factor {
  /** The name of its folder. */
  kind: string
  /** What people call it: "authenticator app". */
  title: string
  /** What it protects from, and what it does not, in two sentences. */
  about: string
  /** Order in which kinds are offered for enrollment; the highest is recommended. */
  rank: number
  /** The best that a proof by it can be worth. */
  best: Worth
  /** Authenticators of this kind that one person may have. */
  most: number
  /**
   * How a person comes to have one: `first` also as the very first second factor, `later` beside others
   * only, `by_application`: an app of theirs does it through the API, `never`: an administrator does it.
   */
  enrollable: 'first' | 'later' | 'by_application' | 'never'
  /**
   * Can an answer be hit upon by trying, as digits can? Such guesses are counted before they are checked,
   * and too many in a row lock the authenticator. What cannot, such as a signature, is checked first: a
   * wrong one costs the person nothing.
   */
  guessable: boolean
  /** Never shown first while there is another way, e.g. codes that run out. */
  lastResort?: boolean
  /**
   * Does it count for no change to the account while the person has something better? So it is with codes
   * that travel by mail or phone.
   *
   * @see NIST SP 800-63B-4, sections 3.1.3.1 and 3.2.9
   */
  weak?: boolean
  /** Does its challenge reach the person by a message? Then it is put on demand, and again on demand. */
  sends?: boolean
  /** What has to be known before an enrollment can begin. */
  needs?: 'email' | 'phone'

  /** What a proof by this very credential can be worth. */
  worthOf(credential: Credential): Worth
  /** Has it nothing left to answer with, like a list of codes that are used up? Then it is not offered. */
  isSpent?(credential: Credential): boolean
  /** What tells this credential from others, for the person: `a•••@example.com`, `synced`, `7 codes left`. */
  facts(credential: Credential): readonly string[]
  /** What the person should do something about, as a sentence: `Only 2 of your backup codes are left.` */
  warning?(credential: Credential): string | undefined
  /** What becomes of it once no message reaches it any more. @returns The credential's new data. */
  unreached?(credential: Credential): { data: unknown }
  /**
   * What becomes of it when its person says that what was changed since is not theirs.
   *
   * @returns The credential's new data; `undefined` when nothing was.
   */
  disowned?(credential: Credential, since: UnixSeconds): { data: unknown } | undefined
  /** Where whoever holds it can be told something, in words of ours and not only in codes. */
  reaches?(credential: Credential): Reach | undefined

  /** Begins to bind a new authenticator. Counts for nothing yet. */
  enroll(user: User, wish: EnrollmentWish): Promise<EnrollmentStart>
  /** What to show for an enrollment that was begun; `challenge` when the factor has one. */
  offer(asked: Asked, user: User): EnrollmentOffer

  /**
   * Puts a question. Absent where there is nothing to remember about it: the answer then depends on the
   * credential alone. Called again for each further send, with the challenge as it stands.
   */
  challenge?(request: ChallengeRequest): Promise<ChallengeStart>
  /** How the question is put. */
  prompt(asked: Asked): Prompt

  /**
   * Could this be an answer, by its shape alone? Asked where an answer comes without saying which
   * authenticator it is of, so that nothing is counted against one that it cannot be of.
   */
  fits?(answer: string): boolean
  /** Takes as long as `verify` where there is nothing to verify against, so that this does not show. */
  verifyNothing?(answer: string): Promise<void>

  /**
   * Checks an answer, at enrollment and at sign-in alike.
   *
   * @param answer Raw: as typed, or JSON that a script made. May be hostile; another shape is a wrong answer.
   */
  verify(asked: Asked, answer: string): Promise<Verdict>

  /**
   * What the person's browser may be told once one of their authenticators is gone, so that it offers that
   * one no more: JSON for a script.
   *
   * @param left All that the person has of this kind, bound or disabled.
   */
  remaining?(user: User, left: readonly Credential[]): object
  /** For factors whose answer comes from another device than the one that asks. */
  remote?: RemoteAnswers
  /** For factors that tell by themselves who is there, so that no name is asked. */
  discovery?: Discovery
}

/** An address of a person. */
export interface Reach {
  medium: 'email' | 'sms'
  to: string
}

/** A credential, and the open question about it if the factor asks one. */
export interface Asked {
  credential: Credential
  challenge?: Challenge
  /** The secret of the browser that answers; absent where the answer comes through the API. */
  browser?: string
}

export interface EnrollmentWish {
  /** A mail address or phone number, as typed. */
  target?: string
  /** Authenticators of this kind that the person has already, so that none is bound twice. */
  others: readonly Credential[]
}

export type EnrollmentStart =
  | { ok: true; data: unknown; label: string; handle?: string }
  /** What was typed cannot be used; why, and what to do, as a sentence. */
  | { ok: false; message: string }

export interface ChallengeRequest extends Asked {
  user: User
  about: ChallengeAbout
  /** All active credentials of this kind that may answer; one challenge can serve them together. */
  siblings: readonly Credential[]
}

export interface ChallengeStart {
  data: unknown
  lifetimeSeconds: number
  /**
   * Sends the message once; tried again while it throws and the challenge lasts. Absent: nothing is sent.
   *
   * @param lost Told of each credential that no message reaches any more; see {@link Factor.unreached}.
   */
  deliver?(
    challenge?: Pick<Challenge, 'id'>,
    lost?: (credential: Credential) => void,
  ): Promise<Delivery>
  /** What may be sent in all, e.g. to one target or in one day. Taken before anything is sent. */
  budgets?: readonly Budget[]
  /** Refuses a second question to the same person while one is open elsewhere. */
  onePerUser?: boolean
}

/** So many within so long, counted under one name. */
export interface Budget {
  name: string
  most: number
  windowSeconds: number
  /** Does it serve everybody together, and not the one person? */
  shared?: boolean
}

export interface RemoteAnswers {
  /** What the other device is told; `undefined` when nothing is asked of it. */
  question(asked: Asked): RemoteQuestion | undefined
  /**
   * Takes an answer of the other device.
   *
   * @returns What the challenge becomes; `undefined` when the answer is none. The sign-in itself goes on
   * where it was begun, once `verify` has found the approval.
   */
  respond(asked: Asked, answer: string): Promise<RemoteVerdict | undefined>
  /** Takes what the other device says while it is being enrolled. @returns The credential's new data. */
  join?(
    credential: Credential,
    answer: string,
  ): Promise<{ data: unknown; handle?: string } | undefined>
  /** What a device that has joined may know of itself. */
  device(credential: Credential): RemoteDevice
  /** Takes what a device says about itself later on. @returns The credential's new data. */
  hear?(credential: Credential, message: string): Promise<{ data: unknown } | undefined>
}

/** What another device shows of a question. Which number is right, it never knows. */
export interface RemoteQuestion {
  /** Numbers of which one is right; none when it is to be typed. */
  numbers: readonly string[]
  /** For a device that signs its answer: all that goes into the signature. */
  toSign?: object
}

/** Another device, as its own page knows it. */
export interface RemoteDevice {
  /** Is it an app that signs what it answers, and no browser that is known by a cookie? */
  signs: boolean
  /** To be typed where the enrollment was begun; absent once that has been done. */
  number?: string
  /** SHA-256 of the address that its notifications go to, in base64url; absent when it has none. */
  notified?: string
  /** Must whoever holds it prove who they are before an approval counts? */
  confirms: boolean
}

export interface RemoteVerdict {
  state: 'approved' | 'denied' | 'wrong'
  data: unknown
}

export interface Discovery {
  /** Options for the sign-in page, as JSON. Nothing is stored: they come back signed in the answer. */
  options(browser: string): Promise<object>
  /** The handle of the credential that an answer is about. @param answer May be hostile. */
  handleOf(answer: string): string | undefined
}

/** The factors that are switched on, by kind. */
export type Factors = ReadonlyMap<string, Factor>
