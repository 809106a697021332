import type { SignedIn } from './session.ts'

/** What a rule asks of a session. */
export interface Requirement {
  aal: 1 | 2
  phishingResistant: boolean
  /** The proof may be no older than this. */
  maxAgeSeconds?: number
  /** At least one of these methods must have been used (AMR values); any when absent. */
  methods?: readonly string[]
  /** At least one of these authenticators must have been used: ids; any when absent. */
  by?: readonly string[]
}

/** One request, as rules see it. */
export interface AccessRequest {
  method: string
  /** In the one form in which paths are compared. */
  path: string
  /** As it came, without the `?`. */
  query: string
  /** The same for a server that finds a `?` in the path once it has decoded it; absent where there is none. */
  otherQuery?: string | undefined
  /** The client's address. */
  address: string
}

/** Why access is denied. */
export type DenyReason =
  | 'no_rule_matched'
  | 'rule_denies'
  | 'not_a_member'
  | 'too_unusual'
  | 'ambiguous_query'

/** What the rules of one route say. */
export type RuleDecision = {
  rule: string
  /** Where that rule stands among those of the route, from 0; beyond the last when none matched. */
  position: number
  signedIn: SignedIn | undefined
} & (
  | { kind: 'allow' }
  | { kind: 'authenticate'; requirement: Requirement }
  | { kind: 'deny'; reason: DenyReason }
)

/** What a rule that only reports would have decided. */
export interface RuleReport {
  rule: string
  would: RuleDecision['kind']
  /** Why, where it would have denied. */
  reason?: DenyReason
}
