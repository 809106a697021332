import { OpenAPIHono } from '@hono/zod-openapi'
import { ApiReference } from '../../views/api-reference.tsx'
import type { Brand } from '../../views/brand.ts'
import { page } from '../../views/page.ts'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { problem } from '../web/problem.ts'
import { securityHeaders } from '../web/security-headers.ts'
import { createAboutWhom } from './about-whom.ts'
import { type BiometricDeps, biometricApi } from './biometric.ts'
import { type BypassDeps, bypassApi } from './bypass.ts'
import { type ChallengeEventsDeps, challengeEventsApi } from './challenge-events.ts'
import {
  type ApiDocument,
  declareWebhooks,
  describeApi,
  documentRoute,
  methodsAt,
  referenceRoute,
} from './document.ts'
import type { ApiEnv } from './env.ts'
import { type EventsApiDeps, eventsApi } from './events.ts'
import { checkFields } from './faults.ts'
import { type AuthenticationDeps, onlyWithKey } from './keys.ts'
import { type IdempotencyDeps, onceEach, onlySmallJson, withRequestId } from './manners.ts'
import { createOwnership } from './ownership.ts'
import { type PersonalDataApiDeps, personalDataApi } from './personal-data.ts'
import { type PreauthDeps, preauthApi } from './preauth.ts'
import { createQuotas, type QuotaLimits, withinAddressQuota, withinKeyQuotas } from './quotas.ts'
import { referenceOf } from './reference.ts'
import { type TwoFactorDeps, twoFactorApi } from './two-factor.ts'

export type ApiDeps = AuthenticationDeps &
  IdempotencyDeps &
  TwoFactorDeps &
  PreauthDeps &
  ChallengeEventsDeps &
  BypassDeps &
  BiometricDeps &
  PersonalDataApiDeps &
  EventsApiDeps & { brand: Brand; log: Log; quotaLimits: QuotaLimits }

/** Everything but what tells how to use it. */
const BEHIND_A_KEY = ['/2fa/*', '/biometric/*', '/events/*']

/**
 * Second factors and biometrics for other applications, as JSON.
 *
 * @param url Where it stands: the portal's address and `api`.
 */
export function createApi(deps: ApiDeps, url: URL): OpenAPIHono<ApiEnv> {
  const { log, quotaLimits } = deps
  const quotas = createQuotas(quotaLimits, deps.clock)
  const aboutWhom = createAboutWhom({ ownership: createOwnership(deps), people: deps.people })
  const root = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })
  root.use(withRequestId(), onlySmallJson())
  root.onError((error, c) => {
    const requestId = c.get('requestId')
    if (error instanceof AppError) {
      const { code, status, message, detail } = error
      log.warn({ requestId, fault: code, detail }, 'api: request failed')
      const later = status === 503 ? { retryAfter: BUSY_SECONDS } : {}
      return problem(c, requestId, { status, code, title: message, ...later })
    }
    if (error instanceof SyntaxError || isMalformed(error)) {
      return problem(c, requestId, {
        status: 400,
        code: 'malformed_json',
        title: 'The body is no JSON.',
      })
    }
    if ('status' in error && error.status === 415) return problem(c, requestId, NO_JSON)
    log.error({ requestId, error: error.stack }, 'api: unexpected failure')
    const title = 'Something went wrong on our side. Nothing was changed.'
    return problem(c, requestId, { status: 500, code: 'internal_error', title })
  })
  root.notFound((c) => {
    const path = new URL(c.req.url).pathname.slice(url.pathname.length)
    const methods = methodsAt(document(), path)
    if (methods.length === 0) {
      return problem(c, c.get('requestId'), {
        status: 404,
        code: 'unknown_address',
        title: `There is no such address here. All of them: ${url.href}/docs`,
      })
    }
    c.header('Allow', methods.join(', '))
    return problem(c, c.get('requestId'), {
      status: 405,
      code: 'method_not_allowed',
      title: `This address takes ${methods.join(' and ')}.`,
    })
  })

  const app = root.basePath(url.pathname)
  for (const path of BEHIND_A_KEY) {
    app.use(path, withinAddressQuota(quotas, quotaLimits), onlyWithKey(deps))
    app.use(path, withinKeyQuotas(quotas, aboutWhom), onceEach(deps))
  }
  app.route('/2fa', twoFactorApi(deps))
  app.route('/2fa', preauthApi(deps))
  app.route('/2fa', challengeEventsApi(deps))
  app.route('/2fa', bypassApi(deps))
  app.route('/biometric', biometricApi(deps))
  app.route('/2fa', personalDataApi(deps))
  app.route('/', eventsApi(deps))

  declareWebhooks(app)
  let described: ApiDocument | undefined
  const document = () => {
    described ??= describeApi(app, url)
    return described
  }
  app.openapi(documentRoute, (c) =>
    c.json(document(), 200, { 'Cache-Control': 'public, max-age=300' }),
  )
  app.openapi(referenceRoute, (c) => {
    const address = `${url.href}/openapi.json`
    const view = ApiReference({ brand: deps.brand, document: address, ...referenceOf(document()) })
    return c.html(page(view), 200, securityHeaders(url.protocol === 'https:'))
  })
  return root
}

/** Whatever is out of order or has too much to do is asked again after this at the earliest. */
const BUSY_SECONDS = 5

/** Hono's own word for a body of another kind, which may be an empty one. */
const NO_JSON = {
  status: 415,
  code: 'unsupported_media_type',
  title: 'Send JSON: Content-Type: application/json.',
} as const

/** Hono's own word for a body that does not parse. */
const isMalformed = (error: Error): boolean =>
  'status' in error && error.status === 400 && /malformed json/i.test(error.message)
