import { isIP } from 'node:net'
import { getDomain } from 'tldts'

/** How far the session cookie reaches: one host, or a parent domain and all below it. */
export type CookieScope = { kind: 'host' } | { kind: 'domain'; domain: string }

export type CookieScopeResult = { ok: true; scope: CookieScope } | { ok: false; message: string }

/**
 * Chooses the narrowest reach with which one sign-in serves the portal and all given hosts.
 *
 * @param portal The portal's address.
 * @param hosts Host names of the routes that ask for a sign-in.
 * @param wanted The parent domain that the operator asks for, if any.
 */
export function cookieScope(
  portal: URL,
  hosts: readonly string[],
  wanted?: string,
): CookieScopeResult {
  const home = portal.hostname
  const others = hosts.filter((host) => host !== home)
  if (wanted !== undefined) {
    const outside = [home, ...others].find((host) => !isWithin(host, wanted))
    if (outside === undefined) return { ok: true, scope: { kind: 'domain', domain: wanted } }
    return { ok: false, message: `${outside} does not lie under cookie domain ${wanted}` }
  }
  if (others.length === 0) return { ok: true, scope: { kind: 'host' } }

  const registrable = isIP(home) ? null : getDomain(home, { allowPrivateDomains: true })
  const stranger = others.find((host) => registrable === null || !isWithin(host, registrable))
  if (stranger !== undefined) {
    const message = `${stranger} shares no parent domain with the portal ${home}, so a sign-in there could not reach it`
    return { ok: false, message }
  }
  return { ok: true, scope: { kind: 'domain', domain: sharedSuffix([home, ...others]) } }
}

/** Is `host` the domain itself or a name below it? Ends on a label border. */
export const isWithin = (host: string, domain: string): boolean =>
  host === domain || host.endsWith(`.${domain}`)

function sharedSuffix([first = '', ...rest]: readonly string[]): string {
  const labels = first.split('.')
  const start = labels.findIndex((_, index) => {
    const suffix = labels.slice(index).join('.')
    return rest.every((host) => isWithin(host, suffix))
  })
  return labels.slice(start).join('.')
}
