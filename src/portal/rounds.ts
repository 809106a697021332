import { hmac, sameBytes, sha256 } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Cookie } from '../session/cookie.ts'

/** Counts how often a browser is sent to a page, so that nobody is led in circles. */
export interface Rounds {
  /**
   * Counts one more departure.
   *
   * @param from The raw Cookie header; may be hostile.
   * @param browser The secret in the browser's own cookie: a count is worth nothing in another one.
   * @param page The page that the sign-in is about.
   * @returns Whether the browser comes back from it for the third time within half a minute, and the
   * Set-Cookie line that remembers this. Where it does, the count begins anew.
   */
  leave(from: string | undefined, browser: string, page: string): Departure
}

export interface Departure {
  inCircles: boolean
  setCookie: string
}

export interface RoundsDeps {
  clock: Clock
  cookie: Cookie
  /** Signs counts. */
  key: Uint8Array
}

const WITHIN_SECONDS = 30
const MOST_ROUNDS = 3
/** Pages that are remembered at once, so that the cookie stays small. */
const MOST_ENTRIES = 12
const COUNT = /^(?<entries>(?:[\w-]{16}\.\d{1,12}~){1,12})(?<mac>[\w-]{43})$/

interface Entry {
  page: string
  at: UnixSeconds
}

export function createRounds({ clock, cookie, key }: RoundsDeps): Rounds {
  const markOf = (browser: string, entries: string) =>
    hmac(key, `rounds ${browser} ${entries}`).toString('base64url')

  const read = (from: string | undefined, browser: string): Entry[] => {
    const { entries, mac } = COUNT.exec(cookie.read(from) ?? '')?.groups ?? {}
    if (entries === undefined || mac === undefined) return []
    if (!sameBytes(Buffer.from(mac), Buffer.from(markOf(browser, entries)))) return []
    return entries.split('~').filter(Boolean).map(readEntry)
  }

  return {
    leave(from, browser, page) {
      const now = clock.now()
      const digest = digestOf(page)
      const recent = read(from, browser).filter(({ at }) => at <= now && now - at < WITHIN_SECONDS)
      if (recent.filter((entry) => entry.page === digest).length >= MOST_ROUNDS) {
        return { inCircles: true, setCookie: cookie.clear() }
      }
      const kept = [...recent, { page: digest, at: now }].slice(-MOST_ENTRIES)
      const entries = kept.map((entry) => `${entry.page}.${entry.at}~`).join('')
      const value = `${entries}${markOf(browser, entries)}`
      return { inCircles: false, setCookie: cookie.set(value, WITHIN_SECONDS) }
    },
  }
}

const digestOf = (page: string): string => sha256(page).toString('base64url').slice(0, 16)

function readEntry(text: string): Entry {
  const [page = '', at = ''] = text.split('.')
  return { page, at: Number(at) }
}
