import type { Audit } from '../../audit/record.ts'
import { randomToken, sha256 } from '../../base/bytes.ts'
import type { Clock, UnixSeconds } from '../../base/clock.ts'
import type { Factors } from '../../factors/contract.ts'
import type { Credential } from '../../model/factor.ts'
import type { User } from '../../model/user.ts'
import type { Risk } from '../../risk/index.ts'
import type { Sessions } from '../../session/sessions.ts'
import type {
  AttemptRepository,
  CredentialRepository,
  DeviceRepository,
  TicketRepository,
  UserRepository,
} from '../../store/contract.ts'
import type { Challenges } from '../challenges.ts'
import { type Origin, trailOf } from './origin.ts'

/** "This was not me": the way out that every notice offers. */
export interface Undo {
  /**
   * Makes the secret of a link. It lasts a week and works once.
   *
   * @param since When that happened which the notice is about.
   */
  offer(userId: string, since: UnixSeconds): Promise<string>
  /** Does a link still work? Looking changes nothing. @param token May be hostile. */
  isOpen(token: string): Promise<boolean>
  /**
   * Ends every session and all that is on its way, sets aside what was added or changed since the notice,
   * and closes the account to changes for a day.
   *
   * A mailbox is all that it takes, so that nothing is given by it, and nothing that was there before is
   * taken: not even its owner's days, since an account is closed by a link once a week at most.
   *
   * @returns What was done; `undefined` when the link did not work. It does so exactly once.
   */
  undo(token: string, origin: Origin): Promise<Undone | undefined>
}

/** What "this was not me" has done. */
export interface Undone {
  /** Authenticators that count for nothing from now on. */
  setAside: readonly Credential[]
  /** Devices that ask for a passkey again before they approve. */
  confirming: readonly Credential[]
  /** Is there a password no more? */
  password: boolean
  /** Is there a mail address no more? */
  email: boolean
  /** How a new password is to be had: by mail, or from an operator alone. */
  isReachable: boolean
  /** Until when nothing changes; absent where it was closed in the days before. */
  closedUntil?: UnixSeconds
}

export interface UndoDeps {
  attempts: Pick<AttemptRepository, 'deleteByUser'>
  audit: Audit
  challenges: Pick<Challenges, 'listOpen' | 'cancel'>
  clock: Clock
  credentials: Pick<CredentialRepository, 'contest' | 'listByUser' | 'revise'>
  devices: Pick<DeviceRepository, 'forget'>
  factors: Factors
  risk: Pick<Risk, 'unlearn'> | undefined
  sessions: Pick<Sessions, 'revokeAll'>
  tickets: TicketRepository
  users: Pick<UserRepository, 'find' | 'freeze' | 'disown'>
}

const LINK_SECONDS = 7 * 86_400
const FROZEN_SECONDS = 86_400
/** Whoever reads the mail could else close the account again and again, and keep its owner from changing that. */
const REST_SECONDS = 6 * 86_400
/** What happened so shortly before belongs to it: clocks and the trail are not of one mind to the second. */
const SLACK_SECONDS = 5
const TOKEN_BYTES = 32

export function createUndo(deps: UndoDeps): Undo {
  const { attempts, audit, challenges, clock, credentials, devices } = deps
  const { factors, risk, sessions, tickets, users } = deps

  /** @returns Until when it is closed, if it is. */
  const close = async ({ id, frozenUntil }: User): Promise<UnixSeconds | undefined> => {
    const now = clock.now()
    if (frozenUntil !== undefined && now < frozenUntil + REST_SECONDS) {
      return now < frozenUntil ? frozenUntil : undefined
    }
    await users.freeze(id, now + FROZEN_SECONDS)
    return now + FROZEN_SECONDS
  }

  /** What was there before stays, as it was before. */
  const setRight = async (userId: string, since: UnixSeconds): Promise<Credential[]> => {
    const own = await credentials.listByUser(userId)
    const tries = own.map(async (credential) => {
      const { id, kind, version } = credential
      const before = factors.get(kind)?.disowned?.(credential, since)
      return before && (await credentials.revise(id, version, before)) ? [credential] : []
    })
    return (await Promise.all(tries)).flat()
  }

  return {
    async offer(userId, since) {
      const token = randomToken(TOKEN_BYTES)
      const expiresAt = clock.now() + LINK_SECONDS
      await tickets.insert({ purpose: 'undo', hash: sha256(token), userId, since, expiresAt })
      return token
    },

    async isOpen(token) {
      return (await tickets.find('undo', sha256(token), clock.now())) !== undefined
    },

    async undo(token, origin) {
      const ticket = await tickets.use('undo', sha256(token), clock.now())
      const user = ticket?.userId === undefined ? undefined : await users.find(ticket.userId)
      if (!ticket || !user) return undefined
      const { id } = user
      // Closed first: whoever is at it at this moment gets no further.
      const closedUntil = await close(user)
      const since = (ticket.since ?? clock.now()) - SLACK_SECONDS
      const setAside = await credentials.contest(id, since, clock.now())
      const confirming = (await setRight(id, since)).filter(({ state }) => state === 'active')
      const { password, email } = await users.disown(id, since)
      await attempts.deleteByUser(id)
      const ended = await sessions.revokeAll(id)
      for (const challenge of await challenges.listOpen(id)) await challenges.cancel(challenge)
      for (const purpose of ['reset', 'invite', 'mail'] as const) await tickets.cancel(purpose, id)
      // Every browser is a stranger from now on: its guesses are few, and its sign-in is told of.
      await devices.forget(id)
      await risk?.unlearn(id, clock.now() - LINK_SECONDS)
      const until = closedUntil === undefined ? {} : { until: closedUntil }
      const counted = { sessions: ended.length, setAside: setAside.length, password, email }
      trailOf(audit, id, origin)('factors.frozen', { ...counted, ...until })
      const isReachable = user.email !== undefined && !email
      return {
        ...{ setAside, confirming, password, email, isReachable },
        ...(closedUntil === undefined ? {} : { closedUntil }),
      }
    },
  }
}
