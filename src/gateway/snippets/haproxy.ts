import type { Guarded, Site, Snippet } from './contract.ts'
import {
  hasUsualPort,
  isSecure,
  lines,
  namesOf,
  OVERRIDES,
  portOf,
  portSuffix,
  slug,
  wildDomain,
} from './parts.ts'

/** HAProxy 2.6 and newer, as Debian has it; asks by the script in `haproxy-lua.ts`. */
export const haproxy: Snippet = (site) =>
  lines(
    GROUND,
    frontend(site),
    isSecure(site) && hasUsualPort(site) && REDIRECT,
    ...site.guarded.map((guarded) => backend(site, guarded)),
    `backend gatehouse from gatehouse
  server gatehouse ${site.gate}`,
  )

const GROUND = `global
  lua-load-per-thread /etc/haproxy/gatehouse.lua

defaults gatehouse
  mode http
  timeout http-request 15s
  timeout connect 5s
  timeout client 5m
  timeout server 5m
  timeout tunnel 1h
`

const REDIRECT = `frontend gatehouse_http from gatehouse
  bind :80
  http-request redirect scheme https code 308
`

function frontend(site: Site): string {
  const port = portSuffix(site)
  const tls = isSecure(site) ? ' ssl crt /etc/haproxy/tls/ alpn h2,http/1.1' : ''
  const ports = port === '' ? '' : `,concat(${port})`
  const forHost = ({ host }: Guarded) => {
    const domain = wildDomain(host)
    const match = domain ? `-m end ${domain}` : `-m str ${host}`
    return `{ var(txn.gatehouse_host) ${match}${port} }`
  }
  // What names a host goes before what stands for many.
  const guarded = site.guarded.toSorted((a, b) => wildness(a) - wildness(b))
  const own = guarded
    .filter((it) => it.own !== undefined)
    .map((it) => `  use_backend gatehouse if ${forHost(it)} { path_beg ${it.own} }`)
  const applications = guarded.map((it) => `  use_backend ${slug(it.host, '_')} if ${forHost(it)}`)
  const passed = site.passed
    .filter((host) => !wildDomain(host))
    .map((host) => `  use_backend gatehouse if ${forHost({ host } as Guarded)}`)
  return `frontend gatehouse_front from gatehouse
  bind :${portOf(site)}${tls}
  http-request set-var(txn.gatehouse_host) req.fhdr(host),field(1,:),lower${ports}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto ${schemeOf(site)}
  # A WebSocket is the only upgrade: behind any other (h2c), requests would pass that nobody has asked about.
  acl websocket req.hdr(upgrade) -i websocket
  http-request set-var(txn.gatehouse_upgrade) str(websocket) if websocket
  http-request del-header Connection
  http-request del-header Upgrade
  http-request set-header Connection Upgrade if { var(txn.gatehouse_upgrade) -m found }
  http-request set-header Upgrade websocket if { var(txn.gatehouse_upgrade) -m found }
${lines(passed, own, applications)}
  default_backend gatehouse
`
}

const schemeOf = (site: Site) => (isSecure(site) ? 'https' : 'http')

const wildness = ({ host }: Guarded) => (wildDomain(host) ? 1 : 0)

function backend(site: Site, { host, application, names }: Guarded): string {
  return `backend ${slug(host, '_')} from gatehouse
  # Nobody but Gatehouse says who is there.
${deleted(namesOf(site.guarded))}
  # Nor which page is meant, or what is to be done with it.
${deleted(OVERRIDES)}
  http-request lua.gatehouse http://${site.gate} ${schemeOf(site)} ${names.join(',')}
  http-request deny deny_status 503 unless { var(txn.gatehouse) -m str yes }
  http-request set-header Host %[var(txn.gatehouse_host)]
  http-request set-header X-Forwarded-Host %[var(txn.gatehouse_host)]
  server application ${application}
`
}

/** With any sign in the place of a dash. */
const deleted = (names: readonly string[]): string =>
  lines(
    names.map(
      (name) =>
        `  http-request del-header ^${name.toLowerCase().replaceAll('-', '[^a-z0-9]')}$ -m reg`,
    ),
  )
