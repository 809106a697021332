import type { Audit } from '../audit/record.ts'
import type { PasswordHasher } from '../base/password.ts'
import type { User } from '../model/user.ts'
import type { Sessions } from '../session/sessions.ts'
import type { TicketRepository, UserRepository } from '../store/contract.ts'
import type { PasswordPolicy } from './password-policy.ts'

/** New passwords in the place of old ones. */
export interface Passwords {
  /** @returns Why a user may not have a password, as a sentence; `undefined` when they may. */
  fault(user: User, password: string): Promise<string | undefined>
  /** Sets a password that was found good, and ends every session but one, and every link to choose one. */
  change(user: User, password: string, how: PasswordChange): Promise<void>
}

export interface PasswordChange {
  address: string
  by: 'reset' | 'user'
  /** The session in which it happens goes on. */
  except?: string
}

export interface PasswordsDeps {
  audit: Audit
  hasher: PasswordHasher
  policy: PasswordPolicy
  sessions: Sessions
  tickets: TicketRepository
  users: UserRepository
}

export function createPasswords(deps: PasswordsDeps): Passwords {
  const { audit, hasher, policy, sessions, tickets, users } = deps
  return {
    fault: (user, password) =>
      policy.fault(password, [user.name, user.displayName, ...(user.email ?? '').split('@')]),

    async change({ id }, password, { address, by, except }) {
      await users.setPasswordHash(id, await hasher.hash(password))
      await tickets.cancel('reset', id)
      await tickets.cancel('invite', id)
      // Whoever knew the old one may sit in one of them.
      const ended = await sessions.revokeAll(id, except === undefined ? {} : { except })
      const details = { by, sessions: ended.length }
      audit.record({ name: 'password.changed', userId: id, address, details })
    },
  }
}
