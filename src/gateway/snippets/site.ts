import type { Realms } from '../../session/realms.ts'
import { identityNames } from '../identity-headers.ts'
import type { Route, Routes } from '../routes.ts'
import type { Guarded, Site } from './contract.ts'

export interface SiteDeps {
  portal: URL
  routes: Pick<Routes, 'all'>
  realms: Pick<Realms, 'of' | 'home'>
  /** Host and port at which the proxy reaches the gate. */
  gate: string
  /** Host and port of the applications that are not known to the configuration. */
  application: string
}

/**
 * Gathers what a proxy in front has to know.
 *
 * @param only The one host that it is about, beside the portal; all of them when left out.
 */
export function siteOf(
  { portal, routes, realms, gate, application }: SiteDeps,
  only?: string,
): Site {
  const chosen = routes.all.filter(({ host }) => only === undefined || host === only)
  const guarded = chosen
    .filter(({ upstream }) => !upstream)
    .map((route): Guarded => {
      const { host } = route
      return { host, application, names: namesFor(route), own: ownPagesOn(host, portal, realms) }
    })
  const sent = chosen.filter(({ upstream }) => upstream).map(({ host }) => host)
  const hasPortal = guarded.some(({ host }) => host === portal.hostname)
  return {
    ...{ portal, gate, guarded },
    passed: [...new Set([...(hasPortal ? [] : [portal.hostname]), ...sent])],
  }
}

const namesFor = (route: Route) => [...new Set(identityNames(route))]

/** On the portal's own host its pages are ours; on one that its cookie does not reach, the way to them. */
function ownPagesOn(host: string, portal: URL, realms: SiteDeps['realms']): string | undefined {
  if (host === portal.hostname) return portal.pathname
  return realms.of(host).name === realms.home.name ? undefined : '/.gatehouse/'
}
