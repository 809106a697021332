import { type Context, Hono } from 'hono'
import { UndoClosed, Undone, Undo as UndoView } from '../../views/undo.tsx'
import type { Undo } from '../login/account/undo.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { momentOf } from './account/words.ts'
import { readForm } from './form.ts'
import { loginLink } from './links.ts'
import type { Pages } from './page.ts'
import type { Stray } from './stray.ts'

export interface UndoPagesDeps {
  csrf: Csrf
  /** Where a new password is to be had; absent where no mail can be sent. */
  forgotten: string | undefined
  /** Where help is to be had. */
  help: string | undefined
  pages: Pages
  stray: Stray
  undo: Undo
}

/** Behind the link of every notice. It needs no sign-in: whoever is there may have lost their own. */
export function undoPages(deps: UndoPagesDeps): Hono<AppEnv> {
  const { csrf, forgotten, help, pages, stray, undo } = deps
  const { brand } = pages
  const action = new URL('undo', brand.home).href
  const closed = (c: Context<AppEnv>) => {
    const view = UndoClosed({ brand, history: new URL('account/history', brand.home).href })
    return stray(c, () => pages.show(c, view, { status: 403 }))
  }

  return new Hono<AppEnv>()
    .get('/undo', async (c) => {
      const token = c.req.query('token') ?? ''
      if (!(await undo.isOpen(token))) return closed(c)
      return pages.show(c, UndoView({ brand, action, csrf: csrf.token(c.get('browser')), token }))
    })
    .post('/undo', async (c) => {
      const { field } = await readForm(c)
      const { address, userAgent } = c.env.client
      const done = await undo.undo(field('token'), { address, userAgent })
      if (!done) return closed(c)
      const { setAside, confirming, password, email, isReachable, closedUntil } = done
      const view = Undone({
        ...{ brand, password, email, help },
        setAside: setAside.map(({ label }) => label),
        confirming: confirming.map(({ label }) => label),
        newPassword: password && isReachable ? forgotten : undefined,
        closedUntil: closedUntil === undefined ? undefined : momentOf(closedUntil),
        signIn: loginLink(brand.home, undefined),
      })
      return pages.show(c, view)
    })
}
