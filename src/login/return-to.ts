/** The places where a sign-in may end. */
export interface Destinations {
  /** Where it ends when no other place was asked for, or a foreign one. */
  home: URL
  /** Origins of all routes, e.g. `https://wiki.example.com`; asked letter for letter. */
  origins: { has(origin: string): boolean }
  /** Addresses of the portal's own pages at which a sign-in may end, each with all below it. */
  own?: readonly string[]
}

/**
 * Chooses the page on which a sign-in ends.
 *
 * Accepts an absolute address that begins with one of our origins, letter for letter, and gives it
 * back byte for byte; anything else is ignored, so that the portal is no open redirector. A refused
 * address is normal, not an error.
 *
 * @param given The raw `rd` query value. May be absent, relative, malformed or hostile.
 * @returns The address to redirect to. Never throws.
 *
 * @see RFC 9700, section 4.11 (Open Redirection)
 *
 * @example
 * returnTo('https://wiki.example.org/a', destinations) // 'https://wiki.example.org/a'
 * returnTo('https://evil.example/', destinations) // destinations.home.href
 */
export function returnTo(given: string | undefined, destinations: Destinations): string {
  const { home, origins, own = [] } = destinations
  if (given === undefined) return home.href
  return isOurs(given, origins) || own.some((page) => isBelow(given, page)) ? given : home.href
}

/** Printable ASCII without what browsers and servers read in different ways: space, quotes, `\`, `<>`. */
const PLAIN = /^[\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x7e]{1,4096}$/

function isOurs(given: string, origins: Destinations['origins']): boolean {
  if (!PLAIN.test(given)) return false
  // The origin is compared as text and the rest must begin where an origin ends. So there is nothing
  // to parse, and no parser to disagree with; the second look by the WHATWG parser can only refuse.
  const end = given.slice(8).search(/[/?#]/)
  const origin = end < 0 ? given : given.slice(0, end + 8)
  return origins.has(origin) && URL.canParse(given) && new URL(given).origin === origin
}

/** A page or one below it, letter for letter, and read so by browsers too: no dot segment leads out of it. */
function isBelow(given: string, page: string): boolean {
  if (!PLAIN.test(given) || !URL.canParse(given)) return false
  const { href } = new URL(given)
  return (
    href === given &&
    (given === page || /^[/?]/.test(given.slice(page.length))) &&
    given.startsWith(page)
  )
}
