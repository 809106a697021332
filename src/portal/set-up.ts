import { type Context, Hono } from 'hono'
import { type SetUpProps, SetUp as SetUpView } from '../../views/set-up.tsx'
import { SetUpClosed } from '../../views/set-up-closed.tsx'
import type { SetUp } from '../login/set-up.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { loginLink } from './links.ts'
import type { Pages } from './page.ts'
import type { Stray } from './stray.ts'

export interface SetUpPagesDeps {
  csrf: Csrf
  minimumLength: number
  pages: Pages
  setUp: SetUp
  stray: Stray
}

/** The page behind the one-time link: the first administrator. */
export function setUpPages(deps: SetUpPagesDeps): Hono<AppEnv> {
  const { csrf, minimumLength, pages, setUp, stray } = deps
  const { brand } = pages
  const action = new URL('setup', brand.home).href

  const form = (
    browser: string,
    props: Pick<SetUpProps, 'token' | 'problem' | 'userName' | 'displayName' | 'email'>,
  ) => SetUpView({ brand, action, csrf: csrf.token(browser), minimumLength, ...props })
  const closed = (c: Context<AppEnv>, reason: 'used' | 'expired') => {
    const view = SetUpClosed({ brand, reason, signIn: loginLink(brand.home, undefined) })
    const show = () => pages.show(c, view, { status: 403 })
    // Once somebody is there, there is nothing left to be hit upon.
    return reason === 'used' ? show() : stray(c, show)
  }

  return new Hono<AppEnv>()
    .get('/setup', async (c) => {
      const token = c.req.query('token') ?? ''
      const state = await setUp.stateOf(token)
      if (state !== 'open') return closed(c, state)
      return pages.show(c, form(c.get('browser'), { token }))
    })
    .post('/setup', async (c) => {
      const body = await c.req.parseBody()
      const field = (name: string) => (typeof body[name] === 'string' ? body[name] : '')
      const [token, userName, displayName, email] = [
        'token',
        'username',
        'display_name',
        'email',
      ].map(field)
      const wanted = {
        name: userName ?? '',
        displayName: displayName ?? '',
        email: email ?? '',
        password: field('password'),
      }
      const outcome = await setUp.create(token ?? '', wanted, c.env.client.address)
      if (outcome.ok) return c.redirect(loginLink(brand.home, undefined), 303)
      if (outcome.fault === 'closed') {
        const state = await setUp.stateOf(token ?? '')
        return closed(c, state === 'used' ? 'used' : 'expired')
      }
      const { field: where, message } = outcome.fault
      const problem = { field: where === 'groups' ? ('form' as const) : where, message }
      const view = form(c.get('browser'), {
        token: token ?? '',
        userName,
        displayName,
        email,
        problem,
      })
      return pages.show(c, view, { status: 400 })
    })
}
