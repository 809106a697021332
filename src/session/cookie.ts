import { remembering } from '../base/memo.ts'
import type { CookieScope, Realms } from './realms.ts'

/** The cookies that are ours: how they are named, read, set, and kept from everybody else. */
export interface Cookies {
  /** Names the session, in the portal's own realm. */
  session: Cookie
  /** Names the session on a host, in the realm that the host belongs to. */
  sessionAt(host: string): Cookie
  /** Tells one browser from another, for attempts, forms and known devices. The portal’s alone. */
  browser: Cookie
  /** Names a browser that answers for sign-ins elsewhere. The portal’s alone. */
  approver: Cookie
  /** Tells one browser from another on a host of another realm, while a sign-in is on its way there. */
  handOff: Cookie
  /** Counts how often a browser was sent to a page. The portal’s alone. */
  rounds: Cookie
  /**
   * Cuts our cookies from what a browser sent, so that no application ever sees a session.
   *
   * @param header The raw Cookie header.
   * @returns What is left, or `undefined` when nothing is.
   */
  cut(header: string): string | undefined
  /**
   * Removes what keeps a browser from being known: several session cookies of one name, of which none is
   * believed. A sibling host may have tossed one in, or the reach of ours was another one before.
   *
   * @param header The raw Cookie header that came to the portal.
   * @returns Set-Cookie lines; none when there is nothing to mend.
   */
  mend(header: string | undefined): string[]
  /** Does a Set-Cookie line of an application use a name that is ours, in any disguise? */
  isOurs(setCookie: string): boolean
}

/**
 * As the doors see them. Which cookie names a session depends on the host that is asked for, so there is
 * no other way to it here.
 */
export type DoorCookies = Pick<Cookies, 'sessionAt' | 'cut' | 'isOurs'>

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
  realms: Realms
}

/**
 * Names and attributes follow from where the portal stands: `__Host-` on one host, `__Secure-` for a
 * parent domain, and neither on plain HTTP, which is for localhost only.
 *
 * @see RFC 6265bis, section 4.1.3 (Cookie Name Prefixes)
 */
export function createCookies({ portal, realms }: CookiesDeps): Cookies {
  const secure = portal.protocol === 'https:'
  const hostOnly = (name: string) => createCookie(secure ? `__Host-${name}` : name, secure, '')
  const within = (scope: CookieScope) =>
    scope.kind === 'host'
      ? hostOnly('gatehouse')
      : createCookie(
          secure ? '__Secure-gatehouse' : 'gatehouse',
          secure,
          `; Domain=${scope.domain}`,
        )

  const session = within(realms.home.scope)
  const byRealm = new Map([[realms.home.name, session]])
  return {
    session,
    sessionAt(host) {
      const { name, scope } = realms.of(host)
      const known = byRealm.get(name)
      if (known) return known
      const cookie = within(scope)
      byRealm.set(name, cookie)
      return cookie
    },
    browser: hostOnly('gatehouse-browser'),
    approver: hostOnly('gatehouse-approver'),
    handOff: hostOnly('gatehouse-hand-off'),
    rounds: hostOnly('gatehouse-rounds'),
    cut: (header) => cutBefore(header).kept,
    mend: (header) =>
      header !== undefined && valuesOf(header, session.name).length > 1
        ? clearedEverywhere(session.name, portal.hostname, secure)
        : [],
    isOurs: (line) => isOurName(nameOf(line)),
  }
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
  const values = valuesOf(header, name)
  return values.length === 1 ? values[0] : undefined
}

function valuesOf(header: string, name: string): string[] {
  if (!header.includes(name)) return []
  const prefix = `${name}=`
  return header
    .split(';')
    .map(withoutIndent)
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
}

/** For the host itself, and for every parent domain that a cookie could have been set for. */
function clearedEverywhere(name: string, host: string, secure: boolean): string[] {
  const labels = host.split('.')
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))
  return ['', ...domains.map((domain) => `; Domain=${domain}`)].map((reach) =>
    createCookie(name, secure, reach).clear(),
  )
}

/** Browsers send the same cookies with every request. */
const cutBefore = remembering(1_000, (header) => ({ kept: cutOurs(header) }), 1024)

function cutOurs(header: string): string | undefined {
  if (!/gatehouse/i.test(header)) return header
  const kept = header
    .split(';')
    .filter((pair) => !holdsOurs(pair))
    .map(withoutIndent)
    .filter((pair) => pair !== '')
  return kept.length > 0 ? kept.join('; ') : undefined
}

// Some proxies join two Cookie lines with a comma, and some servers part cookies at one.
function holdsOurs(pair: string): boolean {
  const [first = '', ...others] = pair.split(',')
  const joined = others.filter((other) => other.includes('='))
  return [first, ...joined].some((part) => isOurName(nameOf(part)))
}

// Not trim(): that takes more than a space away, and lets look-alikes of a name pass for it.
const withoutIndent = (pair: string) => pair.replace(/^ +/, '')

// A browser sends a cookie without a name as its bare value, so `=a=b` comes back as `a=b`.
const nameOf = (pair: string): string => {
  const named = pair.replace(/^[\s=]+/, '')
  return named.slice(0, `${named}=`.indexOf('=')).split(';')[0] ?? ''
}

const OUR_NAMES: readonly string[] = [
  'gatehouse',
  'gatehouse-browser',
  'gatehouse-approver',
  'gatehouse-hand-off',
  'gatehouse-rounds',
]

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
