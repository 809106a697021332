import { isIP } from 'node:net'
import { getPublicSuffix } from 'tldts'
import { isUnixPlace, type ListenPlace, UNIX_PEER } from '../base/net.ts'
import { placedHosts, type RouteConfig } from '../gateway/config.ts'
import type { RuleConfig } from '../policy/config.ts'
import { createRealms } from '../session/realms.ts'
import { isReachable, usableMethods } from './levels.ts'
import { asksForSignIn, type Config } from './schema.ts'

type Path = readonly (string | number)[]

/** A warning before it has a line. */
export interface Danger {
  path: Path
  message: string
}

/** What was seen of secrets while the file was read. */
export interface SecretSights {
  /** Secrets that stand in the file itself. */
  literals: readonly Path[]
  /** Secret files that others may read. */
  exposed: readonly Danger[]
  /** May others on this machine read the configuration file? */
  readableByOthers: boolean
}

/** Finds what is legal but dangerous. */
export function warningsAbout(config: Config, secrets: SecretSights): Danger[] {
  return [
    ...literalSecrets(secrets),
    ...secrets.exposed,
    ...plainPortal(config),
    ...publicCookie(config),
    ...clearText(config),
    ...overheard(config),
    ...waysThroughProxies(config),
    ...oddDoors(config),
    ...config.routes.flatMap((route, index) => [
      ...ownUpstream(route, index, config.listen),
      ...unverifiedUpstream(route, index),
      ...openCredentials(route, index),
      ...unreachableRules(route, index),
      ...unreachableLevels(route, index, config.factors),
    ]),
  ]
}

function literalSecrets({ literals, readableByOthers }: SecretSights): Danger[] {
  const alas = readableByOthers ? ', which everybody on this machine can read' : ''
  return literals.map((path) => ({
    path,
    message: `the secret stands in the file itself${alas}; write { file: /run/secrets/name } or { env: NAME }`,
  }))
}

function plainPortal({ portal: { url } }: Config): Danger[] {
  if (url.protocol === 'https:' || isLocal(url.hostname)) return []
  const message = `sign-in will not work on http://${url.host}: the session cookie needs https everywhere but on localhost`
  return [{ path: ['portal', 'url'], message }]
}

/** Doors through which nobody can come as they should. */
function oddDoors({ listen, trusted_proxies: trusted, portal }: Config): Danger[] {
  return listen.flatMap((door, index): Danger[] => {
    const { address, tls, proxy_protocol: proxied, redirect_to_https: redirects } = door
    const at = (key: string, message: string): Danger => ({ path: ['listen', index, key], message })
    const isUnix = isUnixPlace(address)
    const mayNameClients = isUnix ? trusted.includes(UNIX_PEER) : trusted.length > 0
    const found: Danger[] = []
    if (proxied && !mayNameClients) {
      const whom = isUnix ? 'unix' : 'the proxies'
      found.push(at('proxy_protocol', `takes no connection: list ${whom} in trusted_proxies`))
    }
    if (isUnix && !proxied && !mayNameClients) {
      const message =
        'whoever comes this way has no address, and all count as one client: list unix in trusted_proxies, and let the proxy send X-Forwarded-For'
      found.push(at('address', message))
    }
    if (redirects && portal.url.protocol === 'http:') {
      found.push(at('redirect_to_https', 'leads nowhere: portal.url says http'))
    }
    if (tls && portal.url.protocol === 'http:') {
      found.push(at('tls', 'browsers come by https here, and portal.url says http'))
    }
    return found
  })
}

/** A sign-in arrives on a host of another domain by a page of ours there, which only the proxy can show. */
function waysThroughProxies({ portal, routes, session }: Config): Danger[] {
  const asking = routes.map((route) => (route.rules.some(asksForSignIn) ? placedHosts(route) : []))
  const names = asking.flat().map(({ name }) => name)
  const result = createRealms(portal.url, names, session.cookie_domain)
  if (!result.ok) return []
  const { realms } = result
  return asking.flatMap((hosts, index) =>
    hosts
      .filter(({ name }) => !routes[index]?.upstream && realms.of(name).name !== realms.home.name)
      .map(({ name, at }) => ({
        path: ['routes', index, ...at],
        message: `lies outside the portal's domain: the proxy in front must send ${name}/.gatehouse/ to the gateway without asking, or nobody can sign in there`,
      })),
  )
}

function publicCookie({ session: { cookie_domain: domain } }: Config): Danger[] {
  if (domain === undefined) return []
  if (getPublicSuffix(domain, { allowPrivateDomains: true }) !== domain) return []
  const message = `${domain} is shared by strangers (Public Suffix List): browsers refuse such a cookie, so sign-in will not work`
  return [{ path: ['session', 'cookie_domain'], message }]
}

function ownUpstream(
  { upstream = [] }: RouteConfig,
  index: number,
  listen: Config['listen'],
): Danger[] {
  const message = 'is the gateway itself: each request would go round in circles'
  return upstream
    .filter((upstreamAddress) =>
      listen.some(({ address }) => isAt(new URL(upstreamAddress), address)),
    )
    .map(() => ({ path: ['routes', index, 'upstream'], message }))
}

/** Messages hold codes: whoever reads them on the way can use them. */
function clearText({ channels: { smtp, twilio, webhook } }: Config): Danger[] {
  const wants = (path: Path, what: string): Danger => ({
    path,
    message: `codes and secrets go in clear text: ${what}`,
  })
  const mail = smtp && !smtp.url.secure && smtp.starttls === 'never' && !isLocal(smtp.url.host)
  return [
    ...(mail
      ? [
          wants(
            ['channels', 'smtp', 'starttls'],
            'only a server on this machine should be sent to so',
          ),
        ]
      : []),
    ...(isOpenHttp(twilio?.url) ? [wants(['channels', 'twilio', 'url'], 'write https://')] : []),
    ...(isOpenHttp(webhook?.url) ? [wants(['channels', 'webhook', 'url'], 'write https://')] : []),
  ]
}

/** What is told to other machines names people, and where they are. */
function overheard({ alerts, audit }: Config): Danger[] {
  return Object.entries({ alerts, audit })
    .filter(([, { webhook }]) => isOpenHttp(webhook?.url))
    .map(([room]) => ({
      path: [room, 'webhook', 'url'],
      message:
        'goes over the network in the clear, with names and addresses of people: write https://',
    }))
}

const isOpenHttp = (url: URL | undefined) => url?.protocol === 'http:' && !isLocal(url.hostname)

function isAt({ hostname, port, protocol }: URL, listen: ListenPlace): boolean {
  if (isUnixPlace(listen)) return false
  const host = hostname.replace(/^\[|\]$/g, '')
  const sameHost =
    host === listen.host || (isLocal(hostname) && (isLocal(listen.host) || isAny(listen.host)))
  return sameHost && Number(port || (protocol === 'https:' ? 443 : 80)) === listen.port
}

function unverifiedUpstream({ proxy }: RouteConfig, index: number): Danger[] {
  if (proxy?.tls?.verify !== false) return []
  const message =
    'takes any certificate: whoever stands in between can read and change everything, and say who is there; name the authority in ca instead'
  return [{ path: ['routes', index, 'proxy', 'tls', 'verify'], message }]
}

function openCredentials({ proxy, upstream = [] }: RouteConfig, index: number): Danger[] {
  const isOpen = upstream.some((address) => {
    const { protocol, hostname } = new URL(address)
    return protocol === 'http:' && !isLocal(hostname)
  })
  if (!proxy?.basic || !isOpen) return []
  const message = 'goes over the network in the clear; write https:// in upstream'
  return [{ path: ['routes', index, 'proxy', 'basic'], message }]
}

function unreachableRules({ rules }: RouteConfig, index: number): Danger[] {
  const last = rules.findIndex((rule) => rule.mode === 'enforce' && isAboutEverything(rule))
  if (last < 0) return []
  return rules.slice(last + 1).map((_, offset) => ({
    path: ['routes', index, 'rules', last + 1 + offset],
    message: `is never reached: rule ${last + 1} above is about every request`,
  }))
}

const isAboutEverything = ({ paths, patterns, methods, networks, query }: RuleConfig) =>
  methods === undefined &&
  networks === undefined &&
  query === undefined &&
  (paths === undefined ? patterns === undefined : paths.includes('/**'))

function unreachableLevels(
  { rules }: RouteConfig,
  index: number,
  factors: Config['factors'],
): Danger[] {
  const kinds = Object.keys(factors)
  const usable = usableMethods(kinds)
  return rules.flatMap(({ require: level, amr }, position) => {
    const at = (key: string, message: string) => ({
      path: ['routes', index, 'rules', position, key],
      message,
    })
    const faults: Danger[] = []
    if (!isReachable(level, kinds)) {
      faults.push(
        at('require', `nobody can reach ${level}: no factor that is switched on satisfies it`),
      )
    }
    if (amr && !amr.some((method) => usable.includes(method))) {
      const known = [...new Set(usable)].join(', ')
      faults.push(at('amr', `nobody can use these methods; with the factors switched on: ${known}`))
    }
    return faults
  })
}

/** Is this a name or address of the machine itself, for which browsers waive https? */
function isLocal(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost')
}

const isAny = (host: string) => host === '0.0.0.0' || host === '::'
