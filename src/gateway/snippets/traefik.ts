import type { Guarded, Site, Snippet } from './contract.ts'
import { isSecure, lines, namesOf, slug, spellings, wildDomain } from './parts.ts'

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
  // The names themselves are deleted by forwardAuth, before it sets them.
  const others = namesOf(guarded).flatMap((name) => spellings(name).filter((it) => it !== name))
  const asks = askers(guarded)
  const asking = [...new Map(guarded.map(({ names }) => [asks(names), names]))]
  return lines(
    '  middlewares:',
    '    # Some servers take these for the names below.',
    '    gatehouse-spellings:',
    '      headers:',
    '        customRequestHeaders:',
    others.map((name) => `          ${name}: ""`),
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
      rule,
      service: name,
      middlewares: ['gatehouse-spellings', askers(site.guarded)(guarded.names)],
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
