import { ChannelDown, nameOf } from '../errors.ts'

/**
 * Twilio's numbers for "not to this number, now or later", with our words for them. Its own words
 * repeat the number.
 *
 * @see https://www.twilio.com/docs/api/errors
 */
const LAST_WORDS: ReadonlyMap<number, string> = new Map([
  [13224, 'no such number, or none that can be called'],
  [21211, 'no such number'],
  [21214, 'the number cannot be reached'],
  [21215, 'calls to this country are not switched on'],
  [21216, 'calls to this number are blocked'],
  [21217, 'no such number'],
  [21219, 'the number is not verified, which a trial account asks for'],
  [21408, 'messages to this country are not switched on'],
  [21608, 'the number is not verified, which a trial account asks for'],
  [21610, 'the person has asked for no more messages'],
  [21612, 'the number cannot be reached from this sender'],
  [21614, 'no mobile number'],
  [21635, 'a landline, which gets no text messages'],
  [60200, 'no such number'],
  [60203, 'too many codes to this number for now'],
  [60205, 'a landline, which gets no text messages'],
  [60410, 'held back on suspicion of fraud'],
  [60605, 'codes to this country are not switched on'],
])

/** There is no question open under that name, or it has had its tries: no code can be right. */
const NO_SUCH_QUESTION = [20404, 60202]

/** What came of a request; a last word about the number is a value, all else is thrown. */
export type Told<T> = { ok: true; value: T } | { ok: false; refused: string }

/**
 * Makes a request and reads its failure.
 *
 * @throws {ChannelDown} when it may go otherwise next time: not reached, too slow, too many requests, or
 * set up wrongly.
 */
export async function told<T>(request: () => Promise<T>): Promise<Told<T>> {
  try {
    return { ok: true, value: await request() }
  } catch (cause) {
    const code = codeOf(cause)
    const words = code === undefined ? undefined : LAST_WORDS.get(code)
    if (words !== undefined) return { ok: false, refused: `${words} (Twilio ${code})` }
    throw down(cause)
  }
}

/** Runs a check; a question that is no longer there is an answer: no code is right. */
export async function checked(check: () => Promise<boolean>): Promise<boolean> {
  try {
    return await check()
  } catch (cause) {
    if (NO_SUCH_QUESTION.includes(codeOf(cause) ?? 0)) return false
    throw down(cause)
  }
}

function down(cause: unknown): ChannelDown {
  const status = cause instanceof Error && 'status' in cause ? cause.status : undefined
  const what = typeof status === 'number' ? `HTTP ${status}` : nameOf(cause)
  return new ChannelDown('twilio', `${what} ${codeOf(cause) ?? ''}`.trim(), { cause })
}

// Only an answer of Twilio's carries a number; a system error's code is a word.
function codeOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined
  return typeof cause.code === 'number' ? cause.code : undefined
}
