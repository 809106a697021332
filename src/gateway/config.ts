import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { certificatesFault } from '../base/certificates.ts'
import { holdsStrangers, parseNetwork } from '../base/net.ts'
import { duration, durationOrNone, hostPattern, peers } from '../base/schema.ts'
import { RISK_LEVELS } from '../model/risk.ts'
import { networksConfig, PROVABLE, ruleConfig } from '../policy/config.ts'
import { type AssertionConfig, assertionConfig, routeAssertionConfig } from './assertion/config.ts'
import { compatConfig } from './dialects/config.ts'
import { faultsInCertificates, type ListenerConfig, listenConfig } from './listen/config.ts'
import { foldName } from './reserved-names.ts'
import { parseUrl } from './target.ts'
import { proxyConfig, upstreamConfig } from './upstream-config.ts'

const headerName = (name: string, what: string) =>
  z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'write a header name: letters, digits and dashes')
    .default(name)
    .meta({ description: `Carries ${what}.` })

export const identityHeadersConfig = z.strictObject({
  user: headerName('Remote-User', 'the user name'),
  groups: headerName('Remote-Groups', 'the groups, separated by commas'),
  name: headerName('Remote-Name', 'the name to show'),
  email: headerName('Remote-Email', 'the mail address'),
})

/** The names under which one application learns who is there. */
export type IdentityHeadersConfig = z.output<typeof identityHeadersConfig>

export const routeConfig = z.strictObject({
  host: hostPattern().optional().meta({
    description:
      'The host name that the browser asks for, without scheme, port or path. `*.example.com` stands for every name with one label more that no other route names.',
    example: 'wiki.example.com',
  }),
  hosts: z
    .array(hostPattern())
    .min(1)
    .optional()
    .meta({
      description: 'Further hosts with the same upstream and rules, or all of them without `host`.',
      example: ['docs.example.com', '*.wiki.example.com'],
    }),
  name: z.string().min(1).max(60).optional().meta({
    description: 'What people call the application; the host when left out.',
    example: 'Wiki',
  }),
  upstream: upstreamConfig().optional().meta({
    description:
      'Where the application listens; a list where it listens at several places. Leave it out where another proxy stands in front and asks by forward-auth.',
    example: 'http://127.0.0.1:3000',
  }),
  proxy: proxyConfig.optional().meta({
    description:
      'How requests are sent on to `upstream`; see docs/proxying.md. Without `upstream` only `origins` has a meaning.',
    example: { host_header: 'upstream', timeouts: { head: '5m' } },
  }),
  headers: identityHeadersConfig.prefault({}).meta({
    description: 'Names of the headers that tell the application who is there.',
  }),
  assertion: routeAssertionConfig.prefault({}).meta({
    description:
      'How the application is told the same in a signed statement; wins over `assertion` for all.',
  }),
  rules: z.array(ruleConfig).min(1, 'write at least one rule, e.g. { require: two_factor }').meta({
    description:
      'Read from top to bottom; the first that is about a request decides. Where none is, the answer is no.',
    example: '[{ require: two_factor }]',
  }),
})

/** What the rules are meant to say about one request. */
export const policyTestConfig = z
  .strictObject({
    url: z
      .string()
      .refine((text) => parseUrl(text) !== undefined, {
        message: 'write an address with its scheme: https://wiki.example.com/admin/',
      })
      .meta({ description: 'Of the page that is asked for.' }),
    method: z
      .string()
      .regex(/^[A-Z]+$/, 'write a method in capitals: GET')
      .default('GET')
      .meta({ description: 'With which it is asked for.' }),
    address: z
      .string()
      .refine((text) => isIP(text) !== 0, { message: 'write an address: 10.0.0.2' })
      .optional()
      .meta({ description: 'Of the client; in no network when left out.' }),
    user: z.string().min(1).optional().meta({
      description: 'Who is signed in; nobody when left out with `groups`.',
    }),
    groups: z.array(z.string().min(1)).optional().meta({ description: 'Of that user.' }),
    proved: z.enum(PROVABLE).optional().meta({
      description: 'What the user has proved; `two_factor` when left out.',
    }),
    amr: z.array(z.string().min(1)).min(1).optional().meta({
      description: 'By which methods; the usual ones of that level when left out.',
    }),
    age: duration().optional().meta({
      description: 'How long ago; just now when left out.',
    }),
    risk: z.enum(RISK_LEVELS).optional().meta({
      description: 'How unusual the sign-in was; not weighed when left out.',
    }),
    expect: z.enum(['allow', 'authenticate', 'deny', 'refuse']).meta({
      description:
        'The answer: `allow`, `authenticate` (sign in, or prove more), `deny`, or `refuse` (no such host, or a path or query that can be read in two ways).',
    }),
    rule: z.string().min(1).optional().meta({ description: 'The rule that gives it.' }),
  })
  .superRefine((test, context) => {
    if (test.user !== undefined || test.groups !== undefined) return
    for (const key of ['proved', 'amr', 'age', 'risk'] as const) {
      if (test[key] === undefined) continue
      const message = 'has no meaning without user or groups: nobody is signed in'
      context.addIssue({ code: 'custom', path: [key], message })
    }
  })

export type PolicyTestConfig = z.output<typeof policyTestConfig>

/** One application behind the gate. */
export type RouteConfig = z.output<typeof routeConfig>

export const gatewayConfig = {
  listen: listenConfig().prefault('0.0.0.0:9091').meta({
    description:
      'Where browsers, or the proxies in front, reach the gateway: one address, or a list of them with what is spoken there. See docs/proxying.md.',
    short: true,
  }),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(64)], {
      error: 'write how many processes, 1 to 64, or auto for one for each processor',
    })
    .default(1)
    .meta({
      description:
        'Processes that take requests, all on the same port and the same store: a number, or `auto` for one for each processor. With 1 there is one process that does everything.',
    }),
  trusted_proxies: z
    .array(
      peers().refine((text) => !holdsStrangers(text), {
        message:
          'trusts nearly everybody: whoever reaches the gateway could claim any address and host. List the proxies themselves, or the network that is theirs alone',
        // What is no network has been told so already.
        when: ({ value }) => typeof value === 'string' && parseNetwork(value) !== undefined,
      }),
    )
    .default([])
    .meta({
      description:
        'Peers whose `X-Forwarded-*` count, who may ask by forward-auth, and who may speak the PROXY protocol; `unix` stands for whoever comes over a socket of the file system. Nobody is trusted unless listed here.',
      example: ['10.0.0.2'],
    }),
  assertion: assertionConfig.prefault({}).meta({
    description: 'How applications are told, in a signed statement, who is there.',
  }),
  timeouts: z
    .strictObject({
      connect: duration()
        .prefault('5s')
        .meta({ description: 'Until an application accepts a connection.' }),
      head: duration()
        .prefault('60s')
        .meta({ description: 'Until an application begins its answer.' }),
      idle: duration()
        .prefault('5m')
        .meta({ description: 'Without a byte in either direction. Streams have no total limit.' }),
      drain: durationOrNone()
        .prefault('30s')
        .meta({ description: 'For requests under way when the gateway is told to stop.' }),
    })
    .prefault({})
    .meta({ description: 'How long the gateway waits for applications.' }),
  routes: z
    .array(routeConfig)
    .default([])
    .superRefine(
      (routes, context) => {
        for (const { path, message } of hostFaults(routes)) {
          context.addIssue({ code: 'custom', path, message })
        }
      },
      // Told beside other faults of the routes, which may therefore be incomplete here.
      { when: ({ value }) => Array.isArray(value) },
    )
    .meta({ description: 'The applications behind the gate, one a host.' }),
  networks: networksConfig.default({}).meta({
    description: 'Networks by name, for the rules of all routes.',
    example: { office: ['192.0.2.0/24', '2001:db8::/48'] },
  }),
  compat: compatConfig.prefault({}).meta({
    description:
      'Addresses of other gateways that are answered too, so that proxies keep their set-up.',
  }),
  tests: z
    .array(policyTestConfig)
    .default([])
    .meta({
      description:
        'What the rules are meant to say. `gatehouse check` tries them all; a configuration in which one fails is not taken.',
      example: [{ url: 'https://wiki.example.com/admin/', user: 'bob', expect: 'deny' }],
    }),
}

type Hosts = Pick<RouteConfig, 'host' | 'hosts'>

/** All hosts of a route, each with its place below the route. */
export const placedHosts = ({ host, hosts = [] }: Hosts) => [
  ...(host === undefined ? [] : [{ name: host, at: ['host'] }]),
  ...hosts.map((name, place) => ({ name, at: ['hosts', place] })),
]

/** All hosts of a route. */
export const hostsOf = (route: Hosts): string[] => placedHosts(route).map(({ name }) => name)

interface HostFault {
  path: (string | number)[]
  message: string
}

function hostFaults(routes: readonly (Hosts | undefined)[]): HostFault[] {
  const seen = new Set<string>()
  const faults: HostFault[] = []
  for (const [index, route] of routes.entries()) {
    if (!route) continue
    const { host, hosts } = route
    if (host === undefined && hosts === undefined) {
      const message = 'is missing; for example: host: wiki.example.com'
      faults.push({ path: [index, 'host'], message })
    }
    for (const { name, at } of placedHosts(route)) {
      if (seen.has(name)) {
        const message = `${name} stands twice: one host is one route`
        faults.push({ path: [index, ...at], message })
      }
      seen.add(name)
    }
  }
  return faults
}

/** A fault that shows when several keys are read together, or a file is. */
export interface GatewayFault {
  path: (string | number)[]
  message: string
}

/** What {@link proxyFaults} looks at. */
interface Proxied {
  routes: readonly RouteConfig[]
  assertion: AssertionConfig
}

/**
 * Finds ways of sending on that make no sense, or would let an application believe something that the
 * gateway says of one request in every one.
 *
 * @param broken Routes that cannot be read.
 */
export function proxyFaults(
  { routes, assertion }: Proxied,
  broken: ReadonlySet<PropertyKey | undefined>,
): GatewayFault[] {
  const whole = [...routes.entries()].filter(([index]) => !broken.has(index))
  const identity = new Set(
    [
      assertion.header ?? '',
      ...whole.flatMap(([, route]) => [
        ...Object.values(route.headers),
        route.assertion.header ?? '',
      ]),
    ].map(foldName),
  )
  return whole.flatMap(([index, route]) =>
    faultsOf(route, identity).map(({ path, message }) => ({
      path: ['routes', index, 'proxy', ...path],
      message,
    })),
  )
}

function faultsOf({ upstream, proxy }: RouteConfig, identity: ReadonlySet<string>): GatewayFault[] {
  if (!proxy) return []
  if (!upstream) {
    // Who may open WebSockets is asked of the gateway also where another proxy sends them on.
    const { origins } = proxy
    if (origins.length > 0 && isDeepStrictEqual(proxy, proxyConfig.parse({ origins }))) return []
    const message =
      'has no meaning without upstream, but for origins: the proxy in front sends requests on'
    return [{ path: [], message }]
  }
  const made = [...proxy.extra_headers.entries()]
    .filter(([, { name }]) => identity.has(foldName(name)))
    .map(([place, { name }]) => ({
      path: ['extra_headers', place, 'name'],
      message: `${name} tells who is there, and nobody is there for good`,
    }))
  if (!proxy.tls || upstream.some((address) => address.startsWith('https:'))) return made
  const message = 'has no meaning beside http://; write https:// in upstream'
  return [...made, { path: ['tls'], message }]
}

/** Looks into the files that routes and listeners name, as a start would. */
export function faultsInFiles({ routes, listen }: WithFiles): GatewayFault[] {
  const inRoutes = routes.flatMap(({ proxy }, index) => {
    const message = proxy?.tls?.ca === undefined ? undefined : certificatesFault(proxy.tls.ca)
    return message ? [{ path: ['routes', index, 'proxy', 'tls', 'ca'], message }] : []
  })
  return [...faultsInCertificates(listen), ...inRoutes]
}

interface WithFiles {
  routes: readonly RouteConfig[]
  listen: readonly ListenerConfig[]
}

const timeouts = gatewayConfig.timeouts
export type Timeouts = z.output<typeof timeouts>
