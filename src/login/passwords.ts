import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { PasswordHasher } from '../base/password.ts'
import { browserInWords } from '../base/user-agent.ts'
import type { User } from '../model/user.ts'
import type { Sessions } from '../session/sessions.ts'
import type { AttemptRepository, TicketRepository, UserRepository } from '../store/contract.ts'
import type { PasswordPolicy } from './password-policy.ts'

/** New passwords in the place of old ones. */
export interface Passwords {
  /** @returns Why a user may not have a password, as a sentence; `undefined` when they may. */
  fault(user: User, password: string): Promise<string | undefined>
  /**
   * Sets a password that was found good, and ends every session but one, every sign-in on its way, and
   * every link to choose a password.
   */
  change(user: User, password: string, how: PasswordChange): Promise<void>
}

export interface PasswordChange {
  address: string
  by: 'reset' | 'user'
  /** For the trail; may be hostile. */
  userAgent?: string
  /** The session in which it happens goes on. */
  except?: string
}

export interface PasswordsDeps {
  audit: Audit
  clock: Clock
  hasher: PasswordHasher
  policy: PasswordPolicy
  sessions: Sessions
  attempts: Pick<AttemptRepository, 'deleteByUser'>
  tickets: TicketRepository
  users: UserRepository
}

export function createPasswords(deps: PasswordsDeps): Passwords {
  const { attempts, audit, clock, hasher, policy, sessions, tickets, users } = deps
  return {
    fault: (user, password) =>
      policy.fault(password, [user.name, user.displayName, ...(user.email ?? '').split('@')]),

    async change({ id }, password, { address, by, except, userAgent }) {
      await users.setPasswordHash(id, await hasher.hash(password), clock.now())
      await tickets.cancel('reset', id)
      await tickets.cancel('invite', id)
      // Whoever knew the old one may sit in one of them.
      await attempts.deleteByUser(id)
      const ended = await sessions.revokeAll(id, except === undefined ? {} : { except })
      const browser = userAgent === undefined ? {} : { browser: browserInWords(userAgent) }
      const details = { by, sessions: ended.length, ...browser }
      audit.record({ name: 'password.changed', userId: id, address, details })
    },
  }
}
