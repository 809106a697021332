import type { Delivery } from '../../model/message.ts'
import { ChannelDown, nameOf } from '../errors.ts'

/** What the library tells of a failure. */
interface SmtpFailure {
  responseCode?: unknown
  response?: unknown
  command?: unknown
}

/**
 * Runs one try and reads its failure: what a server says about the address or the message is an answer,
 * for good or for now; everything else is a channel that is down.
 *
 * @throws {ChannelDown}
 */
export async function asOutcome(send: () => Promise<unknown>): Promise<Delivery> {
  try {
    await send()
    return { ok: true }
  } catch (cause) {
    const failure = failureOf(cause)
    const said = `the mail server says ${reply(failure)}`
    if (isLastWord(failure)) return { ok: false, refused: said }
    if (isAboutOne(failure)) return { ok: false, later: said }
    throw new ChannelDown('smtp', `${nameOf(cause)} ${reply(failure)}`.trim(), { cause })
  }
}

// What a server says about us and our session, not about the person: out of order, sign in first,
// wrong password, encrypt first. Somebody has to set something right, and then the mail will go.
const ABOUT_US = [503, 530, 534, 535, 538]

function isLastWord({ responseCode: code, command }: SmtpFailure): boolean {
  if (typeof code !== 'number' || code < 500 || code > 599 || ABOUT_US.includes(code)) return false
  return command === 'RCPT TO' || command === 'DATA'
}

/** The server closes the connection, whatever it was asked. */
const GOES_AWAY = 421

/**
 * "Not now", about one mailbox: full, busy, or a sender unknown to it yet (greylisting).
 *
 * @see RFC 3463, section 3: `x.1` and `x.2` are about the address and the mailbox, `x.3` and `x.4` about
 * the mail system and the network, which all mails share
 */
function isAboutOne({ responseCode: code, response, command }: SmtpFailure): boolean {
  if (typeof code !== 'number' || code < 400 || code > 499 || code === GOES_AWAY) return false
  const [, subject] = /^\d{3}[ -]\d\.(\d{1,3})\.\d/.exec(String(response)) ?? []
  if (command === 'RCPT TO') return subject !== '3' && subject !== '4'
  // Of a whole message such a word alone says nothing: a disk that is full refuses them all.
  return command === 'DATA' && (subject === '1' || subject === '2')
}

/** `550 5.1.1`: the numbers alone, for the text may repeat what was sent. */
function reply({ response }: SmtpFailure): string {
  if (typeof response !== 'string') return ''
  const [, code = '', detail] = /^(\d{3})[ -]?(\d\.\d{1,3}\.\d{1,3})?/.exec(response) ?? []
  return detail === undefined ? code : `${code} ${detail}`
}

const failureOf = (cause: unknown): SmtpFailure =>
  typeof cause === 'object' && cause !== null ? { ...cause } : {}
