import type { Audit } from '../audit/record.ts'
import { randomToken, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { PasswordHasher } from '../base/password.ts'
import { ADMIN_GROUP } from '../model/user.ts'
import type { TicketRepository, UserRepository } from '../store/contract.ts'
import { newUser, type UserFault } from './new-user.ts'
import type { PasswordPolicy } from './password-policy.ts'

/** How the very first administrator comes to be: through a link that works once. */
export interface SetUp {
  /** See {@link openSetUpLink}. */
  openLink(): Promise<string | undefined>
  /** What a link is worth at this moment. @param token May be hostile. */
  stateOf(token: string): Promise<'open' | 'used' | 'expired'>
  /** Creates the administrator. Of several browsers exactly one succeeds. */
  create(token: string, wanted: WantedAdministrator, address: string): Promise<SetUpOutcome>
}

export interface WantedAdministrator {
  name: string
  displayName: string
  email: string
  password: string
}

export type SetUpOutcome = { ok: true } | { ok: false; fault: UserFault | 'closed' }

export interface SetUpDeps {
  audit: Audit
  clock: Clock
  hasher: PasswordHasher
  policy: PasswordPolicy
  tickets: TicketRepository
  users: UserRepository
}

/** How long the link works, in seconds. */
export const SET_UP_LINK_SECONDS = 15 * 60

/**
 * Makes a link's token, and ends all earlier ones.
 *
 * @returns `undefined` when there is a user already.
 */
export async function openSetUpLink({
  clock,
  tickets,
  users,
}: Pick<SetUpDeps, 'clock' | 'tickets' | 'users'>): Promise<string | undefined> {
  if ((await users.count()) > 0) return undefined
  const token = randomToken(32)
  await tickets.replace({
    purpose: 'setup',
    hash: sha256(token),
    expiresAt: clock.now() + SET_UP_LINK_SECONDS,
  })
  return token
}

export function createSetUp(deps: SetUpDeps): SetUp {
  const { audit, clock, hasher, policy, tickets, users } = deps
  const isOpen = (token: string) => tickets.isOpen('setup', sha256(token), clock.now())

  return {
    openLink: () => openSetUpLink(deps),

    async stateOf(token) {
      if ((await users.count()) > 0) return 'used'
      return (await isOpen(token)) ? 'open' : 'expired'
    },

    async create(token, wanted, address) {
      // Before anything is hashed: nobody without the link can make the machine work.
      if (!(await isOpen(token))) return { ok: false, fault: 'closed' }
      const made = await newUser({ ...wanted, groups: [ADMIN_GROUP] }, { policy, now: clock.now() })
      if (!made.ok) return made
      const hash = await hasher.hash(wanted.password)
      const first = await users.insertFirst(made.user, hash, sha256(token), clock.now())
      if (!first) return { ok: false, fault: 'closed' }
      const details = { name: made.user.name, by: 'set-up link' }
      audit.record({ name: 'user.created', userId: made.user.id, address, details })
      return { ok: true }
    },
  }
}
