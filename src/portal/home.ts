import { Hono } from 'hono'
import { Home, type HomeApplication } from '../../views/home.tsx'
import type { Account } from '../login/account/account.ts'
import type { User } from '../model/user.ts'
import type { AppEnv } from '../web/env.ts'
import { accountHints } from './account/hints.ts'
import { accountLink, loginLink, logoutLink } from './links.ts'
import type { Pages } from './page.ts'

export interface HomePagesDeps {
  account: Account
  pages: Pages
  /** The applications that a user may open from an address, with what each asks for. */
  applicationsOf(user: User, address: string): readonly HomeApplication[]
}

/** The applications of whoever is signed in; the sign-in page for anybody else. */
export function homePages({ account, pages, applicationsOf }: HomePagesDeps): Hono<AppEnv> {
  const { brand } = pages

  return new Hono<AppEnv>().get('/', async (c) => {
    const rd = c.req.query('rd')
    const signedIn = c.get('signedIn')
    // Proxies that know one fixed sign-in address send people here, with the page they wanted.
    if (!signedIn || rd !== undefined) return c.redirect(loginLink(brand.home, rd), 303)
    const { user } = signedIn
    const view = Home({
      brand,
      user,
      applications: applicationsOf(user, c.env.client.address),
      hints: await accountHints(account, (page) => accountLink(brand.home, page), user),
      account: accountLink(brand.home, ''),
      signOut: logoutLink(brand.home, undefined),
    })
    return pages.show(c, view)
  })
}
