import type { Context } from 'hono'
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { Brand } from '../../views/brand.ts'
import { page } from '../../views/page.ts'
import { Trouble, type TroubleProps } from '../../views/trouble.tsx'
import type { Audit } from '../audit/record.ts'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { newReference } from '../base/reference.ts'
import type { AppEnv } from '../web/env.ts'
import { type PageRights, securityHeaders } from '../web/security-headers.ts'

/** Renders views, and turns whatever goes wrong into a page. */
export interface Pages {
  brand: Brand
  /** Answers with a view. */
  show(c: Context<AppEnv>, view: JSX.Element, options?: ShowOptions): Response
  trouble(c: Context<AppEnv>, status: TroubleStatus, props: Omit<TroubleProps, 'brand'>): Response
  /** The one place that catches: a sentence for the person, the rest for the log. */
  failure(error: Error, c: Context<AppEnv>): Response
}

export interface ShowOptions extends PageRights {
  status?: 200 | 400 | 401 | 403 | 429
}

type TroubleStatus = AppError['status'] | 200 | 405 | 411 | 500

export interface PagesDeps {
  audit: Audit
  brand: Brand
  log: Log
}

export function createPages({ audit, brand, log }: PagesDeps): Pages {
  const secure = brand.home.startsWith('https:')
  const portal = new URL(brand.home)
  /** On the host of an application everything that a page loads still comes from the portal. */
  const placed = (c: Context<AppEnv>): PageRights =>
    c.env.client.host === portal.hostname ? {} : { assetsFrom: portal.origin }

  /** Writes down what a page says no to. @returns The number that it shows. */
  const note = (c: Context<AppEnv>, details: { reason: string; what?: string }): string => {
    const reference = newReference()
    const signedIn = c.get('signedIn')
    const who = signedIn ? { userId: signedIn.user.id, sessionId: signedIn.session.id } : {}
    const { address, host } = c.env.client
    const event = { name: 'access.refused', ...who, address, reference } as const
    // The path may be a link that is good once.
    return audit.record({ ...event, details: { host, ...details } }) ?? reference
  }

  const trouble: Pages['trouble'] = (c, status, props) => {
    const { title, reference = numberOf() } = props
    return c.html(
      page(Trouble({ brand, ...props, reference })),
      status,
      securityHeaders(secure, placed(c)),
    )

    function numberOf(): string | undefined {
      return status < 400 ? undefined : note(c, { reason: 'page', what: title })
    }
  }

  return {
    brand,
    trouble,

    show: (c, view, { status = 200, ...rights } = {}) =>
      c.html(page(view), status, securityHeaders(secure, rights)),

    failure(error, c) {
      const requestId = c.get('requestId')
      const actions = [{ label: 'Back to the start', href: brand.home, primary: true }]
      if (error instanceof AppError) {
        const { code, status, detail, message } = error
        log.warn({ requestId, fault: code, detail }, 'portal: request failed')
        const reference = note(c, { reason: code })
        if (status === 503) c.header('Retry-After', '5')
        return trouble(c, status, {
          title: 'That did not work',
          sentences: [message],
          reference,
          actions,
        })
      }
      const reference = note(c, { reason: 'internal_error' })
      log.error({ requestId, reference, error: error.stack }, 'portal: unexpected failure')
      return trouble(c, 500, {
        title: 'Something went wrong on our side',
        sentences: ['Nothing was changed. Please try again in a moment.'],
        reference,
        actions,
      })
    },
  }
}
