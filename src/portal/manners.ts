import type { Context, MiddlewareHandler } from 'hono'
import { randomToken } from '../base/bytes.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Csrf, CsrfFault } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { loginLink } from './links.ts'
import type { Pages } from './page.ts'

const BROWSER_BYTES = 32
const BROWSER = /^[A-Za-z0-9_-]{43}$/
const A_YEAR_SECONDS = 365 * 86_400
/** No form of ours is larger. */
const MAX_BODY_BYTES = 16 * 1024

export interface MannersDeps {
  cookies: Cookies
  csrf: Csrf
  pages: Pages
  sessions: Sessions
}

/** Who is there, and in which browser; the first visit names the browser. */
export function knowVisitor({ cookies, sessions }: MannersDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { cookie } = c.env.client
    c.set('requestId', randomToken(9))
    c.set('signedIn', sessions.read(cookies.session.read(cookie)))
    // Before anything else is set: a new session may get its cookie in the same answer.
    for (const line of cookies.mend(cookie)) c.header('Set-Cookie', line, { append: true })
    const known = cookies.browser.read(cookie)
    const browser = known && BROWSER.test(known) ? known : randomToken(BROWSER_BYTES)
    c.set('browser', browser)
    await next()
    if (browser !== known) {
      c.header('Set-Cookie', cookies.browser.set(browser, A_YEAR_SECONDS), { append: true })
    }
  }
}

/** Lets a POST through only from our own pages, and only of a form's size. */
export function onlyOwnForms({ cookies, csrf, pages }: MannersDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const header = (name: string) => c.req.header(name)
    // Origin, media type and size are looked at before anything is parsed.
    const early = csrf.fault({ header, token: '' }, undefined)
    if (early !== 'stale_form') return refuse(c, pages, early, undefined)
    // No browser packs a form, and what is packed has no size until it is opened.
    if (header('content-encoding') !== undefined) return refuse(c, pages, 'media_type', undefined)
    const length = header('content-length')
    if (length === undefined) return refuseSize(c, pages, 411)
    if (Number(length) > MAX_BODY_BYTES) return refuseSize(c, pages, 413)

    const { csrf: token = '', rd } = await c.req.parseBody()
    const known = cookies.browser.read(c.env.client.cookie)
    const fault = csrf.fault({ header, token: String(token) }, known)
    return fault ? refuse(c, pages, fault, rd ?? c.req.query('rd')) : next()
  }
}

/** Browsers state the length of every form, so that there is nothing to count while it comes. */
function refuseSize(c: Context<AppEnv>, { brand, trouble }: Pages, status: 411 | 413): Response {
  return trouble(c, status, {
    title: status === 411 ? 'That has no stated length' : 'That is too much',
    sentences: [
      status === 411
        ? 'This address takes the forms of its own pages, and a browser states their length.'
        : 'A form of this page is never that large.',
    ],
    actions: [{ label: 'Back to the start', href: brand.home, primary: true }],
  })
}

function refuse(
  c: Context<AppEnv>,
  { brand, trouble }: Pages,
  fault: CsrfFault | undefined,
  rd: unknown,
): Response {
  if (fault === 'media_type') {
    return trouble(c, 415, {
      title: 'That is not a form',
      sentences: ['This address takes the forms of its own pages, and nothing else.'],
      actions: [],
    })
  }
  if (fault === 'stale_form') {
    return trouble(c, 403, {
      title: 'Please try that once more',
      sentences: [
        'The form belongs to an earlier visit, or cookies are switched off for this site. If they are, switch them on; then begin again.',
      ],
      actions: [{ label: 'Begin again', href: loginLink(brand.home, rd), primary: true }],
    })
  }
  return trouble(c, 403, {
    title: 'That came from another page',
    sentences: ['For your safety, forms are only taken from our own pages. Nothing was changed.'],
    actions: [{ label: 'Back to the start', href: brand.home, primary: true }],
  })
}
