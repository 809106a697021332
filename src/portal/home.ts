import { Hono } from 'hono'
import { Home, type HomeApplication } from '../../views/home.tsx'
import type { User } from '../model/user.ts'
import type { AppEnv } from '../web/env.ts'
import { loginLink, logoutLink } from './links.ts'
import type { Pages } from './page.ts'

export interface HomePagesDeps {
  pages: Pages
  /** The applications that a user may open from an address, with what each asks for. */
  applicationsOf(user: User, address: string): readonly HomeApplication[]
  hasSecondFactor(user: User): Promise<boolean>
  /** Can a second factor be set up here at all? */
  offersSecondFactor: boolean
}

/** The applications of whoever is signed in; the sign-in page for anybody else. */
export function homePages(deps: HomePagesDeps): Hono<AppEnv> {
  const { pages, applicationsOf, hasSecondFactor, offersSecondFactor } = deps
  const { brand } = pages

  return new Hono<AppEnv>().get('/', async (c) => {
    const rd = c.req.query('rd')
    const signedIn = c.get('signedIn')
    // Proxies that know one fixed sign-in address send people here, with the page they wanted.
    if (!signedIn || rd !== undefined) return c.redirect(loginLink(brand.home, rd), 303)
    const { user } = signedIn
    const has = await hasSecondFactor(user)
    const view = Home({
      brand,
      user,
      applications: applicationsOf(user, c.env.client.address),
      signOut: logoutLink(brand.home, undefined),
      hasSecondFactor: has,
      ...(has || !offersSecondFactor ? {} : { addFactor: new URL('login?aal=2', brand.home).href }),
    })
    return pages.show(c, view)
  })
}
