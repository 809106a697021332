import type { SignedIn } from '../model/session.ts'
import type { DoorCookies } from '../session/cookie.ts'
import { headerList, headerValue } from './header-value.ts'
import type { GatewayRequest, HeaderLine } from './request.ts'
import { foldName, reservedNames } from './reserved-names.ts'
import type { Route, Routes } from './routes.ts'

/** Who is there, and the same signed. */
export interface Identity {
  signedIn: SignedIn
  assertion: string
}

/** What an application may believe about a request. */
export interface IdentityHeaders {
  /**
   * Builds the head of a request to an application: what the client sent, without anything that only
   * the gateway may say, and then what the gateway says. The Host line stands first. Nothing about framing or the connection is
   * in it, but for the length of a body that has one.
   */
  forUpstream(request: GatewayRequest, route: Route, identity: Identity | undefined): HeaderLine[]
  /**
   * Tells a proxy in front who is there. Every header is there, empty when there is nothing to tell:
   * what is missing, some proxies let the client fill in.
   */
  forProxy(route: Route, identity: Identity | undefined): HeaderLine[]
}

export interface IdentityHeadersDeps {
  routes: Routes
  cookies: Pick<DoorCookies, 'cut'>
}

export function createIdentityHeaders({ routes, cookies }: IdentityHeadersDeps): IdentityHeaders {
  const isReserved = reservedNames(routes.all.flatMap(identityNames))

  return {
    forUpstream(request, route, identity) {
      const { authority, origin, upstream } = route
      const dropped = namedByConnection(request.connection)
      const replaced = upstream?.replaced
      const lines: HeaderLine[] = [['Host', upstream?.host ?? authority]]
      for (const line of request.headers) {
        if (replaced?.has(foldName(line[0]))) continue
        if (isReserved(line[0]) || dropped?.has(line[0].toLowerCase())) {
          if (request.hasBody && line[0].toLowerCase() === 'content-length') lines.push(line)
          continue
        }
        lines.push(line)
      }
      const cookie = request.cookie === undefined ? undefined : cookies.cut(request.cookie)
      if (cookie !== undefined) lines.push(['Cookie', cookie])

      // Last, so that nothing above can take them away again.
      if (upstream) lines.push(...upstream.extraLines)
      lines.push(
        ['X-Forwarded-For', request.address],
        ['X-Forwarded-Host', authority],
        ['X-Forwarded-Proto', origin.slice(0, origin.indexOf(':'))],
      )
      if (identity) lines.push(...identityLines(route, identity))
      return lines
    },

    forProxy: identityLines,
  }
}

/** The names under which one application is told who is there. */
export const identityNames = ({ headers, assertion }: Route): string[] => [
  ...Object.values(headers),
  assertion.header,
  ...assertion.companions,
]

function identityLines(
  { headers, assertion }: Route,
  identity: Identity | undefined,
): HeaderLine[] {
  const user = identity?.signedIn.user
  return [
    [headers.user, headerValue(user?.name ?? '')],
    [headers.groups, headerList(user?.groups ?? [])],
    [headers.name, headerValue(user?.displayName ?? '')],
    [headers.email, headerValue(user?.email ?? '')],
    [assertion.header, identity?.assertion ?? ''],
    ...assertion.companionLines(user),
  ]
}

/** Names that a client declares to be meant for this connection only (RFC 9110, 7.6.1). */
function namedByConnection(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || /^(?:keep-alive|close|upgrade)$/i.test(connection)) {
    return undefined
  }
  return new Set(connection.split(',').map((token) => token.trim().toLowerCase()))
}
