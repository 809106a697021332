import { isIP } from 'node:net'
import { readCertificates } from '../base/certificates.ts'
import type { RouteConfig, Timeouts } from './config.ts'
import { type PathPrefix, targetBehind } from './path-prefix.ts'
import type { Relocation } from './relocation.ts'
import type { HeaderLine } from './request.ts'
import { foldName } from './reserved-names.ts'
import type { HealthConfig, ProxyConfig } from './upstream-config.ts'

/** How long an application may take, in seconds. */
export type Limits = Pick<Timeouts, 'connect' | 'head' | 'idle'>

/** One address where an application listens, and how it is spoken to there. */
export interface UpstreamServer {
  /** Scheme, host and port. */
  origin: string
  /** Absent when there is nothing to encrypt. */
  tls?: UpstreamTls
  /** Those that are not the gateway’s own. */
  limits: Partial<Limits>
  /** The Host line, where it is not the one of the route. */
  host?: string
}

/** How an application is recognized. */
export interface UpstreamTls {
  /** The name that its certificate must be for; empty where the address is a number. */
  serverName: string
  /** Who may vouch for it, in PEM; the well-known authorities when absent. */
  ca?: string
  verify: boolean
}

/** Where the requests of a route go, and what is done to them on the way. */
export interface Destination {
  servers: readonly [UpstreamServer, ...UpstreamServer[]]
  /** The Host line. */
  host: string
  /** What the gateway says in every request, beside who is there. */
  extraLines: readonly HeaderLine[]
  /** Names, as they are compared, that a client’s lines may not have; absent when there are none. */
  replaced?: ReadonlySet<string>
  /** Absent when the target goes out as it came. */
  prefix?: PathPrefix
  /** May a request be sent a second time where that is safe? */
  repeats: boolean
  /** Absent when nobody is asked how they are. */
  health?: HealthConfig
  /** Absent when the application sees itself where browsers see it. */
  relocation?: Relocation
}

/** A route, as far as it is made ready already. */
interface Place {
  origin: string
  authority: string
}

/**
 * Makes ready where requests go.
 *
 * @returns `undefined` when another proxy sends them on.
 * @throws {OperatorError} when a file that it needs cannot be used.
 */
export function compileDestination(
  { upstream = [], proxy }: Pick<RouteConfig, 'upstream' | 'proxy'>,
  place: Place,
): Destination | undefined {
  const [first, ...others] = upstream.map((address) => compileServer(address, proxy))
  if (!first) return undefined
  const servers = [first, ...others] as const
  if (!proxy) {
    return { servers, host: place.authority, extraLines: [], repeats: true }
  }

  const { strip_prefix: strip = '', base_path: base = '', host_header: host } = proxy
  const prefix = strip || base ? { strip, base } : undefined
  const sent = host === 'keep' || host === 'upstream' ? place.authority : host
  const hosts = [place.authority, ...servers.map((server) => server.host ?? sent)]
  return {
    servers,
    host: sent,
    repeats: proxy.retry,
    ...(proxy.health ? { health: proxy.health } : {}),
    ...sayings(proxy, strip),
    ...(prefix ? { prefix } : {}),
    ...(prefix || host !== 'keep'
      ? { relocation: { prefix: { strip, base }, origin: place.origin, hosts } }
      : {}),
  }
}

/** The same for another host of a route: one of those that a wildcard stands for. */
export function destinationAt(destination: Destination, from: Place, to: Place): Destination {
  const moved = (host: string) => (host === from.authority ? to.authority : host)
  const { host, relocation } = destination
  return {
    ...destination,
    host: moved(host),
    ...(relocation
      ? { relocation: { ...relocation, origin: to.origin, hosts: relocation.hosts.map(moved) } }
      : {}),
  }
}

/** The target that goes out; `undefined` when there is nothing at this one. */
export const targetFor = ({ prefix }: Destination, target: string): string | undefined =>
  prefix ? targetBehind(prefix, target) : target

/** The longest that a request may keep silent at any of its stages, in seconds. */
export function longestSilence(
  defaults: Limits,
  destinations: readonly (Destination | undefined)[],
): number {
  const own = destinations.flatMap((destination) => destination?.servers ?? [])
  const all = [defaults, ...own.map(({ limits }) => ({ ...defaults, ...limits }))]
  return Math.max(...all.map(({ connect, head, idle }) => connect + head + idle))
}

/** The head for one server; the Host line stands first. */
export const headFor = ({ host }: UpstreamServer, lines: readonly HeaderLine[]) =>
  host === undefined ? lines : lines.with(0, ['Host', host])

function compileServer(address: string, proxy: ProxyConfig | undefined): UpstreamServer {
  const url = new URL(address)
  return {
    origin: url.origin,
    limits: proxy?.timeouts ? ownLimits(proxy.timeouts) : {},
    ...(url.protocol === 'https:' ? { tls: compileTls(url, proxy?.tls) } : {}),
    ...(proxy?.host_header === 'upstream' ? { host: url.host } : {}),
  }
}

function ownLimits({ connect, head, idle }: ProxyConfig['timeouts']): Partial<Limits> {
  return {
    ...(connect === undefined ? {} : { connect }),
    ...(head === undefined ? {} : { head }),
    ...(idle === undefined ? {} : { idle }),
  }
}

function compileTls({ hostname }: URL, config: ProxyConfig['tls']): UpstreamTls {
  // A certificate is checked against the name in the configuration, never against what a browser says.
  const own = isIP(hostname.replace(/^\[|\]$/g, '')) ? '' : hostname
  return {
    serverName: config?.server_name ?? own,
    verify: config?.verify ?? true,
    ...(config?.ca === undefined ? {} : { ca: readCertificates(config.ca).pem }),
  }
}

function sayings({ extra_headers: extras, basic }: ProxyConfig, strip: string) {
  const lines: HeaderLine[] = extras.map(({ name, value, secret }) => [name, value ?? secret ?? ''])
  if (basic) {
    const pair = Buffer.from(`${basic.user}:${basic.password}`, 'utf8').toString('base64')
    lines.push(['Authorization', `Basic ${pair}`])
  }
  const replaced = new Set(lines.map(([name]) => foldName(name)))
  if (strip) lines.push(['X-Forwarded-Prefix', strip])
  return { extraLines: lines, ...(replaced.size > 0 ? { replaced } : {}) }
}
