import type { Context } from 'hono'
import type { Destination } from '../../views/brand.ts'
import { GoingInCircles } from '../../views/going-in-circles.tsx'
import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import { newReference } from '../base/reference.ts'
import type { HandOffs } from '../login/hand-off.ts'
import type { Visit } from '../login/outcome.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Realms } from '../session/realms.ts'
import type { AppEnv } from '../web/env.ts'
import { causeOf } from './circle-cause.ts'
import { loginLink } from './links.ts'
import type { Pages } from './page.ts'
import type { Rounds } from './rounds.ts'

/** Ends the circle in which a browser is that an application sends back to the sign-in at once. */
export interface Circles {
  /**
   * Counts a browser that is about to leave for where its sign-in ends.
   *
   * @returns Whether it has been there often enough.
   */
  count(c: Context<AppEnv>, returnTo: string, browser: string): boolean
  /** Says why, in the place of sending it there once more. */
  show(c: Context<AppEnv>, returnTo: string, visit: Visit): Response
}

export interface CirclesDeps {
  audit: Audit
  clock: Clock
  cookies: Pick<Cookies, 'sessionAt'>
  /** What people call the application at an address; `undefined` for the portal itself. */
  destinationOf(url: string): Destination | undefined
  handOffs: Pick<HandOffs, 'pageBehind'>
  /** Where help is to be had. */
  help: string | undefined
  /** How old a proof may be on a page, in seconds; `undefined` where the page does not mind. */
  maxAgeOf(url: string, address: string): number | undefined
  pages: Pages
  realms: Pick<Realms, 'of' | 'home'>
  rounds: Rounds
}

export function createCircles(deps: CirclesDeps): Circles {
  const { audit, clock, cookies, handOffs, help, pages, realms, rounds } = deps
  const { brand } = pages

  return {
    count(c, returnTo, browser) {
      // The portal itself sends nobody away.
      if (!deps.destinationOf(returnTo)) return false
      const page = handOffs.pageBehind(returnTo)
      const { inCircles, setCookie } = rounds.leave(c.env.client.cookie, browser, page)
      c.header('Set-Cookie', setCookie, { append: true })
      return inCircles
    },

    show(c, returnTo, { rd, address, signedIn }) {
      const behind = handOffs.pageBehind(returnTo)
      const page = new URL(behind)
      const { host } = page
      const cause = causeOf({
        portal: new URL(brand.home),
        page,
        realms,
        scheme: c.req.header('x-forwarded-proto'),
        referrer: c.req.header('referer'),
        session: signedIn?.session,
        maxAge: deps.maxAgeOf(behind, address),
        now: clock.now(),
      })
      const number = newReference()
      const told = audit.record({
        name: 'login.looped',
        ...{ address, reference: number },
        ...(signedIn ? { userId: signedIn.user.id, sessionId: signedIn.session.id } : {}),
        details: { host, cause },
      })
      // Of many that are alike, each is told the number of the one that stands for them.
      const reference = told ?? number
      const cookie = cookies.sessionAt(page.hostname).name
      const again = loginLink(brand.home, rd)
      const props = { brand, host, cause, cookie, reference, again, home: brand.home, help }
      return pages.show(c, GoingInCircles(props), { status: 403 })
    },
  }
}
