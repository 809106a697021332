import { type Context, Hono } from 'hono'
import { SignOut } from '../../views/sign-out.tsx'
import { SignedOut } from '../../views/signed-out.tsx'
import type { Audit } from '../audit/record.ts'
import type { HandOffs } from '../login/hand-off.ts'
import type { SignedIn } from '../model/session.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { loginLink, logoutLink } from './links.ts'
import type { Pages } from './page.ts'

export interface SignOutPagesDeps {
  audit: Audit
  cookies: Cookies
  csrf: Csrf
  handOffs: Pick<HandOffs, 'parting'>
  pages: Pages
  sessions: Sessions
}

/** Signing out, here or everywhere. Looking at the page changes nothing; its buttons do. */
export function signOutPages(deps: SignOutPagesDeps): Hono<AppEnv> {
  const { audit, cookies, csrf, handOffs, pages, sessions } = deps
  const { brand } = pages

  /** Who is signed in here, and on the host of another realm from which they came; mostly the same. */
  const leaving = (c: Context<AppEnv>): SignedIn[] => {
    const both = [handOffs.parting(c.req.query('of')), c.get('signedIn')]
    const there = both.filter((it) => it !== undefined)
    return there.filter(
      (it, index) => there.findIndex((o) => o.session.id === it.session.id) === index,
    )
  }

  const end = async (c: Context<AppEnv>, { session, user }: SignedIn, everywhere: boolean) => {
    const ended = everywhere ? await sessions.revokeAll(user.id) : [session.id]
    if (!everywhere) await sessions.revoke(session.id)
    audit.record({
      name: 'session.revoked',
      userId: user.id,
      sessionId: session.id,
      address: c.env.client.address,
      details: { by: 'user', sessions: ended.length },
    })
  }

  return new Hono<AppEnv>()
    .get('/logout', async (c) => {
      const rd = c.req.query('rd')
      const [signedIn] = leaving(c)
      if (!signedIn) {
        return pages.show(
          c,
          SignedOut({ brand, everywhere: false, signIn: loginLink(brand.home, rd) }),
        )
      }
      const { user } = signedIn
      const view = SignOut({
        brand,
        action: logoutLink(brand.home, rd, c.req.query('of')),
        csrf: csrf.token(c.get('browser')),
        user: user.displayName,
        sessions: (await sessions.list(user.id)).length,
        home: brand.home,
      })
      return pages.show(c, view)
    })
    .post('/logout', async (c) => {
      const everywhere = (await c.req.parseBody()).scope === 'everywhere'
      for (const signedIn of leaving(c)) await end(c, signedIn, everywhere)
      c.header('Set-Cookie', cookies.session.clear(), { append: true })
      // The way back must not show what a person saw, who may have left the machine to another.
      c.header('Clear-Site-Data', '"cache", "storage"')
      const signIn = loginLink(brand.home, c.req.query('rd'))
      return pages.show(c, SignedOut({ brand, everywhere, signIn }))
    })
}
