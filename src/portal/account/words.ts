import type { Moment } from '../../../views/parts/moment.tsx'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Factors } from '../../factors/contract.ts'
import type { Authenticator } from '../../login/account/authenticators.ts'
import { riskInWords } from '../../login/risk-words.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { Session } from '../../model/session.ts'
import type { User } from '../../model/user.ts'

const MONTHS =
  'January February March April May June July August September October November December'
const MONTH = MONTHS.split(' ')

/** A point in time in UTC: `1 May 2026, 14:03 UTC`. */
export function momentOf(at: UnixSeconds): Moment {
  const date = new Date(at * 1000)
  const iso = date.toISOString()
  const day = `${date.getUTCDate()} ${MONTH[date.getUTCMonth()]} ${date.getUTCFullYear()}`
  return { text: `${day}, ${iso.slice(11, 16)} UTC`, iso: `${iso.slice(0, 16)}Z` }
}

/** Why nothing can be changed, and until when. */
export const frozenSentence = ({ frozenUntil = 0 }: User): string =>
  `Somebody said that a change to this account was not theirs, so nothing about it changes until ${momentOf(frozenUntil).text}.`

/** What a change is confirmed with, by the word that a page's address carries. */
const DONE: Readonly<Record<string, string>> = {
  name: 'Your name is changed.',
  mail: 'Your mail address is changed.',
  mail_removed: 'Your mail address is removed.',
  password: 'Your password is changed, and all other sessions have ended.',
  added: 'It is set up, and counts from now on.',
  named: 'It has its new name.',
  removed: 'It is removed.',
  restored: 'It counts again.',
  confirms: 'It asks for your passkey before it approves anything.',
  ended: 'The session has ended.',
  ended_all: 'All other sessions have ended.',
}

/** @param word From the address bar; may be hostile. */
export const doneSentence = (word: string | undefined): string | undefined =>
  word !== undefined && Object.hasOwn(DONE, word) ? DONE[word] : undefined

/** What methods are called (RFC 8176), for sessions whose authenticators are gone. */
const METHODS: Readonly<Record<string, string>> = {
  pwd: 'password',
  otp: 'code',
  sms: 'text message',
  tel: 'phone call',
  pop: 'passkey or key',
  mca: 'approval on another device',
}

/** What a session was proved with: `password, Work phone`. */
export function provedBy({ amr, by = [] }: Session, own: readonly Authenticator[]): string {
  const labels = own
    .filter(({ credential }) => by.includes(credential.id))
    .map(({ credential }) => credential.label)
  const methods = labels.length > 0 ? amr.filter((method) => method === 'pwd') : amr
  const words = methods.flatMap((method) => METHODS[method] ?? [])
  return [...new Set([...words, ...labels])].join(', ') || 'an unknown way'
}

/** What happened, as a sentence without its full stop, and whether it is worth a second look. */
export interface EventWords {
  what: string
  odd: boolean
}

/** Puts an event into the words of the person to whom it happened. */
export function eventWords({ name, details = {} }: AuditEvent, factors: Factors): EventWords {
  const text = (key: string) => String(details[key] ?? '')
  const title = factors.get(text('kind'))?.title ?? text('kind')
  const label = text('label') || title
  const isOurs = details.by === 'command line'
  const said = (what: string) => ({
    what: isOurs ? `${what}, by an administrator` : what,
    odd: false,
  })
  const odd = (what: string) => ({ what, odd: true })
  const methods = () => methodsIn(text('amr'), text('factors'), factors)

  switch (name) {
    case 'login.succeeded':
      if (details.risk === 'medium' || details.risk === 'high') {
        return odd(`Signed in ${riskInWords(text('reasons'))}, with ${methods()}`)
      }
      return details.newDevice === true
        ? odd(`Signed in from a browser that is new here, with ${methods()}`)
        : said(`Signed in with ${methods()}`)
    case 'login.refused':
      if (details.reason === 'risk') {
        return odd(`Stopped, because it was ${riskInWords(text('reasons'))}`)
      }
      return odd(refusal(text('factor'), text('reason'), factors))
    case 'login.throttled':
      return odd('Slowed down: there were too many tries')
    case 'factor.enrolled':
      return said(`Set up: ${label}`)
    case 'factor.changed':
      if (details.confirms !== undefined) {
        return said(
          `${label} ${details.confirms === true ? 'asks for a passkey before it approves' : 'approves without a passkey'}`,
        )
      }
      return said(`Named anew: ${text('before')} is ${label} now`)
    case 'factor.removed':
      return said(`Removed: ${label}`)
    case 'factor.disabled':
      return odd(`Locked after too many wrong codes: ${title}`)
    case 'factor.suspect':
      return odd(`Refused, because it may be a copy: ${title}`)
    case 'factor.unreachable':
      return odd(`Notifications stopped arriving: ${label}`)
    case 'factor.restored':
      return odd(`Counts again, after it was set aside: ${label}`)
    case 'factors.frozen':
      return odd('Closed off: “this was not me”')
    case 'challenge.denied':
      return odd('A sign-in was turned down on another device')
    case 'message.undelivered':
      return odd('A notice could not be delivered')
    case 'password.changed':
      return said('The password was changed')
    case 'password.reset_asked':
      return said('Somebody asked for a new password')
    case 'session.revoked':
      return said(
        details.sessions === 1 ? 'A session was ended' : `${text('sessions')} sessions were ended`,
      )
    case 'user.created':
      return said('The account was made')
    case 'user.exported':
      return said('Everything that is stored was downloaded')
    case 'user.changed':
      return said(changeOf(text('what')))
    default:
      return said(name)
  }
}

const CHANGES: Readonly<Record<string, string>> = {
  name: 'The name was changed',
  mail: 'The mail address was changed',
  groups: 'The groups were changed',
  disabled: 'The account was disabled',
  enabled: 'The account was enabled',
  invited: 'An invitation to choose a password was made',
  unfrozen: 'The account was opened to changes again',
  limits: 'Guesses at the account were forgiven',
}

const changeOf = (what: string): string =>
  (Object.hasOwn(CHANGES, what) ? CHANGES[what] : undefined) ?? 'The account was changed'

function refusal(factor: string, reason: string, factors: Factors): string {
  if (factor === 'password') return 'A wrong password was typed'
  const title = factors.get(factor)?.title ?? factor
  if (reason === 'denied') return `Turned down on another device: ${title}`
  return `A wrong answer was given: ${title}`
}

/** @param kinds Of the authenticators that were used, as far as they are known. */
function methodsIn(amr: string, kinds: string, factors: Factors): string {
  const titles = kinds.split(' ').flatMap((kind) => factors.get(kind)?.title ?? [])
  const methods = amr.split(' ').filter((method) => titles.length === 0 || method === 'pwd')
  const words = [...methods.flatMap((method) => METHODS[method] ?? []), ...titles]
  return [...new Set(words)].join(' and ') || 'an unknown way'
}
