import type { UnixSeconds } from '../base/clock.ts'

/** Our record of one enrolled authenticator. */
export interface Credential {
  id: string
  userId: string
  /** The folder under `factors/` that understands `data`. */
  kind: string
  /** What the person calls it. */
  label: string
  /** Only the factor reads it, through its own schema. Sealed at rest. */
  data: unknown
  /** Rises at every change; a change that was made from an older one is refused. */
  version: number
  /** `pending` until a first proof; `disabled` after too many failures in a row. */
  state: 'pending' | 'active' | 'disabled'
  /** Failures in a row. */
  failures: number
  createdAt: UnixSeconds
  lastUsedAt?: UnixSeconds
}

/** How a challenge is put to a person. */
export type Prompt = { ask: 'code'; digits: number }

/** The outcome of checking an answer. A wrong answer is a value; only a broken machine throws. */
export type Verdict =
  | {
      ok: true /** The credential's new data, to be stored before the answer counts. */
      data: unknown
    }
  | { ok: false; reason: 'wrong' | 'used' }

/** What a person needs to bind a new authenticator. */
export interface EnrollmentOffer {
  /** `otpauth://…`, for the link and the QR code. */
  uri: string
  /** The same secret to be typed by hand. */
  secret: string
}
