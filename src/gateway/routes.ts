import type { NamedNetworks } from '../policy/config.ts'
import { compilePolicy, type Policy } from '../policy/decide.ts'
import type { AssertionConfig } from './assertion/config.ts'
import { type AssertionProfile, assertionProfile } from './assertion/profile.ts'
import { hostsOf, type IdentityHeadersConfig, type RouteConfig } from './config.ts'
import { compileDestination, type Destination, destinationAt } from './destination.ts'
import type { HostAndPort } from './host.ts'
import { parseUrl } from './target.ts'

/** One application, made ready for many requests. */
export interface Route {
  host: string
  /** The host as it is configured: the same, or one with a wildcard. */
  pattern: string
  /** Host and port as they stand in the address bar. */
  authority: string
  /** Scheme, host and port as browsers see them. */
  origin: string
  /** What people call it. */
  name: string
  policy: Policy
  /** Where requests are sent on to; absent when another proxy stands before the application. */
  upstream: Destination | undefined
  /** Other origins whose pages may open WebSockets. */
  origins: ReadonlySet<string>
  headers: IdentityHeadersConfig
  /** How it is told the same, signed. */
  assertion: AssertionProfile
}

/** All applications, by host. */
export interface Routes {
  /** One for each host, those with a wildcard among them. */
  all: readonly Route[]
  /** Those whose host is known beforehand. */
  known: readonly Route[]
  /**
   * Finds the route of this host and port: the one that names it, else the one with a wildcard in the
   * place of its first label. It is always for exactly this host.
   */
  find(place: HostAndPort): Route | undefined
  /** Is this, letter for letter, the origin of a route? @param origin May be hostile. */
  hasOrigin(origin: string): boolean
  /** Is this the portal's own host and port? */
  isPortal(place: HostAndPort): boolean
}

/** What routes have in common. */
export interface RouteFrame {
  /** The portal's address: routes share its scheme and port. */
  portal: URL
  /** The networks that rules call by name. */
  networks?: NamedNetworks | undefined
  /** What the statements for all routes have in common. */
  assertion?: AssertionConfig | undefined
}

export function compileRoutes(configs: readonly RouteConfig[], frame: RouteFrame): Routes {
  const { portal } = frame
  const defaultPort = portal.protocol === 'https:' ? 443 : 80
  const ownPort = portal.port === '' ? defaultPort : Number(portal.port)
  const hasOwnPort = ({ port = defaultPort }: HostAndPort) => port === ownPort
  const isPortalHost = (host: string) => host === portal.hostname

  const all = configs.flatMap((config) => compileRoute(config, frame))
  const known = all.filter(({ host }) => !host.startsWith('*.'))
  const byHost = new Map(known.map((route) => [route.host, route]))
  const byDomain = new Map(
    all.filter(({ host }) => host.startsWith('*.')).map((route) => [route.host.slice(1), route]),
  )
  const find: Routes['find'] = (place) => {
    if (!hasOwnPort(place)) return undefined
    const exact = byHost.get(place.host)
    if (exact) return exact
    // A wildcard is for what has no name of its own; a portal at the root of its host has.
    if (portal.pathname === '/' && isPortalHost(place.host)) return undefined
    const wild = byDomain.get(/^[a-z0-9-]+(\..+)$/.exec(place.host)?.[1] ?? '')
    return wild && routeAt(place.host, wild, portal)
  }

  return {
    all,
    known,
    find,
    hasOrigin(origin) {
      const place = parseUrl(origin)
      return place !== undefined && find(place)?.origin === origin
    },
    isPortal: (place) => isPortalHost(place.host) && hasOwnPort(place),
  }
}

function compileRoute(config: RouteConfig, frame: RouteFrame): Route[] {
  const { portal, networks, assertion = {} } = frame
  const { name, rules, headers, proxy } = config
  const policy = compilePolicy(rules, networks)
  const [first, ...others] = hostsOf(config)
  if (first === undefined) return []
  const place = placeOf(first, portal)
  const upstream = compileDestination(config, place)
  const route: Route = {
    ...place,
    pattern: first,
    name: name ?? first,
    // A path that could be resolved into another one must not lead out of the prefix either.
    policy: upstream?.prefix ? { ...policy, readsPaths: true } : policy,
    upstream,
    origins: new Set(proxy?.origins),
    headers,
    assertion: assertionProfile(assertion, config.assertion, portal),
  }
  return [route, ...others.map((host) => ({ ...routeAt(host, route, portal), pattern: host }))]
}

/** The same route for another of its hosts, or for one that a wildcard stands for. */
function routeAt(host: string, route: Route, portal: URL): Route {
  const place = placeOf(host, portal)
  const { name, pattern, upstream } = route
  return {
    ...route,
    ...place,
    name: name === pattern ? host : name,
    upstream: upstream && destinationAt(upstream, route, place),
  }
}

/** A host as browsers see it: routes share the portal's scheme and port. */
function placeOf(host: string, { protocol, port }: URL) {
  const authority = port === '' ? host : `${host}:${port}`
  return { host, authority, origin: `${protocol}//${authority}` }
}
