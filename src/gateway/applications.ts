import type { UnixSeconds } from '../base/clock.ts'
import type { Requirement } from '../model/decision.ts'
import type { Session } from '../model/session.ts'
import type { User } from '../model/user.ts'
import { decide } from '../policy/decide.ts'
import type { Route } from './routes.ts'

/** An application that somebody may open, and what its first page takes. */
export interface Application {
  name: string
  host: string
  url: string
  /** Absent when it takes nothing. */
  requirement?: Requirement
}

/**
 * Lists the applications whose first page a user may open once they have proved enough.
 *
 * @param address Where the user is: rules about networks count.
 */
export function applicationsFor(
  routes: readonly Route[],
  user: User,
  address: string,
  now: UnixSeconds,
): Application[] {
  const asked = { method: 'GET', path: '/', query: '', address }
  const signedIn = { user, session: nobodyProved(user) }
  return routes.flatMap((route) => {
    const { name, host, origin } = route
    const decision = decide(route.policy, asked, signedIn, now)
    if (decision.kind === 'deny') return []
    const requirement =
      decision.kind === 'authenticate' ? { requirement: decision.requirement } : {}
    return [{ name, host, url: `${origin}/`, ...requirement }]
  })
}

/** Somebody who is known and has shown nothing: every requirement is still to be met. */
export const nobodyProved = ({ id }: User): Session => ({
  id: '',
  userId: id,
  aal: 0,
  phishingResistant: false,
  amr: [],
  authenticatedAt: 0,
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: 0,
  remembered: false,
  address: '',
  userAgent: '',
})
