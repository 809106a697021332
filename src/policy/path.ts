/**
 * The ways in which an upstream might understand one raw path, each in the one form in which rules
 * compare: percent-decoded, without a slash at the end.
 *
 * Most paths have one reading. `//`, `;`, an encoded `?` or `#`, look-alikes of plain letters, and a
 * dot or space at the end of a segment give more, because servers differ on them; whoever decides must come to the same answer for each. A path whose meaning cannot be pinned
 * down at all (dot segments, encoded separators, control characters, double encoding) has none.
 *
 * @param rawPath From the request line, up to the `?`; may be hostile.
 * @returns No readings when the path is ambiguous beyond what rules can bear.
 *
 * @see RFC 3986, section 6.2.2 (Syntax-Based Normalization)
 */
export function readingsOf(rawPath: string): readonly string[] {
  if (!rawPath.startsWith('/') || FORBIDDEN.test(rawPath)) return []
  const plain = decode(rawPath)
  if (plain === undefined || isBroken(plain)) return []

  const readings = new Set([plain])
  for (const reread of REREADINGS) {
    for (const reading of [...readings]) readings.add(reread(reading))
  }
  return [...readings].some(isBroken) ? [] : [...new Set([...readings].map(withoutLastSlash))]
}

// Encoded `/`, `\` and `%`, raw `\`, and encoded control characters: decoding them changes what the
// path means, and servers differ on whether and how often they decode.
const FORBIDDEN = /\\|%(?:2f|5c|25|[01][0-9a-f]|7f)/i

// After decoding: dot segments, which somebody on the way will resolve (Windows sees one in any run of
// dots and spaces), and whatever still is no text.
const BROKEN = /(?:^|\/)(?= *\.)[ .]+(?:[/;?#]|$)|\p{Cc}|\\/u

const isBroken = (path: string): boolean => BROKEN.test(path) || changesWhenFolded(path)

/** What some server does to a path before it looks at it. In this order, each on top of the others. */
const REREADINGS: readonly ((path: string) => string)[] = [
  // Takes full-width letters, and the like, for the plain ones.
  (path) => path.normalize('NFKC'),
  // Decodes first, and then takes the path for a URL.
  (path) => path.replace(/[?#].*$/s, ''),
  // Java servers cut `;name=value` from every segment.
  (path) => path.replace(/;[^/]*/g, ''),
  // Windows does not see dots and spaces at the end of a name.
  (path) => path.replace(/(?<![ .])[ .]+(?=\/|$)/g, ''),
  // Who resolves the path as an address takes what follows two slashes for a host.
  (path) => path.replace(/^\/{2,}[^/]*/, '') || '/',
  (path) => path.replace(/\/{2,}/g, '/'),
]

/** Some servers fold look-alikes, a full-width slash or dot, into the plain ones. */
function changesWhenFolded(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it says.
  if (/^[\x00-\x7f]*$/.test(path)) return false
  // No Unicode form folds these, but code pages of Windows do.
  if (/[\u2044\u2215\u2216]/.test(path)) return true
  const folded = path.normalize('NFKC')
  return BROKEN.test(folded) || marksIn(folded) !== marksIn(path)
}

const marksIn = (path: string): number => path.match(/[/;?#%]/g)?.length ?? 0

function decode(path: string): string | undefined {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path).normalize('NFC')
  } catch {
    return undefined
  }
}

/** `/admin/` and `/admin` are one page to most servers, and so to every rule. */
const withoutLastSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path || '/'

/**
 * The one form in which a server that does not tell upper from lower case compares paths: `ı` and the
 * Kelvin sign are letters of `admin` and `link` to it.
 */
export const foldCase = (path: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it says.
  /^[\x00-\x40\x5b-\x7f]*$/.test(path) ? path : path.toUpperCase().toLowerCase()

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

/** Does one reading of a path, as {@link readingsOf} gives it, fall under a pattern? */
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
  const plain = withoutLastSlash(deep ? pattern.slice(0, -3) : pattern).normalize('NFC')
  const segments = plain.split('/').map(segmentTest)

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
