import { Letter, type LetterProps, letterText } from '../../views/mail/letter.tsx'
import { page } from '../../views/page.ts'
import type { Audit } from '../audit/record.ts'
import { randomToken, sameBytes, sha256 } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import { sourceOf } from '../base/net.ts'
import type { Directory } from '../directories/contract.ts'
import type { Message } from '../model/message.ts'
import { type User, userNameKey, versionOf } from '../model/user.ts'
import type { Ticket, TicketRepository } from '../store/contract.ts'
import type { Attempts } from './attempts.ts'
import type { Limits, SendBudget } from './limits.ts'
import type { Messenger } from './messenger.ts'

/** How somebody who has no password, or knows it no more, comes to a new one. */
export interface PasswordReset {
  /**
   * Mails a link to the account's own address, if there is such an account. It says and takes the same
   * for everybody: nobody waits for the mail, and nobody learns whether there is one.
   *
   * @param name As typed; may be hostile.
   * @returns The seconds to wait, 0 when it was taken.
   */
  ask(name: string, from: { browser: string; address: string }): Promise<number>
  /** What a link is worth in a browser. Looking changes nothing. @param token May be hostile. */
  stateOf(link: PasswordLink, browser: string): Promise<'open' | 'over' | 'other_browser'>
  /** Uses a link up. @returns The attempt that leads to the new password; `undefined` when the link is over. */
  follow(link: PasswordLink, browser: string): Promise<string | undefined>
}

/** A secret that somebody was sent. */
export interface PasswordLink {
  kind: 'reset' | 'invite'
  token: string
}

export interface PasswordResetDeps {
  attempts: Attempts
  audit: Audit
  clock: Clock
  directory: Directory
  /** The portal's address and name: links lead there, whatever address was asked. */
  home: URL
  site: string
  limits: Limits
  messenger: Pick<Messenger, 'send'>
  tickets: TicketRepository
}

/** How long a link works, in seconds. */
export const RESET_LINK_SECONDS = 15 * 60
export const INVITATION_SECONDS = 72 * 3600

const HOUR = 3600

export function createPasswordReset(deps: PasswordResetDeps): PasswordReset {
  const { attempts, audit, clock, directory, home, limits, messenger, tickets } = deps

  const send = async (user: User, browser: string, address: string) => {
    const { id, email, status } = user
    if (email === undefined || status !== 'active') return
    const token = randomToken(32)
    const expiresAt = clock.now() + RESET_LINK_SECONDS
    // Only the newest counts: a link in an older mail is of no use to whoever finds it.
    await tickets.replace({
      purpose: 'reset',
      hash: sha256(token),
      userId: id,
      browserHash: sha256(browser),
      expiresAt,
    })
    audit.record({ name: 'password.reset_asked', userId: id, address })
    const href = new URL(`reset/${token}`, home).href
    const about = 'password.reset_asked'
    await messenger.send(
      resetMail({ user, email, href, address, site: deps.site, at: clock.now() }),
      {
        until: expiresAt,
        failed: (reason) =>
          audit.record({
            name: 'message.undelivered',
            userId: id,
            details: { about, medium: 'email', reason },
          }),
      },
    )
  }

  const isHere = ({ browserHash }: Ticket, browser: string) =>
    browserHash === undefined || sameBytes(browserHash, sha256(browser))

  return {
    async ask(name, { browser, address }) {
      // Looked up for everybody and at once: only operators are shown who it was.
      const user = await directory.findByName(name)
      const seconds = await limits.beforeSend(budgetsOf(name, user, address))
      if (seconds > 0) return seconds
      // In the background: an account that exists must not be told from others by the time it takes.
      if (user) setImmediate(() => void send(user, browser, address).catch(() => undefined))
      return 0
    },

    async stateOf({ kind, token }, browser) {
      const ticket = await tickets.find(kind, sha256(token), clock.now())
      if (!ticket) return 'over'
      return isHere(ticket, browser) ? 'open' : 'other_browser'
    },

    async follow({ kind, token }, browser) {
      const found = await tickets.find(kind, sha256(token), clock.now())
      if (!found || !isHere(found, browser)) return undefined
      const ticket = await tickets.use(kind, sha256(token), clock.now())
      const user = ticket?.userId && (await directory.find(ticket.userId))
      if (typeof user !== 'object' || user.status !== 'active') return undefined
      const { id } = await attempts.open({
        browser,
        userId: user.id,
        ...versionOf(user),
        returnTo: home.href,
        requirement: { aal: 2, phishingResistant: false },
        proved: [],
        remember: false,
        goal: 'new_password',
      })
      return id
    },
  }
}

/** By the name as typed, so that accounts that do not exist run out just as soon. */
const budgetsOf = (name: string, user: User | undefined, address: string): SendBudget[] => [
  {
    name: `reset name ${userNameKey(name)}`,
    most: 5,
    windowSeconds: HOUR,
    about: { kind: KIND, ...(user ? { userId: user.id } : {}) },
  },
  {
    name: `reset address ${sourceOf(address)}`,
    most: 20,
    windowSeconds: HOUR,
    about: { kind: KIND, address: sourceOf(address) },
  },
]

const KIND = 'links for a new password'

interface ResetNews {
  user: User
  email: string
  href: string
  address: string
  site: string
  at: UnixSeconds
}

function resetMail({ user, email, href, address, site, at }: ResetNews): Message {
  const letter: LetterProps = {
    site,
    title: 'Choose a new password',
    sentences: [
      `Somebody, most likely you, asked for a new password at ${site}.`,
      `The link works for ${RESET_LINK_SECONDS / 60} minutes, once, and only in the browser in which it was asked for.`,
    ],
    facts: [
      ['Account', user.name],
      ['Asked from', address],
      ['At', `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ],
    link: { label: 'Choose a new password', href },
    advice: 'If it was not you, do nothing: your password stays as it is.',
  }
  return {
    medium: 'email',
    to: email,
    subject: `A new password for ${site}`,
    text: letterText(letter),
    html: page(Letter(letter)),
  }
}
