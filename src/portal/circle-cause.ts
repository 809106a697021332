import type { CircleCause } from '../../views/going-in-circles.tsx'
import type { UnixSeconds } from '../base/clock.ts'
import type { Session } from '../model/session.ts'
import { isWithin, type Realms } from '../session/realms.ts'

/** What there is to tell from why a browser goes in circles. */
export interface Circle {
  portal: URL
  /** The page that it is sent to, again and again. */
  page: URL
  realms: Pick<Realms, 'of' | 'home'>
  /** What the proxy in front says about the way to the portal. */
  scheme: string | undefined
  /** The page that it comes from, where the browser tells. */
  referrer: string | undefined
  session: Pick<Session, 'createdAt'> | undefined
  /** How old a proof may be on that page, in seconds. */
  maxAge: number | undefined
  now: UnixSeconds
}

/** A proof that is good for no longer may be too old on arrival. */
const SHORT_SECONDS = 30

/** Finds the likeliest cause. Where none of the others is to be seen, the cookie does not come back. */
export function causeOf(circle: Circle): CircleCause {
  const { session, maxAge, now } = circle
  if (!isReached(circle)) return 'out_of_reach'
  if (comesByHttp(circle)) return 'plain_http'
  const isFromLater = session !== undefined && session.createdAt > now
  if (isFromLater || (maxAge !== undefined && maxAge <= SHORT_SECONDS)) return 'clock'
  return 'no_cookie'
}

/** Does a cookie of the realm that the page is in get there? */
function isReached({ portal, page, realms }: Circle): boolean {
  const { name, scope } = realms.of(page.hostname)
  if (scope.kind === 'domain') return isWithin(page.hostname, scope.domain)
  return page.hostname === (name === realms.home.name ? portal.hostname : name)
}

function comesByHttp({ portal, page, scheme, referrer = '' }: Circle): boolean {
  if (portal.protocol !== 'https:') return false
  return scheme?.toLowerCase() === 'http' || referrer.startsWith(`http://${page.host}/`)
}
