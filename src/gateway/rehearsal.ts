import type { UnixSeconds } from '../base/clock.ts'
import type { RiskLevel } from '../model/risk.ts'
import type { SignedIn } from '../model/session.ts'
import type { ProvedLevel } from '../policy/config.ts'
import { createCorridor, type Decision } from './authorize.ts'
import type { Routes } from './routes.ts'
import { parseUrl, splitUrl } from './target.ts'

/** A request that nobody has made. */
export interface Question {
  /** As it stands in the address bar. */
  url: string
  method: string
  /** The client's; in no network when empty. */
  address: string
  signedIn: SignedIn | undefined
}

/** What would be decided, or why nothing would. */
export type Answer = Decision | { kind: 'no_route'; reason: 'no_address' | 'other_scheme' }

/** Tries out what would be decided about requests, by the same corridor that decides about real ones. */
export function createRehearsal(routes: Routes, now: UnixSeconds): (question: Question) => Answer {
  return ({ url, method, address, signedIn }) => {
    const page = parseUrl(url)
    if (!page) return { kind: 'no_route', reason: 'no_address' }
    const who = () => signedIn
    const corridor = createCorridor({
      routes,
      sessions: { read: who, peek: who },
      realmOf: () => '',
      reports: { note: () => undefined },
      meters: { decided: () => undefined },
      clock: { now: () => now },
    })
    const [, scheme] = splitUrl(url) ?? []
    const origin = routes.find(page)?.origin ?? ''
    if (origin !== '' && !origin.startsWith(`${scheme}:`)) {
      return { kind: 'no_route', reason: 'other_scheme' }
    }
    return corridor.reconsider({ ...page, method, address, sessionToken: undefined })
  }
}

const PROOFS = {
  one_factor: { aal: 1, phishingResistant: false, amr: ['pwd'] },
  two_factor: { aal: 2, phishingResistant: false, amr: ['pwd', 'otp', 'mfa'] },
  phishing_resistant: { aal: 2, phishingResistant: true, amr: ['hwk', 'user', 'mfa'] },
} as const satisfies Record<ProvedLevel, object>

/** Somebody who has signed in to a level, as far as rules look at people. */
export interface Actor {
  name: string
  groups: readonly string[]
  proved: ProvedLevel
  /** The methods used; those that are usual for the level when absent. */
  amr?: readonly string[] | undefined
  /** How unusual the sign-in was; not weighed when absent. */
  risk?: RiskLevel | undefined
  authenticatedAt: UnixSeconds
}

/** Puts an actor on the stage. */
export function asSignedIn({ name, groups, proved, amr, risk, authenticatedAt }: Actor): SignedIn {
  const proof = { ...PROOFS[proved], ...(amr ? { amr } : {}) }
  return {
    user: {
      id: '',
      name,
      displayName: name,
      groups,
      status: 'active',
      createdAt: 0,
    },
    session: {
      id: '',
      userId: '',
      ...proof,
      authenticatedAt,
      createdAt: authenticatedAt,
      lastSeenAt: authenticatedAt,
      expiresAt: Number.MAX_SAFE_INTEGER,
      remembered: false,
      address: '',
      userAgent: '',
      ...(risk ? { risk: { level: risk, score: 0, reasons: [] } } : {}),
    },
  }
}
