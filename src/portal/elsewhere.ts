import type { Context, MiddlewareHandler } from 'hono'
import type { Audit } from '../audit/record.ts'
import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { newReference } from '../base/reference.ts'
import { type HandOffs, pageOn } from '../login/hand-off.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Realms } from '../session/realms.ts'
import type { Sessions } from '../session/sessions.ts'
import type { AppEnv } from '../web/env.ts'
import type { Pages } from './page.ts'

export interface ElsewhereDeps {
  audit: Audit
  clock: Clock
  cookies: Cookies
  handOffs: HandOffs
  pages: Pages
  realms: Pick<Realms, 'of' | 'home'>
  sessions: Pick<Sessions, 'peek'>
  /** The origin of the application on a host; `undefined` when there is none. */
  originAt(place: { host: string; port: number | undefined }): string | undefined
}

/** The host of an application, as its pages below `/.gatehouse/` see it. */
interface Place {
  host: string
  origin: string
  /** The page that the sign-in or sign-out is about. */
  page: string
}

type Show = (c: Context<AppEnv>, place: Place) => Response | Promise<Response>

const BROWSER_BYTES = 32
const BROWSER = /^[\w-]{43}$/
/** A sign-in takes a few minutes at most; whoever takes longer begins again without noticing. */
const BROWSER_SECONDS = 30 * 60

/**
 * Our few pages on the hosts of applications. They are doors to the portal: it signs people in and out,
 * and these take the outcome over to hosts that its cookie does not reach.
 */
export function onlyAtHome(deps: ElsewhereDeps): MiddlewareHandler<AppEnv> {
  const { realms, pages } = deps
  const portal = new URL(pages.brand.home)
  const abroad = createDoors(deps, portal)

  return async (c, next) => {
    const { host, port } = c.env.client
    if (host === portal.hostname) return next()
    if (c.req.method !== 'GET') return c.notFound()
    const { pathname, search } = new URL(c.req.url)
    const name = pathname.slice(pathname.indexOf('/', 1) + 1)

    const origin = deps.originAt({ host, port })
    if (origin !== undefined && realms.of(host).name !== realms.home.name) {
      const show = Object.hasOwn(abroad, name) ? abroad[name] : undefined
      if (show) return show(c, { host, origin, page: pageOn(origin, c.req.query('rd')) })
    }
    return /^(login|logout)?$/.test(name)
      ? c.redirect(new URL(name, portal).href + search, 303)
      : c.notFound()
  }
}

function createDoors(deps: ElsewhereDeps, portal: URL): Readonly<Record<string, Show>> {
  const { audit, clock, cookies, handOffs, pages, realms, sessions } = deps

  const toPortal = (c: Context<AppEnv>, name: string, parameters: Record<string, string>) => {
    const url = new URL(name, portal)
    url.search = new URLSearchParams(parameters).toString()
    return goOn(c, url.href)
  }
  const signedInAt = (c: Context<AppEnv>, host: string) =>
    sessions.peek(cookies.sessionAt(host).read(c.env.client.cookie), realms.of(host).name)

  return {
    login(c, { origin, page }) {
      const known = cookies.handOff.read(c.env.client.cookie)
      const browser = known && BROWSER.test(known) ? known : randomToken(BROWSER_BYTES)
      c.header('Set-Cookie', cookies.handOff.set(browser, BROWSER_SECONDS), { append: true })
      return toPortal(c, 'login', { rd: handOffs.arrivalAt(origin, page, browser) })
    },

    async 'hand-off'(c, { host, origin, page }) {
      const browser = cookies.handOff.read(c.env.client.cookie)
      const code = c.req.query('code') ?? ''
      const arrived = browser && (await handOffs.arrive({ host, origin, code, browser }))
      if (arrived) {
        const { token, session } = arrived
        const lasts = session.remembered ? session.expiresAt - clock.now() : undefined
        c.header('Set-Cookie', cookies.sessionAt(host).set(token, lasts), { append: true })
        return goOn(c, page)
      }
      // The way back in the browser's history: there is nothing left to do.
      if (signedInAt(c, host)) return goOn(c, page)
      const { address } = c.env.client
      const number = newReference()
      const event = { name: 'access.refused', address, reference: number } as const
      const reference = audit.record({ ...event, details: { reason: 'hand_off', host } }) ?? number
      return pages.trouble(c, 403, {
        title: 'This sign-in did not arrive',
        reference,
        sentences: [
          'It was used already, took too long, or began in another browser. If this comes again, cookies may be switched off for this site.',
        ],
        actions: [{ label: 'Begin again', href: againAt(origin, page), primary: true }],
      })
    },

    logout(c, { host, page }) {
      const signedIn = signedInAt(c, host)
      const of = signedIn ? { of: handOffs.farewell(signedIn.session.id) } : {}
      return toPortal(c, 'logout', { rd: page, ...of })
    },
  }
}

const againAt = (origin: string, page: string): string =>
  `${origin}/.gatehouse/login?rd=${encodeURIComponent(page)}`

/** @param url One that we have made or checked; it goes out byte for byte. */
function goOn(c: Context<AppEnv>, url: string): Response {
  c.header('Cache-Control', 'no-store')
  // A code or a farewell in an address is nobody's business.
  c.header('Referrer-Policy', 'no-referrer')
  return c.redirect(url, 303)
}
