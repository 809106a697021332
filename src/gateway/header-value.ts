import { remembering } from '../base/memo.ts'

// Printable ASCII but for `%`, which marks a value that is encoded.
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/

/**
 * Writes any text as a header value: plain ASCII as it is, anything else as percent-encoded UTF-8, as
 * `decodeURIComponent` reads it. No two texts give the same value, so that nobody can pass for another
 * user by a clever name; and no text can end the line.
 */
export const headerValue = remembering(2_000, (text) =>
  // White space around a value would get lost on the way.
  PLAIN.test(text) && text.trim() === text ? text : encodeURIComponent(text.toWellFormed()),
)

/** Writes texts as one value, with commas between them and none within. */
export const headerList = (texts: readonly string[]): string =>
  texts.map((text) => headerValue(text).replaceAll(',', '%2C')).join(',')
