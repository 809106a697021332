/**
 * Makes a text safe to stand within another: no line of its own, no character that turns the text around
 * it, and no end of it out of sight.
 *
 * @param text May be hostile.
 */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, 120)
