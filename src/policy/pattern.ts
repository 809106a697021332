import { createRequire } from 'node:module'
import type * as detector from 'redos-detector'
import { foldCase, type PathTest } from './path.ts'

/**
 * Why a regular expression cannot be used as a pattern, as a sentence; `undefined` when it can.
 *
 * A pattern is about a whole path and uses few means: what looks ahead or back, or depends on the case
 * of letters in ways of its own, could tell one reading of a path from another. And it must not blow
 * up: whoever sends a request chooses the text that it is tried on.
 */
export function invalidExpression(pattern: string): string | undefined {
  if (!/^\^\/.*\$$/su.test(pattern)) {
    return 'begin a pattern with ^/ and end it with $, for it is about the whole path: ^/users/[0-9]+$'
  }
  const inner = pattern.slice(1, -1)
  const odd = inner.replace(TOKENS, '')
  if (pattern.length > MAX_LENGTH || odd !== '' || /\p{Cc}/u.test(inner)) {
    return `write a pattern with letters, ., [a-z], [^/], (a|b), \\d, \\w, *, +, ?, {1,3} and \\ before a sign, and nothing else${odd === '' ? '' : `; not ${odd}`}`
  }
  const plain = inner.replace(CLASSES, '[]')
  if (/[#;%]|\\\?|\/\/|\/\\\.(?:\\\.)?(?:\/|$)/.test(plain)) {
    return 'write the plain path, decoded, without \\?, #, ;, %, // or dot segments'
  }
  const letter = [...pattern.normalize('NFC')].find((sign) => !foldsAlone(sign))
  if (letter !== undefined) {
    return `${letter} has no one small letter of its own; write the path in paths, not as a pattern`
  }
  try {
    expressionOf(pattern, 'u')
  } catch {
    return 'this is no regular expression: a bracket may be missing, or a *, + or {} too many'
  }
  return blowsUp(pattern)
    ? 'can take very long on some paths, because one text fits it in many ways; be more exact, e.g. [^/]+ in the place of .+'
    : undefined
}

const MAX_LENGTH = 300

/** Everything that a pattern may be made of. */
const TOKENS =
  /\\[dw.\-+*()[\]{}|^$/\\?]|\[\^?(?:\\[dw.\-+*()[\]{}|^$/]|[^\\[\]])+\]|\(\?:|\((?!\?)|[)|*+?.]|\{\d{1,3}(?:,\d{0,3})?\}|[^\\[\](){}|*+?.^$]/gu
const CLASSES = /\[(?:\\.|[^\\\]])+\]/gu

// Where upper and lower case are one and one, the same pattern serves both readings of a path.
function foldsAlone(sign: string): boolean {
  const folded = foldCase(sign)
  const code = sign.codePointAt(0)?.toString(16)
  return [...folded].length === 1 && new RegExp(`^\\u{${code}}$`, 'iu').test(folded)
}

/** Steps decide, so that the verdict is the same on every machine; the time only ends what they do not. */
const LIMITS = { maxScore: 100, maxSteps: 20_000, timeout: 1_000 } as const

function blowsUp(pattern: string): boolean {
  const source = sourceOf(pattern)
  // Read with the first pattern: it is as large as all rules together.
  const { isSafePattern }: typeof detector = createRequire(import.meta.url)('redos-detector')
  return (
    !isSafePattern(source, { ...LIMITS, unicode: true }).safe ||
    !isSafePattern(source, { ...LIMITS, caseInsensitive: true }).safe
  )
}

/** Does one reading of a path fall under a pattern? A slash at its end does not matter. */
export function patternTest(pattern: string): PathTest {
  return testWith(expressionOf(pattern, 'u'))
}

/** The same for a path in the one form of {@link foldCase}. */
export function foldedPatternTest(pattern: string): PathTest {
  return testWith(expressionOf(pattern, 'iu'))
}

const testWith =
  (expression: RegExp): PathTest =>
  (reading) =>
    // A reading has no slash at its end, and whoever wrote the pattern may have thought of one.
    expression.test(reading) || expression.test(`${reading}/`)

const expressionOf = (pattern: string, flags: string) => new RegExp(sourceOf(pattern), flags)

// In brackets of its own, so that ^ and $ hold for every branch of an alternative.
const sourceOf = (pattern: string) => `^(?:${pattern.slice(1, -1).normalize('NFC')})$`
