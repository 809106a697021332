import { hmac } from '../../base/bytes.ts'
import type { Credential } from '../../model/factor.ts'
import type { Budget } from '../contract.ts'

const HOUR = 3600
const DAY = 86_400

const PER_TARGET_AN_HOUR = 10
/** Far more than anybody signs in, and little enough to annoy nobody for long. */
const PER_TARGET_A_DAY = 30
const UNPROVED_PER_USER_A_DAY = 20
const UNPROVED_PER_BLOCK_AN_HOUR = 20
/** Numbers that differ in these alone are neighbors, bought together by whoever lives off messages. */
const BLOCK_DIGITS = 4

/** One message, before it is sent. */
export interface Send {
  kind: string
  credential: Credential
  target: string
  /** Whose user it is, when it is that of another application. */
  application?: string | undefined
  dailyLimit: number
  /** Of a phone number. */
  country?: string | undefined
  key: Uint8Array
}

/**
 * What one message is taken from. Targets that nobody has proved yet are where messages are pumped for
 * money, so they have narrow budgets of their own: none of them can use up what sign-ins need.
 */
export function budgetsOf(send: Send): Budget[] {
  const { kind, credential, target, application, dailyLimit, country, key } = send
  const share = (parts: number) => Math.max(1, Math.floor(dailyLimit / parts))
  const name = (...parts: string[]) => ['send', kind, ...parts].join('/')
  const hidden = (text: string) => hmac(key, text).toString('base64url').slice(0, 22)
  const reached = hidden(mailboxOf(target))
  const always: Budget[] = [
    { name: name('day'), most: dailyLimit, windowSeconds: DAY, shared: true },
    { name: name('target', reached), most: PER_TARGET_AN_HOUR, windowSeconds: HOUR },
    { name: name('target', reached, 'day'), most: PER_TARGET_A_DAY, windowSeconds: DAY },
  ]
  // One application, or whoever has its key, must not use up what all others sign in with.
  if (application !== undefined) {
    always.push({
      name: name('of', application),
      most: share(2),
      windowSeconds: DAY,
      shared: true,
    })
  }
  if (credential.state !== 'pending') return always

  const unproved: Budget[] = [
    { name: name('new', 'day'), most: share(2), windowSeconds: DAY, shared: true },
    {
      name: name('new', 'user', credential.userId),
      most: UNPROVED_PER_USER_A_DAY,
      windowSeconds: DAY,
    },
  ]
  if (!target.startsWith('+')) return [...always, ...unproved]
  const block = hidden(target.slice(0, -BLOCK_DIGITS))
  return [
    ...always,
    ...unproved,
    {
      name: name('new', 'country', country ?? ''),
      most: share(3),
      windowSeconds: DAY,
      shared: true,
    },
    {
      name: name('new', 'block', block),
      most: UNPROVED_PER_BLOCK_AN_HOUR,
      windowSeconds: HOUR,
      shared: true,
    },
  ]
}

/** One mailbox, however its address is written: nearly all let the case go, and what follows a `+`. */
function mailboxOf(target: string): string {
  const at = target.lastIndexOf('@')
  // A `+` in front begins a phone number, or is a name of its own.
  const [, name = ''] = /^(.[^+]*)/.exec(target.slice(0, Math.max(0, at))) ?? []
  return at < 0 ? target : name.toLowerCase() + target.slice(at)
}
