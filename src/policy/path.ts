/**
 * The ways in which an upstream might understand one raw path, each in the one form in which rules
 * compare: percent-decoded, without empty segments and path parameters.
 *
 * Most paths have one reading. `//` and `;` give a second, because servers differ on them; whoever
 * decides must come to the same answer for each. A path whose meaning cannot be pinned down at all
 * (dot segments, encoded separators, control characters, double encoding) has none.
 *
 * @param rawPath From the request line, up to the `?`; may be hostile.
 * @returns No readings when the path is ambiguous beyond what rules can bear.
 *
 * @see RFC 3986, section 6.2.2 (Syntax-Based Normalization)
 */
export function readingsOf(rawPath: string): readonly string[] {
  if (!rawPath.startsWith('/') || FORBIDDEN.test(rawPath)) return []
  const plain = decode(rawPath)
  if (plain === undefined || BROKEN.test(plain)) return []

  const readings = new Set([plain])
  if (plain.includes('//')) readings.add(plain.replace(/\/{2,}/g, '/'))
  if (plain.includes(';')) {
    // Java servers cut `;name=value` from every segment, then resolve what is left.
    const cut = plain.replace(/;[^/]*/g, '')
    if (BROKEN.test(cut)) return []
    readings.add(cut.replace(/\/{2,}/g, '/') || '/')
  }
  return [...readings]
}

// Encoded `/`, `\` and `%`, raw `\`, and encoded control characters: decoding them changes what the
// path means, and servers differ on whether and how often they decode.
const FORBIDDEN = /\\|%(?:2f|5c|25|[01][0-9a-f]|7f)/i

// After decoding: dot segments, which somebody on the way will resolve, and whatever still is no text.
const BROKEN = /(?:^|\/)\.{1,2}(?:\/|;|$)|\p{Cc}|\\/u

function decode(path: string): string | undefined {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path).normalize('NFC')
  } catch {
    return undefined
  }
}

/** Why a pattern cannot be used, as a sentence; `undefined` when it can. */
export function invalidPattern(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'begin a path pattern with /: /admin/**'
  if (/\*\*(?!$)|[^/]\*\*/.test(pattern))
    return 'write ** only at the end, as a segment of its own: /admin/**'
  if (/[?#;\\%]|\/\/|\/\.{1,2}(\/|$)|\p{Cc}/u.test(pattern)) {
    return 'write the plain path, decoded, without ?, #, ;, % or dot segments'
  }
  return undefined
}

/** Does one reading of a path fall under a pattern? */
export type PathTest = (reading: string) => boolean

/**
 * Turns a pattern into a test. `*` stands for anything within one segment; `/**` at the end for the
 * path itself and all below it, ending on a segment border: `/public/**` covers `/public` and
 * `/public/a`, not `/publicity`.
 *
 * @param pattern Already found valid by {@link invalidPattern}.
 */
export function pathTest(pattern: string): PathTest {
  if (pattern === '/**') return () => true
  const deep = pattern.endsWith('/**')
  const segments = (deep ? pattern.slice(0, -3) : pattern).split('/').map(segmentTest)

  return (reading) => {
    const given = reading.split('/')
    if (deep ? given.length < segments.length : given.length !== segments.length) return false
    return segments.every((matches, index) => matches(given[index] ?? ''))
  }
}

function segmentTest(pattern: string): PathTest {
  const [head = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return (segment) => segment === head
  const tail = rest.pop() ?? ''
  return (segment) => {
    if (segment.length < head.length + tail.length) return false
    if (!segment.startsWith(head) || !segment.endsWith(tail)) return false
    // What stands between two stars must occur in order; leftmost is always good enough.
    let from = head.length
    const end = segment.length - tail.length
    for (const part of rest) {
      const at = segment.indexOf(part, from)
      if (at < 0 || at + part.length > end) return false
      from = at + part.length
    }
    return true
  }
}
