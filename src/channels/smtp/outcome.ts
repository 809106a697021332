import type { Delivery } from '../../model/message.ts'
import { ChannelDown, nameOf } from '../errors.ts'

/** What the library tells of a failure. */
interface SmtpFailure {
  responseCode?: unknown
  response?: unknown
  command?: unknown
}

/**
 * Runs one try and reads its failure: a server that refuses the address or the message for good is an
 * answer, everything else is a channel that is down.
 *
 * @throws {ChannelDown}
 */
export async function asOutcome(send: () => Promise<unknown>): Promise<Delivery> {
  try {
    await send()
    return { ok: true }
  } catch (cause) {
    const failure = failureOf(cause)
    if (isLastWord(failure)) return { ok: false, refused: `the mail server says ${reply(failure)}` }
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

/** `550 5.1.1`: the numbers alone, for the text may repeat what was sent. */
function reply({ response }: SmtpFailure): string {
  if (typeof response !== 'string') return ''
  const [, code = '', detail] = /^(\d{3})[ -]?(\d\.\d{1,3}\.\d{1,3})?/.exec(response) ?? []
  return detail === undefined ? code : `${code} ${detail}`
}

const failureOf = (cause: unknown): SmtpFailure =>
  typeof cause === 'object' && cause !== null ? { ...cause } : {}
