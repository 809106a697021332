import { compilePolicy, type Policy } from '../policy/decide.ts'
import type { AssertionConfig } from './assertion/config.ts'
import { type AssertionProfile, assertionProfile } from './assertion/profile.ts'
import type { IdentityHeadersConfig, RouteConfig } from './config.ts'
import { compileDestination, type Destination } from './destination.ts'
import type { HostAndPort } from './host.ts'

/** One application, made ready for many requests. */
export interface Route {
  host: string
  /** Host and port as they stand in the address bar. */
  authority: string
  /** Scheme, host and port as browsers see them. */
  origin: string
  /** What people call it. */
  name: string
  policy: Policy
  /** Where requests are sent on to; absent when another proxy stands before the application. */
  upstream: Destination | undefined
  headers: IdentityHeadersConfig
  /** How it is told the same, signed. */
  assertion: AssertionProfile
}

/** All applications, by host. */
export interface Routes {
  all: readonly Route[]
  /** Finds the route of exactly this host and port; there is no other that would do instead. */
  find(place: HostAndPort): Route | undefined
  /** Is this the portal's own host and port? */
  isPortal(place: HostAndPort): boolean
}

/**
 * @param portal The portal's address: routes share its scheme and port.
 * @param assertion What the statements for all routes have in common.
 */
export function compileRoutes(
  routes: readonly RouteConfig[],
  portal: URL,
  assertion: AssertionConfig = {},
): Routes {
  const defaultPort = portal.protocol === 'https:' ? 443 : 80
  const ownPort = portal.port === '' ? defaultPort : Number(portal.port)
  const portalHost = portal.hostname
  const hasOwnPort = ({ port = defaultPort }: HostAndPort) => port === ownPort
  const all = routes.map((route) => compileRoute(route, assertion, portal))
  const byHost = new Map(all.map((route) => [route.host, route]))
  return {
    all,
    find: (place) => (hasOwnPort(place) ? byHost.get(place.host) : undefined),
    isPortal: (place) => place.host === portalHost && hasOwnPort(place),
  }
}

function compileRoute(config: RouteConfig, forAll: AssertionConfig, portal: URL): Route {
  const { host, name, rules, headers, assertion } = config
  const authority = portal.port === '' ? host : `${host}:${portal.port}`
  const origin = `${portal.protocol}//${authority}`
  const upstream = compileDestination(config, { origin, authority })
  const policy = compilePolicy(rules)
  return {
    host,
    authority,
    origin,
    name: name ?? host,
    // A path that could be resolved into another one must not lead out of the prefix either.
    policy: upstream?.prefix ? { ...policy, readsPaths: true } : policy,
    upstream,
    headers,
    assertion: assertionProfile(forAll, assertion, portal),
  }
}
