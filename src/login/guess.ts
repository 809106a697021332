import type { GivenProof } from '../model/attempt.ts'
import type { Credential, VerdictReason } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { Failures } from '../risk/contract.ts'

/** One answer, about to be checked. */
export interface Guess {
  /** Takes the guess from its budgets. @returns The seconds to wait, 0 when it may be checked. */
  take(): Promise<number>
  check(): Promise<Checked>
}

export type Checked =
  /** `proof` is absent where the answer was right and proves nothing about the person. */
  | { ok: true; proof?: GivenProof; credential?: Credential; failures?: Failures }
  | { ok: false; reason: VerdictReason | 'exhausted' }
  /** There were too many wrong ones of what cannot be hit upon, and this was another. */
  | { ok: false; reason: 'throttled'; seconds: number }

/** Where a guess comes from. */
export interface Source {
  browser: string
  address: string
  /** For the trail; may be hostile. Absent where an application asks. */
  userAgent?: string
  /** Does an application ask for its user? Then its address stands for all of its users, and counts for none. */
  relayed?: boolean
}

/** A guess at a person rather than at one question, which has its own numbers. */
export interface CodeGuess extends Guess {
  /** How many more may be wrong before one has to wait. */
  left(): Promise<number>
}

/** A code, and the name of whoever is said to have typed it. */
export interface TypedCode {
  code: string
  /** Under which guesses are counted where nobody has it; those of one place alone. */
  name: string
  user: User | undefined
}

/** Is the authenticator bound already, or is it bound by this: as the very first, or as a further one? */
export type BoundAs = 'bound' | 'first' | 'further'
