import type { Guarded, Site, Snippet } from './contract.ts'
import { isSecure, lines, namesOf, OVERRIDES, slug, spellings, wildDomain } from './parts.ts'

/** `ForwardAuth` of Traefik 3, for its file provider. */
export const traefik: Snippet = (site) =>
  lines(
    'http:',
    site.guarded.length > 0 && middlewares(site),
    '',
    '  routers:',
    ...site.guarded.map((guarded) => routersFor(site, guarded)),
    site.passed.length > 0 &&
      router(site, {
        name: 'gatehouse',
        rule: site.passed.map(hostRule).join(' || '),
        service: 'gatehouse',
      }),
    '',
    '  services:',
    ...site.guarded.map(({ host, application }) => service(slug(host, '-'), application)),
    service('gatehouse', site.gate),
  )

function middlewares({ gate, guarded }: Site): string {
  // Deleted for all, and set by forwardAuth where they belong.
  const forged = namesOf(guarded).flatMap(spellings)
  const asks = askers(guarded)
  const asking = [...new Map(guarded.map(({ names }) => [asks(names), names]))]
  return lines(
    '  middlewares:',
    '    # Nobody but Gatehouse says who is there, nobody at all which page is meant or what is to be done with it.',
    '    gatehouse-alone:',
    '      headers:',
    '        customRequestHeaders:',
    [...forged, ...OVERRIDES].map((name) => `          ${name}: ""`),
    ...asking.map(([name, names]) =>
      lines(
        `    ${name}:`,
        '      forwardAuth:',
        `        address: http://${gate}/api/authz/forward-auth`,
        '        authResponseHeaders:',
        names.map((it) => `          - ${it}`),
      ),
    ),
  )
}

/** Applications that hear the same names share a middleware. */
function askers(guarded: readonly Guarded[]): (names: readonly string[]) => string {
  const known = [...new Set(guarded.map(({ names }) => names.join()))]
  return (names) => {
    const place = known.indexOf(names.join())
    return place === 0 ? 'gatehouse' : `gatehouse-${place + 1}`
  }
}

function routersFor(site: Site, guarded: Guarded): string {
  const name = slug(guarded.host, '-')
  const rule = hostRule(guarded.host)
  return lines(
    router(site, {
      name,
      // Behind an upgrade to h2c, requests would pass that nobody has asked about.
      rule: `${rule} && !HeaderRegexp(\`Upgrade\`, \`(?i)h2c\`)`,
      service: name,
      middlewares: ['gatehouse-alone', askers(site.guarded)(guarded.names)],
    }),
    guarded.own !== undefined &&
      router(site, {
        name: `${name}-gatehouse`,
        rule: `${rule} && PathPrefix(\`${guarded.own}\`)`,
        service: 'gatehouse',
        priority: 1000,
      }),
  )
}

const hostRule = (host: string): string => {
  const domain = wildDomain(host)
  return domain
    ? `HostRegexp(\`^[a-z0-9-]+${domain.replaceAll('.', '\\.')}$\`)`
    : `Host(\`${host}\`)`
}

interface Router {
  name: string
  rule: string
  service: string
  middlewares?: readonly string[]
  priority?: number
}

const router = (site: Site, { name, rule, service, middlewares: used, priority }: Router) =>
  lines(
    `    ${name}:`,
    `      rule: ${JSON.stringify(rule)}`,
    priority !== undefined && `      priority: ${priority}`,
    `      entryPoints: [${isSecure(site) ? 'websecure' : 'web'}]`,
    used && `      middlewares: [${used.join(', ')}]`,
    `      service: ${service}`,
    isSecure(site) && '      tls: {}',
  )

const service = (name: string, at: string) =>
  lines(`    ${name}:`, '      loadBalancer:', '        servers:', `          - url: http://${at}`)
