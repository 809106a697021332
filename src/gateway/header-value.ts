// Printable ASCII but for `%`, which marks what is encoded.
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/
const PLAIN_CHARACTER = /[\x20-\x24\x26-\x7e]/

/**
 * Writes any text as a header value: printable ASCII as it is, everything else, and `%` itself, as
 * percent-encoded UTF-8. No two texts give the same value, so that nobody can pass for another user
 * by a clever name; and no text can end the line.
 */
export function headerValue(text: string): string {
  if (PLAIN.test(text) && text.trim() === text) return text
  const encoded = Array.from(text.toWellFormed(), (character) =>
    PLAIN_CHARACTER.test(character) ? character : encodeURIComponent(character),
  ).join('')
  // White space around a value gets lost on the way.
  return encoded.replace(/^ +| +$/g, (spaces) => '%20'.repeat(spaces.length))
}

/** Writes texts as one value, with commas between them and none within. */
export const headerList = (texts: readonly string[]): string =>
  texts.map((text) => headerValue(text).replaceAll(',', '%2C')).join(',')
