import type { Guarded, Site, Snippet } from './contract.ts'
import { isSecure, lines, namesOf, OVERRIDES, portSuffix, spellings } from './parts.ts'

/** `forward_auth` of Caddy 2.5.1 and newer. */
export const caddy: Snippet = (site) =>
  lines(
    ...site.guarded.map((guarded) => guardedSite(site, guarded)),
    site.passed.length > 0 &&
      `${site.passed.map((host) => address(site, host)).join(', ')} {
  reverse_proxy ${site.gate}
}
`,
  )

// Caddy takes care of certificates, and of the way from http, by itself.
const address = (site: Site, host: string) =>
  `${isSecure(site) ? '' : 'http://'}${host}${portSuffix(site)}`

function guardedSite(site: Site, { host, application, names, own }: Guarded): string {
  const asking = `# Nobody but Gatehouse says who is there.
${deleted(namesOf(site.guarded).flatMap(spellings))}
# Nor which page is meant, or what is to be done with it.
${deleted(OVERRIDES)}
# A WebSocket is the only upgrade: behind any other (h2c), requests would pass that nobody has asked about.
@websocket header_regexp Upgrade (?i)^websocket$
request_header -Connection
request_header @websocket Connection Upgrade
request_header @websocket Upgrade websocket
forward_auth ${site.gate} {
  uri /api/authz/forward-auth
  copy_headers ${names.join(' ')}
}
# The session is no business of an application.
request_header Cookie "(^|; ?)(?:(?:__Host-|__Secure-)?gatehouse=[^;]*(?:; ?|$))+" "$1"
reverse_proxy ${application}`
  return `${address(site, host)} {${own === undefined ? '' : ownHandle(own, site.gate)}
  route {
${asking.replace(/^/gm, '    ')}
  }
}
`
}

const deleted = (names: readonly string[]): string =>
  lines(names.map((name) => `request_header -${name}`))

const ownHandle = (path: string, gate: string) => `
  handle ${path}* {
    reverse_proxy ${gate}
  }`
