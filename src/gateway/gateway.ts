import type { Brand } from '../../views/brand.ts'
import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { networks } from '../base/net.ts'
import type { Requirement } from '../model/decision.ts'
import type { NamedNetworks } from '../policy/config.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SigningKeyRepository } from '../store/contract.ts'
import type { PageListener } from '../web/listener.ts'
import { createAnswers } from './answers.ts'
import { createAssertions } from './assertion/assertions.ts'
import type { AssertionConfig } from './assertion/config.ts'
import { createKeysDoor } from './assertion/keys-door.ts'
import { type Corridor, createCorridor } from './authorize.ts'
import type { RouteConfig, Timeouts } from './config.ts'
import { longestSilence } from './destination.ts'
import type { CompatConfig } from './dialects/config.ts'
import { createDialects } from './dialects/index.ts'
import { createDispatch } from './dispatch.ts'
import { createForwardAuthDoor } from './forward-auth.ts'
import { createIdentityHeaders } from './identity-headers.ts'
import { createListener, type Listener } from './listener.ts'
import { createOldAddresses } from './old-addresses.ts'
import { createProxyDoor } from './proxy.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { createReports } from './reports.ts'
import { createRequestReader } from './request.ts'
import { compileRoutes, type Route } from './routes.ts'
import { parseUrl } from './target.ts'
import type { Tunnels } from './tunnels.ts'
import { createUpgradeDoor, type UpgradeDoor } from './upgrade.ts'
import { createUpstreams } from './upstream.ts'

/** The data path under one configuration: three doors and one corridor. {@link Front} stands before it. */
export interface Gateway {
  /** Takes a request of the server. */
  listener: Listener
  /** Takes an upgrade of the server. */
  upgrade: UpgradeDoor
  corridor: Corridor
  /** Does a proxy ask by this target, instead of sending a request on? */
  isQuestion(target: string): boolean
  refusals: Pick<Refusals, 'note'>
  timeouts: Timeouts
  /** How long a connection may be silent, in seconds. */
  longestSilence: number
  /** The applications behind the gate whose host is known beforehand. */
  routes: readonly Route[]
  /** Is this, letter for letter, the origin of an application? @param origin May be hostile. */
  hasOrigin(origin: string): boolean
  /**
   * What opening a page takes.
   *
   * @param url An address that has been found to be one of ours.
   * @param address Where the person is: rules about networks count, at the portal as at the door.
   * @returns `undefined` when it takes nothing, is closed to everybody, or is no page of a route.
   */
  requirementFor(url: string, address: string): Requirement | undefined
  /** The application that a page belongs to; `undefined` for the portal's own pages. */
  routeOf(url: string): Route | undefined
  /** The public keys of assertions. */
  jwks(): Promise<{ keys: object[] }>
  /** Gets no new requests: lets go of applications once those under way have their answers. */
  retire(): Promise<void>
  /** Lets go of applications at once. */
  close(): Promise<void>
}

export interface GatewayDeps {
  config: {
    routes: readonly RouteConfig[]
    networks: NamedNetworks
    assertion: AssertionConfig
    compat: CompatConfig
    trusted_proxies: readonly string[]
    timeouts: Timeouts
  }
  portal: URL
  brand: Brand
  /** Where help is to be had. */
  help: string | undefined
  sessions: Sessions
  cookies: Cookies
  signingKeys: SigningKeyRepository
  audit: Audit
  clock: Clock
  log: Log
  /** The portal's pages; called for its own host and for `/.gatehouse/` on every other. */
  pages: PageListener
  /** Open WebSockets, which outlive this configuration. */
  tunnels: Tunnels
}

export function createGateway(given: GatewayDeps): Gateway {
  const { config, portal, brand, help, sessions, cookies, clock, audit, log, pages } = given
  const { timeouts } = config

  const routes = compileRoutes(config.routes, {
    portal,
    networks: config.networks,
    assertion: config.assertion,
  })
  const corridor = createCorridor({ routes, sessions, reports: createReports({ log }), clock })
  const assertions = createAssertions({
    repository: given.signingKeys,
    clock,
    algorithms: routes.all.map(({ assertion }) => assertion.algorithm),
  })
  const identityHeaders = createIdentityHeaders({ routes, cookies })
  const readRequest = createRequestReader(networks(config.trusted_proxies))
  const answers = createAnswers({ brand, portal, help })
  const refusals = createRefusals({ answers, audit })

  const shared = { corridor, cookies, identityHeaders, assertions, answers, refusals, log }
  const upstreams = createUpstreams(timeouts)
  const dispatch = createDispatch({ destinations: routes.all, upstreams, clock, log })
  const dialects = createDialects(config.compat)
  const forwardAuth = createForwardAuthDoor({ ...shared, dialects })
  const proxy = createProxyDoor({ ...shared, dispatch })
  const keys = createKeysDoor({ assertions, refusals, log })
  const upgrade = createUpgradeDoor({
    ...shared,
    dispatch,
    readRequest,
    timeouts,
    tunnels: given.tunnels,
  })

  const doors = { forwardAuth, proxy, keys, pages }
  const oldAddresses = createOldAddresses({ compat: config.compat, routes, portal, answers })
  const entrance = { readRequest, routes, dialects, oldAddresses, portal, ...doors, refusals, log }
  const listener = createListener(entrance)

  // On a host that they share, the portal's pages are no pages of the application.
  const pageOf = (url: string) => {
    const page = parseUrl(url)
    const isPortals = page && routes.isPortal(page) && page.rawPath.startsWith(portal.pathname)
    return isPortals ? undefined : page
  }

  return {
    listener,
    upgrade,
    corridor,
    isQuestion: (target) => dialects.at(target) !== undefined,
    refusals,
    timeouts,
    longestSilence: longestSilence(
      timeouts,
      routes.all.map(({ upstream }) => upstream),
    ),
    routes: routes.known,
    hasOrigin: routes.hasOrigin,
    jwks: () => assertions.jwks(),
    requirementFor(url, address) {
      const page = pageOf(url)
      return page && corridor.requirementOf({ ...page, method: 'GET', address })
    },
    routeOf(url) {
      const page = pageOf(url)
      return page && routes.find(page)
    },
    async retire() {
      dispatch.stop()
      await upstreams.retire()
    },
    async close() {
      dispatch.stop()
      await upstreams.close()
    },
  }
}
