import { Hono } from 'hono'
import type { AppEnv } from '../web/env.ts'
import type { Assets } from './assets.ts'
import { type HomePagesDeps, homePages } from './home.ts'
import { type LoginPagesDeps, loginPages } from './login.ts'
import { knowVisitor, type MannersDeps, onlyOwnForms } from './manners.ts'
import { type SetUpPagesDeps, setUpPages } from './set-up.ts'
import { type SignOutPagesDeps, signOutPages } from './sign-out.ts'

export type PortalDeps = MannersDeps &
  HomePagesDeps &
  LoginPagesDeps &
  Omit<SetUpPagesDeps, 'minimumLength'> &
  SignOutPagesDeps & {
    assets: Assets
    /** Public keys of the assertion, as JSON. */
    jwks(): Promise<object>
    minimumLength: number
  }

/** All pages, mounted where the portal's address says. */
export function createPortal(deps: PortalDeps): Hono<AppEnv> {
  const { assets, pages } = deps
  const { pathname } = new URL(pages.brand.home)
  const app = new Hono<AppEnv>().basePath(pathname)

  // Before the manners: these know no visitor and set no cookie.
  app.get('/assets/:name', (c) => {
    const asset = assets.find(c.req.param('name'))
    if (!asset) return c.notFound()
    return c.body(asset.body, 200, {
      'Content-Type': asset.type,
      'Cache-Control': 'public, max-age=31536000, immutable',
      'X-Content-Type-Options': 'nosniff',
      // Pages about refusals load the sheet from the application's own host.
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
  })
  app.get('/.well-known/jwks.json', async (c) =>
    c.json(await deps.jwks(), 200, { 'Cache-Control': 'public, max-age=3600' }),
  )

  app.use(knowVisitor(deps), ...onlyOwnForms(deps))
  app.route('/', homePages(deps))
  app.route('/', loginPages(deps))
  app.route('/', signOutPages(deps))
  app.route('/', setUpPages(deps))

  app.notFound((c) =>
    pages.trouble(c, 404, {
      title: 'There is no such page',
      sentences: ['The address may be mistyped, or the page may be gone.'],
      actions: [{ label: 'Back to the start', href: pages.brand.home, primary: true }],
    }),
  )
  app.onError((error, c) => pages.failure(error, c))
  return app
}
