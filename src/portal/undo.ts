import { Hono } from 'hono'
import { UndoClosed, Undone, Undo as UndoView } from '../../views/undo.tsx'
import type { Undo } from '../login/account/undo.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { readForm } from './form.ts'
import { loginLink } from './links.ts'
import type { Pages } from './page.ts'

export interface UndoPagesDeps {
  csrf: Csrf
  /** Where help is to be had. */
  help: string | undefined
  pages: Pages
  undo: Undo
}

/** Behind the link of every notice. It needs no sign-in: whoever is there may have lost their own. */
export function undoPages({ csrf, help, pages, undo }: UndoPagesDeps): Hono<AppEnv> {
  const { brand } = pages
  const action = new URL('undo', brand.home).href
  const closed = () => UndoClosed({ brand, history: new URL('account/history', brand.home).href })

  return new Hono<AppEnv>()
    .get('/undo', async (c) => {
      const token = c.req.query('token') ?? ''
      if (!(await undo.isOpen(token))) return pages.show(c, closed(), { status: 403 })
      return pages.show(c, UndoView({ brand, action, csrf: csrf.token(c.get('browser')), token }))
    })
    .post('/undo', async (c) => {
      const { field } = await readForm(c)
      const { address, userAgent } = c.env.client
      const isDone = await undo.undo(field('token'), { address, userAgent })
      if (!isDone) return pages.show(c, closed(), { status: 403 })
      return pages.show(c, Undone({ brand, signIn: loginLink(brand.home, undefined), help }))
    })
}
