import { readFileSync } from 'node:fs'
import { envoy } from '../../src/gateway/snippets/envoy.ts'
import { type Held, type Lines, type ProxyKind, promisesOf } from './dialect.ts'

/** A client's lines less those that a proxy sets itself, whatever their case. */
const others = (headers: Lines, own: Lines): Lines =>
  headers.filter(([name]) => !own.some(([set]) => set.toLowerCase() === name.toLowerCase()))

const withOwn = (headers: Lines, own: Lines): Lines => [...others(headers, own), ...own]

/** An upgrade is taken off by proxies that speak HTTP to the gate as a client of their own. */
const withoutHop = (headers: Lines): Lines =>
  headers.filter(([name]) => !/^(connection|upgrade)$/i.test(name))

const traefikLines = ({ method, scheme, host, target, headers }: Held): Lines => {
  const isWebSocket = headers.some(([name]) => name.toLowerCase() === 'sec-websocket-key')
  const own: Lines = [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Proto', isWebSocket ? scheme.replace('http', 'ws') : scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', target],
    ['X-Forwarded-For', '192.0.2.7'],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Server', 'edge'],
    ['X-Real-Ip', '192.0.2.7'],
    ['Accept-Encoding', 'gzip'],
  ]
  return withOwn(withoutHop(headers), own)
}

const caddyLines = ({ method, scheme, host, target, headers }: Held): Lines =>
  withOwn(headers, [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Uri', target],
    ['X-Forwarded-For', '192.0.2.7'],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Proto', scheme],
  ])

const [, SKIPPER_ROUTE = ''] =
  /<!-- snippet of routes: skipper -->\s*```\n([\s\S]*?)```/.exec(
    readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8'),
  ) ?? []
const SKIPPER_FILTERS = Array.from(
  SKIPPER_ROUTE.matchAll(/(drop|set)RequestHeader\("([^"]+)"(?:, "([^"]+)")?\)/g),
  ([, kind, name = '', template = '']) => ({ kind, name, template }),
)

/** Goes through the filters of the route that we show. One that lacks a value sets nothing. */
function skipperLines({ method, scheme, host, target, headers }: Held): Lines {
  const [path = '', query = ''] = target.split(/\?(.*)/s)
  const values: Record<string, string> = {
    'request.method': method,
    'request.path': decodedOrNot(path),
    'request.rawQuery': query,
    'request.clientIP': '192.0.2.7',
  }
  return SKIPPER_FILTERS.reduce<Lines>((lines, { kind, name, template }) => {
    if (kind === 'drop') return others(lines, [[name, '']])
    const wanted = { https: scheme, 'wiki.example.com': host }[template] ?? template
    const missing = Array.from(wanted.matchAll(/\$\{([\w.]+)\}/g)).some(
      ([, key = '']) => !values[key],
    )
    const value = wanted.replace(/\$\{([\w.]+)\}/g, (_, key: string) => values[key] ?? '')
    return missing ? lines : withOwn(lines, [[name, value]])
  }, withoutHop(headers))
}

function decodedOrNot(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const nginxLines = ({ method, scheme, host, target, headers }: Held): Lines =>
  withOwn(withoutHop(headers), [
    ['X-Original-Method', method],
    ['X-Original-URL', `${scheme}://${host}${target}`],
    ['X-Forwarded-For', '192.0.2.7'],
    ['Connection', 'close'],
  ])

const ingressLines = ({ method, scheme, host, target, headers }: Held): Lines =>
  withOwn(withoutHop(headers), [
    ['X-Original-URL', `${scheme}://${host}${target}`],
    ['X-Original-Method', method],
    ['X-Sent-From', 'nginx-ingress-controller'],
    ['X-Real-IP', '192.0.2.7'],
    ['X-Forwarded-For', '192.0.2.7'],
    ['X-Forwarded-Proto', ''],
    ['X-Auth-Request-Redirect', target],
    ['X-Request-ID', '6b7e1f0c2d'],
    ['Connection', 'close'],
  ])

/** Envoy sends what its configuration lists, and of the client's lines no other. */
const LISTED = new Set(
  Array.from(
    envoy({
      portal: new URL('https://auth.gw.test/'),
      gate: 'gatehouse:9091',
      passed: [],
      guarded: [],
    })
      .split('http_service:')[0]
      ?.matchAll(/exact: ([\w-]+)/g) ?? [],
    ([, name = '']) => name,
  ),
)
/** An operator may have listed more than it takes. */
const TOO_MUCH = /^(x-forwarded-(method|uri|host)|x-original-.*)$/i
const isListed = (name: string) => LISTED.has(name.toLowerCase()) || TOO_MUCH.test(name)
const envoyLines = ({ scheme, headers }: Held): Lines =>
  withOwn(
    headers.filter(([name]) => isListed(name)),
    [
      ['X-Forwarded-Proto', scheme],
      ['X-Forwarded-For', '192.0.2.7'],
      ['X-Envoy-Expected-Rq-Timeout-Ms', '1000'],
      ['Content-Length', '0'],
    ],
  )

const AT_GATE = 'gatehouse:9091'
const authelia = { yes: 200, tellsMethod: true } as const
const OAUTH2_LINES = [
  'X-Auth-Request-User',
  'X-Auth-Request-Preferred-Username',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
]

const KINDS: readonly ProxyKind[] = [
  {
    name: 'Traefik ForwardAuth',
    asks: (held) => ({
      host: AT_GATE,
      path: '/api/authz/forward-auth',
      headers: traefikLines(held),
    }),
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
  {
    name: 'Caddy forward_auth',
    // The query of the browser stays behind the path of the question.
    asks: (held) => ({
      host: AT_GATE,
      path: `/api/authz/forward-auth${held.target.replace(/^[^?]*/, '')}`,
      headers: caddyLines(held),
    }),
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
  {
    name: 'Skipper webhook',
    asks: (held) => ({
      host: AT_GATE,
      path: '/api/authz/forward-auth',
      headers: skipperLines(held),
    }),
    decodesPaths: true,
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
  {
    name: 'nginx auth_request',
    asks: (held) => ({ host: AT_GATE, path: '/api/authz/auth-request', headers: nginxLines(held) }),
    ...authelia,
    malformed: 403,
    signInBy: 'Location',
  },
  {
    name: 'ingress-nginx auth-url',
    asks: (held) => ({
      host: 'gatehouse.auth.svc.cluster.local:9091',
      path: '/api/authz/auth-request',
      headers: ingressLines(held),
    }),
    ...authelia,
    malformed: 403,
    signInBy: 'Location',
  },
  {
    name: 'Envoy ext_authz (and Istio, Envoy Gateway, the Gateway API)',
    asks: (held) => ({
      method: held.method,
      host: held.host,
      path: `/api/authz/ext-authz${held.target}`,
      headers: envoyLines(held),
    }),
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
  {
    name: 'nginx, set up for /api/verify',
    compat: { authelia_verify: { proxy: 'nginx' } },
    asks: (held) => ({
      host: AT_GATE,
      path: '/api/verify',
      headers: withOwn(withoutHop(held.headers), [
        ['X-Original-URL', `${held.scheme}://${held.host}${held.target}`],
        ['Connection', 'close'],
      ]),
    }),
    yes: 200,
    malformed: 401,
    signInBy: 'Location',
    tellsMethod: false,
  },
  {
    name: 'Traefik, set up for /api/verify',
    compat: { authelia_verify: { proxy: 'traefik' } },
    asks: (held) => ({
      host: AT_GATE,
      path: '/api/verify?rd=https%3A%2F%2Fauth.gw.test%2F',
      headers: traefikLines(held),
    }),
    ...authelia,
    malformed: 401,
    signInBy: 'redirect',
  },
  {
    name: 'nginx, set up for oauth2-proxy',
    compat: { oauth2_proxy: { proxy: 'nginx' } },
    asks: (held) => ({
      host: held.host,
      path: '/oauth2/auth',
      headers: withOwn(withoutHop(held.headers), [
        ['X-Real-IP', '192.0.2.7'],
        ['X-Forwarded-Uri', held.target],
        ['Connection', 'close'],
      ]),
    }),
    yes: 202,
    malformed: 403,
    signInBy: 'Location',
    tellsMethod: false,
    identity: OAUTH2_LINES,
  },
  {
    name: 'ingress-nginx, set up for oauth2-proxy',
    compat: { oauth2_proxy: { proxy: 'ingress_nginx' } },
    asks: (held) => ({
      host: 'oauth2-proxy.auth.svc.cluster.local',
      path: '/oauth2/auth',
      headers: ingressLines(held),
    }),
    yes: 202,
    malformed: 403,
    signInBy: 'Location',
    tellsMethod: true,
    identity: OAUTH2_LINES,
  },
  {
    name: 'Traefik, set up for oauth2-proxy',
    compat: { oauth2_proxy: { proxy: 'traefik' } },
    asks: (held) => ({ host: AT_GATE, path: '/oauth2/auth', headers: traefikLines(held) }),
    yes: 202,
    malformed: 403,
    signInBy: 'Location',
    tellsMethod: true,
    identity: OAUTH2_LINES,
  },
  {
    name: 'Traefik, set up for tinyauth',
    compat: { tinyauth: {} },
    asks: (held) => ({ host: AT_GATE, path: '/api/auth/traefik', headers: traefikLines(held) }),
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
  {
    name: 'Caddy, set up for tinyauth',
    compat: { tinyauth: {} },
    asks: (held) => ({ host: AT_GATE, path: '/api/auth/caddy', headers: caddyLines(held) }),
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
  {
    name: 'nginx, set up for tinyauth',
    compat: { tinyauth: {} },
    asks: (held) => ({
      host: AT_GATE,
      path: '/api/auth/nginx',
      headers: withOwn(withoutHop(held.headers), [
        ['X-Forwarded-Proto', held.scheme],
        ['X-Forwarded-Host', held.host],
        ['X-Forwarded-Uri', held.target],
        ['Connection', 'close'],
      ]),
    }),
    yes: 200,
    malformed: 403,
    signInBy: 'X-Tinyauth-Location',
    tellsMethod: false,
  },
  {
    name: 'Envoy, set up for tinyauth',
    compat: { tinyauth: {} },
    asks: (held) => ({
      method: held.method,
      host: held.host,
      path: `/api/auth/envoy?path=${held.target}`,
      headers: envoyLines(held),
    }),
    ...authelia,
    malformed: 400,
    signInBy: 'redirect',
  },
]

for (const kind of KINDS) promisesOf(kind)
