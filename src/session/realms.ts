import { isIP } from 'node:net'
import { getDomain } from 'tldts'

/** How far the session cookie reaches: one host, or a parent domain and all below it. */
export type CookieScope = { kind: 'host' } | { kind: 'domain'; domain: string }

/** Hosts that share one session cookie. */
export interface Realm {
  /** Empty for the portal's own realm; else the domain or the host that it is about. */
  name: string
  scope: CookieScope
}

/** Every host in its realm: one sign-in serves them all, and no cookie leaves its realm. */
export interface Realms {
  /** The portal's, and that of all hosts below the same parent domain. */
  home: Realm
  /** Whoever has no other realm is at home. @param host Without port. */
  of(host: string): Realm
}

export type RealmsResult = { ok: true; realms: Realms } | { ok: false; message: string }

/**
 * Puts every host in a realm, and chooses for each the narrowest reach with which one cookie serves it.
 *
 * Hosts below the registrable domain of the portal are at home, or those below `wanted`. All others are
 * grouped by their own registrable domain. Where the cookie of such a group would reach hosts of another
 * realm too, each of its hosts is a realm of its own.
 *
 * @param portal The portal's address.
 * @param hosts Host names of the routes that ask for a sign-in; `*.example.com` stands for all below.
 * @param wanted The parent domain that the operator asks for at home, if any.
 */
export function createRealms(portal: URL, hosts: readonly string[], wanted?: string): RealmsResult {
  const own = portal.hostname
  if (wanted !== undefined && !isWithin(own, wanted)) {
    const message = `the portal ${own} does not lie under cookie domain ${wanted}`
    return { ok: false, message }
  }
  const domain = wanted ?? registrableOf(own)
  const isHome = (host: string) =>
    host === own || (domain !== undefined && isWithin(bare(host), domain))
  const atHome = hosts.filter(isHome)
  const strangers = hosts.filter((host) => !isHome(host))

  const home: Realm = {
    name: '',
    scope: wanted === undefined ? scopeOf([own, ...atHome]) : { kind: 'domain', domain: wanted },
  }
  const foreign = foreignRealms(strangers, [own, ...hosts])
  const byHost = new Map(foreign.flatMap(({ realm, members }) => members.map((it) => [it, realm])))
  return {
    ok: true,
    realms: {
      home,
      of(host) {
        // Asked with every request, and mostly there is but one.
        if (byHost.size === 0) return home
        return byHost.get(host) ?? byHost.get(host.replace(/^[^.]+/, '*')) ?? home
      },
    },
  }
}

/** Is `host` the domain itself or a name below it? Ends on a label border. */
export const isWithin = (host: string, domain: string): boolean =>
  host === domain || host.endsWith(`.${domain}`)

interface Group {
  realm: Realm
  members: readonly string[]
}

function foreignRealms(strangers: readonly string[], all: readonly string[]): Group[] {
  const groups = Map.groupBy(strangers, (host) => registrableOf(bare(host)) ?? host)
  return [...groups.values()].flatMap((members): Group[] => {
    const scope = scopeOf(members)
    const others = all.filter((host) => !members.includes(host))
    if (!others.some((host) => reaches(scope, host)))
      return [{ realm: named(scope, members), members }]
    return members.map((host) => ({ realm: named(scopeOf([host]), [host]), members: [host] }))
  })
}

const named = (scope: CookieScope, [first = '']: readonly string[]): Realm => ({
  name: scope.kind === 'domain' ? scope.domain : first,
  scope,
})

const reaches = (scope: CookieScope, host: string): boolean =>
  scope.kind === 'domain' && isWithin(bare(host), scope.domain)

/** One host keeps its cookie to itself; several share it by the longest domain above all of them. */
function scopeOf(hosts: readonly string[]): CookieScope {
  const [first = '', ...others] = [...new Set(hosts)]
  if (others.length === 0 && bare(first) === first) return { kind: 'host' }
  return { kind: 'domain', domain: sharedSuffix([first, ...others].map(bare)) }
}

const bare = (host: string): string => host.replace(/^\*\./, '')

function registrableOf(host: string): string | undefined {
  if (isIP(host.replace(/^\[|\]$/g, ''))) return undefined
  return getDomain(host, { allowPrivateDomains: true }) ?? undefined
}

function sharedSuffix([first = '', ...rest]: readonly string[]): string {
  const labels = first.split('.')
  const start = labels.findIndex((_, index) => {
    const suffix = labels.slice(index).join('.')
    return rest.every((host) => isWithin(host, suffix))
  })
  return labels.slice(start).join('.')
}
