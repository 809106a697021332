/** Ten digits and all letters but I, L, O and U: nothing that is read as something else. */
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BITS = 5
const GROUP = 4

/**
 * Writes bytes in groups of four symbols, to be read out, written down and typed: `7K3Q-XM2P`.
 *
 * @param bytes A multiple of five, so that no symbol is cut short.
 * @see https://www.crockford.com/base32.html
 */
export function inGroups(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= BITS) {
      bits -= BITS
      text += SYMBOLS[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return text.replace(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-')
}

/**
 * Brings what was typed into the one form: capitals without spaces or dashes, with `O` read as zero and
 * `I` and `L` as one.
 *
 * @param typed May be hostile.
 * @param length Symbols that it must have.
 * @returns `undefined` when it is nothing of that kind.
 */
export function asTyped(typed: string, length: number): string | undefined {
  if (typed.length > 4 * length) return undefined
  const plain = typed
    .replace(/[\s\-\u2010-\u2015]/g, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  const isWhole = plain.length === length && [...plain].every((symbol) => SYMBOLS.includes(symbol))
  return isWhole ? plain : undefined
}
