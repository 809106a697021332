import { Hono, type MiddlewareHandler } from 'hono'
import type { AppEnv } from '../web/env.ts'
import { type AccountPagesDeps, accountPages } from './account/index.ts'
import { type ApprovePagesDeps, approvePages } from './approve.ts'
import { type ApproverPagesDeps, approverPages, pushWorkerScript } from './approver.ts'
import type { Assets } from './assets.ts'
import { type DeviceEntranceDeps, deviceEntrance } from './device-entrance.ts'
import { type ElsewhereDeps, onlyAtHome } from './elsewhere.ts'
import { type HomePagesDeps, homePages } from './home.ts'
import { type LoginPagesDeps, loginPages } from './login.ts'
import { knowVisitor, type MannersDeps, onlyOwnForms } from './manners.ts'
import { type MessageReportsDeps, messageReports } from './message-reports.ts'
import { type ResetPagesDeps, resetPages } from './reset.ts'
import { type SetUpPagesDeps, setUpPages } from './set-up.ts'
import { type SignOutPagesDeps, signOutPages } from './sign-out.ts'
import { createStray, type StrayDeps } from './stray.ts'
import { type UndoPagesDeps, undoPages } from './undo.ts'
import { type WaitingDeps, waitingPages } from './waiting.ts'
import { wellKnownDocuments } from './well-known.ts'

export type PortalDeps = MannersDeps &
  HomePagesDeps &
  Omit<AccountPagesDeps, 'rememberedSeconds'> &
  LoginPagesDeps &
  ApproverPagesDeps &
  ApprovePagesDeps &
  DeviceEntranceDeps &
  MessageReportsDeps &
  WaitingDeps &
  ElsewhereDeps &
  Omit<SetUpPagesDeps, 'minimumLength' | 'stray'> &
  SignOutPagesDeps &
  Omit<ResetPagesDeps, 'stray'> &
  Omit<UndoPagesDeps, 'undo' | 'stray'> &
  StrayDeps & {
    assets: Assets
    /** Documents at the root of a host, by address. */
    documents: ReadonlyMap<string, object>
    /** Public keys of the assertion, as JSON. */
    jwks(): Promise<object>
    minimumLength: number
  }

/** All pages, mounted where the portal's address says. */
export function createPortal(deps: PortalDeps): Hono<AppEnv> {
  const { assets, pages } = deps
  const portal = new URL(pages.brand.home)
  const root = new Hono<AppEnv>()
  root.route('/', wellKnownDocuments(deps.documents))
  root.use(keptByNobody, onlyAtHome(deps))
  const app = root.basePath(portal.pathname)

  // Before the manners: these know no visitor and set no cookie.
  app.get('/assets/:name', (c) => {
    const asset = assets.find(c.req.param('name'))
    if (!asset) return c.notFound()
    const takesBrotli = /\bbr\b/.test(c.req.header('accept-encoding') ?? '')
    const brotli = takesBrotli ? asset.brotli : undefined
    return c.body(brotli ?? asset.body, 200, {
      'Content-Type': asset.type,
      ...(brotli ? { 'Content-Encoding': 'br' } : {}),
      Vary: 'Accept-Encoding',
      'Cache-Control': 'public, max-age=31536000, immutable',
      'X-Content-Type-Options': 'nosniff',
      // Pages about refusals load the sheet from the application's own host.
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
  })
  // The second is where applications made for Cloudflare Access look, which know us as their team.
  app.on('GET', ['/.well-known/jwks.json', '/cdn-cgi/access/certs'], async (c) =>
    c.json(await deps.jwks(), 200, { 'Cache-Control': 'public, max-age=3600' }),
  )

  app.route('/', pushWorkerScript())
  app.route('/', deviceEntrance(deps))
  app.route('/', messageReports(deps))

  app.use(knowVisitor(deps), onlyOwnForms(deps))
  app.route('/', homePages(deps))
  app.route('/', loginPages(deps))
  app.route('/', waitingPages(deps))
  app.route('/', approverPages(deps))
  app.route('/', approvePages(deps))
  app.route('/', signOutPages(deps))
  const stray = createStray(deps)
  app.route('/', setUpPages({ ...deps, stray }))
  app.route('/', resetPages({ ...deps, stray }))
  app.route('/', accountPages({ ...deps, rememberedSeconds: deps.remember.seconds }))
  app.route('/', undoPages({ ...deps, stray, undo: deps.account.undo }))

  root.notFound((c) =>
    pages.trouble(c, 404, {
      title: 'There is no such page',
      sentences: ['The address may be mistyped, or the page may be gone.'],
      actions: [{ label: 'Back to the start', href: pages.brand.home, primary: true }],
    }),
  )
  root.onError((error, c) => pages.failure(error, c))
  return root
}

/** What says nothing else about it, a redirect for one, is kept by no browser and no cache. */
const keptByNobody: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
}
