import { randomInt } from 'node:crypto'
import type { Audit } from '../../audit/record.ts'
import { hmac } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { User } from '../../model/user.ts'
import type { TicketRepository, UserRepository } from '../../store/contract.ts'
import type { Letters } from '../letters.ts'
import type { Limits, SendBudget } from '../limits.ts'
import type { Messenger } from '../messenger.ts'
import { displayNameFault, emailFault } from '../new-user.ts'
import { type Origin, trailOf } from './origin.ts'

/** What a person tells about themselves: their name, and where mail reaches them. */
export interface Profiles {
  /** Can mail be sent here at all? Where it cannot, nobody can prove a new address. */
  canConfirmMail: boolean
  /** Changes the name that is shown. @returns Why it cannot be that, as a sentence. */
  setName(user: User, name: string, origin: Origin): Promise<string | undefined>
  /** Mails a code to a new address. The address counts for nothing before the code comes back. */
  askForMail(user: User, address: string): Promise<MailAsked>
  /**
   * Takes the code, and with it the address.
   *
   * @param address As it came back from the page; may be hostile: no other than the one that the code
   * went to can be right.
   */
  confirmMail(user: User, given: MailCode, origin: Origin): Promise<MailConfirmed>
  removeMail(user: User, origin: Origin): Promise<void>
}

export interface MailCode {
  address: string
  code: string
}

export type MailAsked =
  | { ok: true; address: string; delivery: 'sent' | 'waiting' }
  | { ok: false; message: string }
  | { ok: false; seconds: number }

export type MailConfirmed =
  | { ok: true }
  | { ok: false; reason: 'wrong' }
  | { ok: false; reason: 'wait'; seconds: number }

export interface ProfilesDeps {
  audit: Audit
  clock: Clock
  /** Under which codes are kept. */
  key: Uint8Array
  letters: Pick<Letters, 'mailAddressCode'>
  limits: Limits
  messenger: Messenger
  tickets: TicketRepository
  users: UserRepository
}

/** Longer than the codes of a sign-in: an address that others trust is worth more patience. */
const DIGITS = 8
const CODE_SECONDS = 15 * 60
const HOUR = 3600

export function createProfiles(deps: ProfilesDeps): Profiles {
  const { audit, clock, key, letters, limits, messenger, tickets, users } = deps

  /** Of the code, the address and the person, so that none of them can be put in another's place. */
  const hashOf = (userId: string, { address, code }: MailCode): Uint8Array =>
    hmac(key, JSON.stringify(['mail address', userId, address, code]))

  const setMail = async (user: User, email: string | undefined, origin: Origin) => {
    const profile = { displayName: user.displayName, ...(email === undefined ? {} : { email }) }
    await users.setProfile(user.id, profile, clock.now())
    // A link that is on its way to the old address leads nowhere any more.
    for (const purpose of ['reset', 'invite'] as const) await tickets.cancel(purpose, user.id)
    // The notice about it goes to the old address, which nobody could look up afterwards.
    const before = user.email === undefined ? {} : { before: user.email }
    trailOf(audit, user.id, origin)('user.changed', { what: 'mail', ...before })
  }

  return {
    canConfirmMail: messenger.carries('email'),

    async setName(user, typed, origin) {
      const displayName = typed.trim() || user.name
      const fault = displayNameFault(displayName)
      if (fault !== undefined || displayName === user.displayName) return fault
      const { email } = user
      await users.setProfile(user.id, { displayName, ...(email === undefined ? {} : { email }) })
      trailOf(audit, user.id, origin)('user.changed', { what: 'name' })
      return undefined
    },

    async askForMail(user, typed) {
      const address = typed.trim()
      const fault = address === '' ? NO_ADDRESS : emailFault(address)
      if (fault !== undefined) return { ok: false, message: fault }
      if (address === user.email) return { ok: false, message: SAME_ADDRESS }
      const seconds = await limits.beforeSend(sendBudgets(user.id, address))
      if (seconds > 0) return { ok: false, seconds }
      const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0')
      const expiresAt = clock.now() + CODE_SECONDS
      const hash = hashOf(user.id, { address, code })
      // Only the newest counts.
      await tickets.replace({ purpose: 'mail', hash, userId: user.id, expiresAt })
      const minutes = CODE_SECONDS / 60
      const letter = letters.mailAddressCode({ to: address, code, user: user.name, minutes })
      const delivery = await messenger.send(letter, { until: expiresAt })
      return delivery === 'failed'
        ? { ok: false, message: NOT_DELIVERED }
        : { ok: true, address, delivery }
    },

    async confirmMail(user, { address, code }, origin) {
      const seconds = await limits.beforeSend([tryBudget(user.id)])
      if (seconds > 0) return { ok: false, reason: 'wait', seconds }
      const hash = hashOf(user.id, { address, code: code.replace(/[\s-]/g, '') })
      const ticket = await tickets.use('mail', hash, clock.now())
      if (ticket?.userId !== user.id) return { ok: false, reason: 'wrong' }
      await setMail(user, address, origin)
      return { ok: true }
    },

    async removeMail(user, origin) {
      if (user.email === undefined) return
      await tickets.cancel('mail', user.id)
      await setMail(user, undefined, origin)
    },
  }
}

const NO_ADDRESS = 'Please write a mail address.'
const SAME_ADDRESS = 'That is the address that we have already.'
const NOT_DELIVERED = 'Nothing could be delivered to that address. Check it, or try again later.'

const sendBudgets = (userId: string, address: string): SendBudget[] => [
  { name: `mail address of ${userId}`, most: 5, windowSeconds: HOUR, ...aboutMail(userId) },
  {
    name: `mail address to ${address.toLowerCase()}`,
    most: 5,
    windowSeconds: HOUR,
    ...aboutMail(userId),
  },
  {
    name: `mail address of ${userId} in a day`,
    most: 10,
    windowSeconds: 24 * HOUR,
    ...aboutMail(userId),
  },
]

const aboutMail = (userId: string) => ({ about: { kind: 'a new mail address', userId } })

/** Wrong codes, whichever of the codes they were meant for. */
const tryBudget = (userId: string): SendBudget => ({
  name: `mail address code of ${userId}`,
  most: 5,
  windowSeconds: 10 * 60,
  about: { kind: 'codes for a new mail address', userId },
})
