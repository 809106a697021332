import type { CookieScope } from './cookie-scope.ts'

/** The cookies that are ours: how they are named, read, set, and kept from everybody else. */
export interface Cookies {
  /** Names the session. Reaches every host behind the gate. */
  session: Cookie
  /** Tells one browser from another, for attempts, forms and known devices. The portal’s alone. */
  browser: Cookie
  /** Names a browser that answers for sign-ins elsewhere. The portal’s alone. */
  approver: Cookie
  /**
   * Cuts our cookies from what a browser sent, so that no application ever sees a session.
   *
   * @param header The raw Cookie header.
   * @returns What is left, or `undefined` when nothing is.
   */
  cut(header: string): string | undefined
  /** Does a Set-Cookie line of an application use a name that is ours, in any disguise? */
  isOurs(setCookie: string): boolean
}

export interface Cookie {
  name: string
  /**
   * @param header The raw Cookie header; may be hostile.
   * @returns The value, or `undefined` when there is none or more than one. Two cookies of one name
   * mean that somebody tossed one in; neither is believed.
   */
  read(header: string | undefined): string | undefined
  /** @returns A Set-Cookie line. */
  set(value: string, maxAgeSeconds?: number): string
  /** @returns A Set-Cookie line that removes the cookie. */
  clear(): string
}

export interface CookiesDeps {
  portal: URL
  scope: CookieScope
}

/**
 * Names and attributes follow from where the portal stands: `__Host-` on one host, `__Secure-` for a
 * parent domain, and neither on plain HTTP, which is for localhost only.
 *
 * @see RFC 6265bis, section 4.1.3 (Cookie Name Prefixes)
 */
export function createCookies({ portal, scope }: CookiesDeps): Cookies {
  const secure = portal.protocol === 'https:'
  const session =
    scope.kind === 'domain'
      ? createCookie(
          secure ? '__Secure-gatehouse' : 'gatehouse',
          secure,
          `; Domain=${scope.domain}`,
        )
      : createCookie(secure ? '__Host-gatehouse' : 'gatehouse', secure, '')
  const own = (name: string) => createCookie(secure ? `__Host-${name}` : name, secure, '')
  const [browser, approver] = [own('gatehouse-browser'), own('gatehouse-approver')]
  return { session, browser, approver, cut: cutOurs, isOurs: (line) => isOurName(nameOf(line)) }
}

function createCookie(name: string, secure: boolean, domain: string): Cookie {
  const attributes = `; Path=/${domain}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    name,
    read: (header) => (header === undefined ? undefined : onlyValue(header, name)),
    set: (value, maxAgeSeconds) =>
      `${name}=${value}${attributes}${maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`}`,
    clear: () => `${name}=${attributes}; Max-Age=0`,
  }
}

function onlyValue(header: string, name: string): string | undefined {
  if (!header.includes(name)) return undefined
  const prefix = `${name}=`
  const values = header
    .split(';')
    .map(withoutIndent)
    .filter((pair) => pair.startsWith(prefix))
  return values.length === 1 ? values[0]?.slice(prefix.length) : undefined
}

function cutOurs(header: string): string | undefined {
  if (!/gatehouse/i.test(header)) return header
  const kept = header
    .split(';')
    .filter((pair) => !isOurName(nameOf(pair)))
    .map(withoutIndent)
    .filter((pair) => pair !== '')
  return kept.length > 0 ? kept.join('; ') : undefined
}

// Not trim(): that takes more than a space away, and lets look-alikes of a name pass for it.
const withoutIndent = (pair: string) => pair.replace(/^ +/, '')

// A browser sends a cookie without a name as its bare value, so `=a=b` comes back as `a=b`.
const nameOf = (pair: string): string => {
  const named = pair.replace(/^[\s=]+/, '')
  return named.slice(0, `${named}=`.indexOf('=')).split(';')[0] ?? ''
}

const OUR_NAMES: readonly string[] = ['gatehouse', 'gatehouse-browser', 'gatehouse-approver']

// Some servers decode or trim names before they compare, and fold their case: so does this. It takes
// more than our names, never less.
function isOurName(raw: string): boolean {
  const name = raw.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const bare = name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^__(host|secure)-/, '')
  return OUR_NAMES.includes(bare)
}
