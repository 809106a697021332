import type { Fact } from '../../audit/record.ts'
import type { ConfigSource } from '../../config/load.ts'

/** What the first process says to a worker. */
export type ToWorker =
  /** Begin, as the worker of this number. */
  | { say: 'start'; worker: number; of: number; source: ConfigSource; policy: number }
  /** Build this configuration beside the one in force, and wait. */
  | { say: 'prepare'; source: ConfigSource; policy: number }
  /** Put the one that was prepared in force. */
  | { say: 'swap'; policy: number }
  | { say: 'discard'; policy: number }
  /** Wake those who wait for this: another worker has told. */
  | { say: 'wake'; topic: string }
  /** Write down what has happened to all of us. */
  | { say: 'record'; fact: Fact }
  /** Let what is under way finish, and end; write this down at the end. */
  | { say: 'stop'; last?: Fact }

/** What a worker says to the first process. */
export type FromWorker =
  | { say: 'listening'; port: number; policy: number }
  /** It cannot begin; `fault` is a sentence for the operator, if it is one that an operator can help. */
  | { say: 'failed'; fault: string; isOperators: boolean }
  /** Prepared, or not, and then why. */
  | { say: 'prepared'; policy: number; fault?: string }
  | { say: 'swapped'; policy: number }
  /** Something has changed that somebody may wait for in another worker. */
  | { say: 'tell'; topic: string }
  /** Every few seconds: it is not stuck; does the store answer it? */
  | { say: 'pulse'; works: boolean }

/** How often a worker says that it is not stuck. */
export const PULSE_EVERY_MS = 2_000
