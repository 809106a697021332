import { type Context, Hono } from 'hono'
import { ForgottenPassword, ForgottenSent } from '../../views/forgotten-password.tsx'
import { PasswordLink, PasswordLinkOver } from '../../views/password-link.tsx'
import type { Clock } from '../base/clock.ts'
import type { PasswordReset } from '../login/reset.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { loginLink } from './links.ts'
import type { Pages } from './page.ts'
import { waitOf } from './question.ts'
import type { Stray } from './stray.ts'

export interface ResetPagesDeps {
  clock: Clock
  csrf: Csrf
  pages: Pages
  reset: PasswordReset
  stray: Stray
  /** Where a new password is to be had; absent where no mail can be sent. */
  forgotten: string | undefined
}

/** A forgotten password, and the links by which a new one is chosen. */
export function resetPages(deps: ResetPagesDeps): Hono<AppEnv> {
  const { clock, csrf, pages, reset, stray, forgotten } = deps
  const { brand } = pages
  const back = loginLink(brand.home, undefined)

  const ask = (c: Context<AppEnv>, userName?: string, seconds = 0) => {
    const wait = seconds > 0 ? waitOf({ kind: 'wait', seconds }, clock) : undefined
    if (wait) c.header('Retry-After', String(seconds))
    const view = ForgottenPassword({
      brand,
      action: forgotten ?? brand.home,
      csrf: csrf.token(c.get('browser')),
      userName,
      wait,
      back,
    })
    return pages.show(c, view, { status: wait ? 429 : 200 })
  }

  const over = (c: Context<AppEnv>, because: 'over' | 'other_browser') => {
    const view = PasswordLinkOver({ brand, because, again: forgotten ?? back })
    const show = () => pages.show(c, view, { status: 403 })
    return because === 'over' ? stray(c, show) : show()
  }

  const linkOf = (c: Context<AppEnv>, kind: 'reset' | 'invite') => ({
    kind,
    token: c.req.param('token') ?? '',
  })

  const show = (kind: 'reset' | 'invite') => async (c: Context<AppEnv>) => {
    const state = await reset.stateOf(linkOf(c, kind), c.get('browser'))
    if (state !== 'open') return over(c, state)
    const view = PasswordLink({
      brand,
      action: new URL(`${kind}/${encodeURIComponent(c.req.param('token') ?? '')}`, brand.home).href,
      csrf: csrf.token(c.get('browser')),
      invited: kind === 'invite',
    })
    return pages.show(c, view)
  }

  const follow = (kind: 'reset' | 'invite') => async (c: Context<AppEnv>) => {
    const attemptId = await reset.follow(linkOf(c, kind), c.get('browser'))
    return attemptId === undefined
      ? over(c, 'over')
      : c.redirect(loginLink(brand.home, undefined, attemptId), 303)
  }

  const app = new Hono<AppEnv>()
    .get('/reset/:token', show('reset'))
    .post('/reset/:token', follow('reset'))
    .get('/invite/:token', show('invite'))
    .post('/invite/:token', follow('invite'))
  if (forgotten === undefined) return app

  return app
    .get('/forgotten', (c) => ask(c))
    .post('/forgotten', async (c) => {
      const { username } = await c.req.parseBody()
      const name = typeof username === 'string' ? username : ''
      const from = { browser: c.get('browser'), address: c.env.client.address }
      const seconds = await reset.ask(name, from)
      return seconds > 0 ? ask(c, name, seconds) : pages.show(c, ForgottenSent({ brand, back }))
    })
}
