import type { UnixSeconds } from '../base/clock.ts'

/** Our record of one enrolled authenticator. */
export interface Credential {
  id: string
  userId: string
  /** The folder under `factors/` that understands `data`. */
  kind: string
  /** What the person calls it. */
  label: string
  /**
   * A name by which an answer alone tells which credential it is about, such as the id that an
   * authenticator made. Unique within its kind.
   */
  handle?: string
  /** Only the factor reads it, through its own schema. Sealed at rest. */
  data: unknown
  /** Rises at every change; a change that was made from an older one is refused. */
  version: number
  /** `pending` until a first proof; `disabled` after too many failures in a row, or when it is contested. */
  state: 'pending' | 'active' | 'disabled'
  /** Failures in a row. */
  failures: number
  createdAt: UnixSeconds
  lastUsedAt?: UnixSeconds
  /** When somebody said that it is not theirs: since then it is disabled, until it is removed or restored. */
  contestedAt?: UnixSeconds
}

/** What a proof is worth. */
export interface Worth {
  /** How it was proved (RFC 8176): `otp`, `hwk`, `sms` … */
  amr: readonly string[]
  /** Can no other site relay it? */
  phishingResistant: boolean
  /** Is it two factors by itself, such as a key in a device that knows its owner? Then no password is asked. */
  alone: boolean
  /** Does it only open the way to a new authenticator, which must be enrolled before the sign-in ends? */
  temporary?: boolean
}

/** How a challenge is put to a person; whatever the kind, it is one of these. */
export type Prompt =
  /** Digits or letters to be typed. `sentTo` is masked, and absent where nothing was sent. */
  | { ask: 'code'; from: string; digits?: number; sentTo?: string }
  /** `navigator.credentials.get` with these options, as JSON. */
  | { ask: 'authenticator'; options: object }
  /** A number to be found again on another device, which answers by itself. */
  | { ask: 'approval'; number: string; where: string; link?: string }

/** What a person needs to bind a new authenticator. */
export type EnrollmentOffer =
  /** A secret for an app, and the first code of it as the answer. */
  | { show: 'secret'; uri: string; secret: string; digits: number }
  /** A code on its way to a masked target. */
  | { show: 'sent'; to: string; digits: number }
  /** `navigator.credentials.create` with these options, as JSON. */
  | { show: 'authenticator'; options: object }
  /** A page to be opened on another device, which then shows what is to be typed here. */
  | { show: 'link'; url: string; joined: boolean }
  /** Codes to be kept, shown this once. The answer says that they are. */
  | { show: 'codes'; codes: readonly string[] }

/** Why an answer did not count. */
export type VerdictReason =
  | 'wrong'
  /** Right once, and no longer. */
  | 'used'
  /** Right, but too late. */
  | 'expired'
  /** The other device has not answered yet. */
  | 'pending'
  /** The other device said no. */
  | 'denied'
  /** A real authenticator, but not one that this place admits. */
  | 'not_admitted'

/** The outcome of checking an answer. A wrong answer is a value; only a broken machine throws. */
export type Verdict =
  | {
      ok: true
      /** The credential's new data, to be stored before the answer counts. */
      data: unknown
      /** What the answer proves; absent where it proves nothing about the person. */
      worth?: Worth
      /** At enrollment: the credential's handle and a name for it. */
      handle?: string
      label?: string
      /** Marks that may be set once: whoever finds one set already has come too late. */
      spends?: readonly Uint8Array[]
    }
  | {
      ok: false
      reason: VerdictReason
      /** A sign of theft or a copy, for the trail and the operator: `counter_went_back`. */
      warning?: string
    }
