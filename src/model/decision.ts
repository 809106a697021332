import type { SignedIn } from './session.ts'

/** What a rule asks of a session. */
export interface Requirement {
  aal: 1 | 2
  phishingResistant: boolean
  /** The proof may be no older than this. */
  maxAgeSeconds?: number
  /** At least one of these methods must have been used (AMR values); any when absent. */
  methods?: readonly string[]
}

/** One request, as rules see it. */
export interface AccessRequest {
  method: string
  /** In the one form in which paths are compared. */
  path: string
  /** The client's address. */
  address: string
}

/** Why access is denied. */
export type DenyReason = 'no_rule_matched' | 'rule_denies' | 'not_a_member'

/** What the rules of one route say. */
export type RuleDecision =
  | { kind: 'allow'; rule: string; signedIn: SignedIn | undefined }
  | { kind: 'authenticate'; rule: string; requirement: Requirement; signedIn: SignedIn | undefined }
  | { kind: 'deny'; rule: string; reason: DenyReason; signedIn: SignedIn | undefined }
