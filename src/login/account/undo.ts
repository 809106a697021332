import type { Audit } from '../../audit/record.ts'
import { randomToken, sha256 } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Risk } from '../../risk/index.ts'
import type { Sessions } from '../../session/sessions.ts'
import type {
  AttemptRepository,
  DeviceRepository,
  TicketRepository,
  UserRepository,
} from '../../store/contract.ts'
import type { Challenges } from '../challenges.ts'
import { type Origin, trailOf } from './origin.ts'

/** "This was not me": the way out that every notice offers. */
export interface Undo {
  /** Makes the secret of a link. It lasts a week and works once. */
  offer(userId: string): Promise<string>
  /** Does a link still work? Looking changes nothing. @param token May be hostile. */
  isOpen(token: string): Promise<boolean>
  /**
   * Ends every session and all that is on its way, and closes the account to changes for a day.
   *
   * @returns Whether the link worked: exactly once.
   */
  undo(token: string, origin: Origin): Promise<boolean>
}

export interface UndoDeps {
  attempts: Pick<AttemptRepository, 'deleteByUser'>
  audit: Audit
  challenges: Pick<Challenges, 'listOpen' | 'cancel'>
  clock: Clock
  devices: Pick<DeviceRepository, 'forget'>
  risk: Pick<Risk, 'unlearn'> | undefined
  sessions: Pick<Sessions, 'revokeAll'>
  tickets: TicketRepository
  users: Pick<UserRepository, 'freeze'>
}

const LINK_SECONDS = 7 * 86_400
const FROZEN_SECONDS = 86_400
const TOKEN_BYTES = 32

export function createUndo(deps: UndoDeps): Undo {
  const { attempts, audit, challenges, clock, devices, risk, sessions, tickets, users } = deps

  return {
    async offer(userId) {
      const token = randomToken(TOKEN_BYTES)
      const expiresAt = clock.now() + LINK_SECONDS
      await tickets.insert({ purpose: 'undo', hash: sha256(token), userId, expiresAt })
      return token
    },

    async isOpen(token) {
      return (await tickets.find('undo', sha256(token), clock.now())) !== undefined
    },

    async undo(token, origin) {
      const ticket = await tickets.use('undo', sha256(token), clock.now())
      const userId = ticket?.userId
      if (userId === undefined) return false
      const until = clock.now() + FROZEN_SECONDS
      // Closed first: whoever is at it at this moment gets no further.
      await users.freeze(userId, until)
      await attempts.deleteByUser(userId)
      const ended = await sessions.revokeAll(userId)
      for (const challenge of await challenges.listOpen(userId)) await challenges.cancel(challenge)
      for (const purpose of ['reset', 'invite', 'mail'] as const)
        await tickets.cancel(purpose, userId)
      // Every browser is a stranger from now on: its guesses are few, and its sign-in is told of.
      await devices.forget(userId)
      await risk?.unlearn(userId, clock.now() - LINK_SECONDS)
      trailOf(audit, userId, origin)('factors.frozen', { sessions: ended.length, until })
      return true
    },
  }
}
