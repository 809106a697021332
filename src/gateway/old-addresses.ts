import type { Answer, Answers } from './answers.ts'
import type { CompatConfig } from './dialects/config.ts'
import { kindOf } from './kind.ts'
import { type GatewayRequest, headerOf } from './request.ts'
import type { Route, Routes } from './routes.ts'
import { parseTarget, parseUrl } from './target.ts'

/**
 * Answers at the addresses where people sign in and out at other gateways, so that links and proxies
 * which know them need no change. All lead to the portal, and from there to a page of ours or nowhere.
 *
 * @returns `undefined` when this is no such address.
 */
export type OldAddresses = (request: GatewayRequest) => Answer | undefined

export interface OldAddressesDeps {
  compat: CompatConfig
  routes: Routes
  portal: URL
  answers: Answers
}

export function createOldAddresses({
  compat,
  routes,
  portal,
  answers,
}: OldAddressesDeps): OldAddresses {
  if (!compat.oauth2_proxy) return () => undefined

  const signIn = (request: GatewayRequest, destination: string): Answer =>
    kindOf(request, 'GET') === 'programmatic'
      ? answers.challenge({ aal: 1, phishingResistant: false }, undefined)
      : answers.trouble(200, {
          title: 'Please sign in',
          sentences: ['The page that you asked for is open to people who have signed in.'],
          actions: [
            { label: 'Sign in', href: answers.loginLink(destination, 'GET'), primary: true },
          ],
        })
  const known: Readonly<Record<string, (request: GatewayRequest, destination: string) => Answer>> =
    {
      '/oauth2/start': (_, destination) =>
        answers.redirect(302, answers.loginLink(destination, 'GET')),
      // A page, and no redirect: nginx is told to show it with another status.
      '/oauth2/sign_in': signIn,
      '/oauth2/sign_out': (_, destination) =>
        answers.redirect(302, answers.logoutLink(destination)),
    }

  return (request) => {
    const answer = Object.hasOwn(known, request.rawPath) ? known[request.rawPath] : undefined
    const route = routes.find(request)
    if (!answer || (!route && !routes.isPortal(request))) return undefined
    return answer(request, destinationOf(request, { routes, route, home: portal.href }))
  }
}

interface Places {
  routes: Routes
  /** The application on whose host somebody asks. */
  route: Route | undefined
  home: string
}

/** Where to go afterwards: what the query says, else what the proxy says, if it is a page of ours. */
function destinationOf(request: GatewayRequest, { routes, route, home }: Places): string {
  const wanted = [
    new URLSearchParams(request.target.slice(request.rawPath.length)).get('rd'),
    headerOf(request, 'x-auth-request-redirect'),
  ]
  for (const text of wanted) {
    if (!text) continue
    const given = asWritten(text)
    if (route && parseTarget(given)) return route.origin + given
    if (isOurs(given, routes)) return given
  }
  return route ? `${route.origin}/` : home
}

/** Proxies write an address into a query as it is, and what was encoded in it has been decoded then. */
const asWritten = (address: string): string =>
  address.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)

function isOurs(given: string, routes: Routes): boolean {
  const page = parseUrl(given)
  const origin = page && routes.find(page)?.origin
  return (
    origin !== undefined &&
    given.startsWith(origin) &&
    /^(?:$|[/?#])/.test(given.slice(origin.length))
  )
}
