import type { Refused } from '../../model/message.ts'
import { ChannelDown, FateUnknown, nameOf } from '../errors.ts'

/**
 * Twilio's numbers for "not to this number, now or later", with our words for them. Its own words
 * repeat the number.
 *
 * @see https://www.twilio.com/docs/api/errors
 */
const LAST_WORDS: ReadonlyMap<number, string> = new Map([
  [13224, 'no such number, or none that can be called'],
  [13225, 'calls to this number are forbidden'],
  [13227, 'calls to this country are not switched on'],
  [21211, 'no such number'],
  [21214, 'the number cannot be reached'],
  [21215, 'calls to this country are not switched on'],
  [21216, 'calls to this number are blocked'],
  [21217, 'no such number'],
  [21219, 'the number is not verified, which a trial account asks for'],
  [21265, 'a short code, which gets no messages'],
  [21266, 'our own number'],
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

/** Too much of it for one number, for now: nothing that others would feel. */
const FOR_NOW: ReadonlySet<number> = new Set([60207, 60212])

/** About the sender, which all messages share; every other HTTP 400 is about the one number. */
const ABOUT_US: ReadonlySet<number> = new Set([
  20001, 21210, 21212, 21213, 21603, 21606, 21607, 21611, 21659, 21660, 21661, 21701, 21703, 21704,
])

/** There is no question open under that name, or it has had its tries: no code can be right. */
const NO_SUCH_QUESTION = [20404, 60202]

/** What came of a request; a word about the number is a value, all else is thrown. */
export type Told<T> = { ok: true; value: T } | Refused | { ok: false; later: string }

/**
 * Makes a request that costs money, and reads its failure.
 *
 * @throws {FateUnknown} when Twilio has had the whole request and did not say what became of it. Its API
 * knows no key by which a repetition could be told, so a further try might be paid a second time.
 * @throws {ChannelDown} when nothing was sent, and it may go otherwise next time: not reached, too many
 * requests, or set up wrongly.
 */
export async function told<T>(request: () => Promise<T>): Promise<Told<T>> {
  try {
    return { ok: true, value: await request() }
  } catch (cause) {
    const code = codeOf(cause)
    const words = code === undefined ? undefined : LAST_WORDS.get(code)
    if (words !== undefined) return { ok: false, refused: `${words} (Twilio ${code})` }
    if (isAboutOne(cause)) return { ok: false, later: whatOf(cause) }
    throw mayHaveBeenTaken(cause)
      ? new FateUnknown('twilio', whatOf(cause), { cause })
      : down(cause)
  }
}

function isAboutOne(cause: unknown): boolean {
  const code = codeOf(cause)
  if (code === undefined) return false
  return FOR_NOW.has(code) || (statusOf(cause) === 400 && !ABOUT_US.has(code))
}

/** "Come back later": the one failure of Twilio's own that says that nothing was done. */
const UNAVAILABLE = 503

function mayHaveBeenTaken(cause: unknown): boolean {
  const status = statusOf(cause)
  if (status !== undefined) return status >= 500 && status !== UNAVAILABLE
  // No answer, or nonsense. What never left this machine whole was taken by nobody.
  return !(hasRequest(cause) && cause.request.writableFinished === false)
}

const hasRequest = (cause: unknown): cause is { request: { writableFinished?: unknown } } =>
  typeof cause === 'object' &&
  cause !== null &&
  'request' in cause &&
  typeof cause.request === 'object' &&
  cause.request !== null

/** Runs a check; a question that is no longer there is an answer: no code is right. */
export async function checked(check: () => Promise<boolean>): Promise<boolean> {
  try {
    return await check()
  } catch (cause) {
    if (NO_SUCH_QUESTION.includes(codeOf(cause) ?? 0)) return false
    throw down(cause)
  }
}

const down = (cause: unknown) => new ChannelDown('twilio', whatOf(cause), { cause })

/** `HTTP 400 21606`, or a system error's name. */
function whatOf(cause: unknown): string {
  const status = statusOf(cause)
  const what = status === undefined ? nameOf(cause) : `HTTP ${status}`
  return `${what} ${codeOf(cause) ?? ''}`.trim()
}

/** Of Twilio's answer, if there was one. */
function statusOf(cause: unknown): number | undefined {
  const status = cause instanceof Error && 'status' in cause ? cause.status : undefined
  return typeof status === 'number' ? status : undefined
}

// Only an answer of Twilio's carries a number; a system error's code is a word.
function codeOf(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined
  return typeof cause.code === 'number' ? cause.code : undefined
}
