import type { Brand } from '../../views/brand.ts'
import type { AccessNotes } from '../audit/access.ts'
import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { networks } from '../base/net.ts'
import type { Requirement } from '../model/decision.ts'
import type { NamedNetworks } from '../policy/config.ts'
import type { DoorCookies } from '../session/cookie.ts'
import type { Realms } from '../session/realms.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SigningKeyRepository } from '../store/contract.ts'
import type { PageListener } from '../web/listener.ts'
import { createAnswers } from './answers.ts'
import { type Assertions, createAssertions } from './assertion/assertions.ts'
import type { AssertionConfig } from './assertion/config.ts'
import { createKeysDoor } from './assertion/keys-door.ts'
import { type Corridor, createCorridor } from './authorize.ts'
import type { RouteConfig, Timeouts } from './config.ts'
import { longestSilence } from './destination.ts'
import type { CompatConfig } from './dialects/config.ts'
import { createDialects } from './dialects/index.ts'
import { createDispatch } from './dispatch.ts'
import { createForwardAuthDoor } from './forward-auth.ts'
import type { HostAndPort } from './host.ts'
import { createIdentityHeaders } from './identity-headers.ts'
import {
  createListeners,
  type Listener,
  type PlainListener,
  type RootDocuments,
} from './listener.ts'
import type { GatewayMeters } from './meters.ts'
import { createOldAddresses } from './old-addresses.ts'
import { createProxyDoor } from './proxy.ts'
import { createRedirect } from './redirect.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { createReports } from './reports.ts'
import { createRequestReader } from './request.ts'
import { compileRoutes, type Route } from './routes.ts'
import { createStanding, type Standing } from './standing.ts'
import type { Streams } from './streams.ts'
import { parseUrl } from './target.ts'
import { createUpgradeDoor, type UpgradeDoor } from './upgrade.ts'
import { createUpstreams } from './upstream.ts'

/** The data path under one configuration: three doors and one corridor. {@link Front} stands before it. */
export interface Gateway {
  /** Takes a request of the server. */
  listener: Listener
  /** Takes a request that needs no server to be read. */
  plain: PlainListener
  /** Takes a request where all that there is is the way to https. */
  redirect: Listener
  /** Takes an upgrade of the server. */
  upgrade: UpgradeDoor
  corridor: Corridor
  /** Says who may keep what is open. */
  standing: Standing
  /** Does a proxy ask by this target, instead of sending a request on? */
  isQuestion(target: string): boolean
  refusals: Pick<Refusals, 'note'>
  /** May this peer say who its clients are? */
  trusts(address: string): boolean
  timeouts: Timeouts
  /** How long a connection may be silent, in seconds. */
  longestSilence: number
  /** The applications behind the gate whose host is known beforehand. */
  routes: readonly Route[]
  /** Is this, letter for letter, the origin of an application? @param origin May be hostile. */
  hasOrigin(origin: string): boolean
  /** The origin of the application on a host; `undefined` when there is none. */
  originAt(place: HostAndPort): string | undefined
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
  /** States anything under the portal's name. */
  state: Assertions['state']
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
  cookies: DoorCookies
  realms: Pick<Realms, 'of' | 'home'>
  signingKeys: SigningKeyRepository
  audit: Audit
  access: Pick<AccessNotes, 'allowed'>
  /** What may be written down of an address. */
  writtenAddress(address: string): string
  meters: GatewayMeters
  clock: Clock
  log: Log
  /** The portal's pages; called for its own host and for `/.gatehouse/` on every other. */
  pages: PageListener
  /** Pages that stand at the root of a host, and not where the portal is. */
  documents: RootDocuments
  /** What is open, and may outlive this configuration. */
  streams: Streams
}

export function createGateway(given: GatewayDeps): Gateway {
  const { config, portal, brand, help, sessions, cookies, realms } = given
  const { clock, access, audit, log, pages, documents, streams } = given
  const { timeouts } = config

  const routes = compileRoutes(config.routes, {
    portal,
    networks: config.networks,
    assertion: config.assertion,
  })
  const corridor = createCorridor({
    ...{ routes, sessions, clock, meters: given.meters },
    realmOf: (host) => realms.of(host).name,
    reports: createReports({ log, writtenAddress: given.writtenAddress }),
  })
  const standing = createStanding({ corridor, sessions, clock })
  const assertions = createAssertions({
    repository: given.signingKeys,
    clock,
    algorithms: routes.all.map(({ assertion }) => assertion.algorithm),
  })
  const identityHeaders = createIdentityHeaders({ routes, cookies })
  const trusted = networks(config.trusted_proxies)
  const readRequest = createRequestReader(trusted)
  const answers = createAnswers({ brand, portal, help, realms })
  const refusals = createRefusals({ answers, audit, meters: given.meters })

  const shared = { corridor, cookies, identityHeaders, assertions, answers, refusals, access, log }
  const upstreams = createUpstreams(timeouts)
  const dispatch = createDispatch({ destinations: routes.all, upstreams, clock, log })
  const dialects = createDialects(config.compat)
  const forwardAuth = createForwardAuthDoor({ ...shared, routes, dialects, realms })
  const { meters } = given
  const proxy = createProxyDoor({ ...shared, meters, dispatch, standing, streams })
  const keys = createKeysDoor({ assertions, refusals, log })
  const upgrade = createUpgradeDoor({
    ...shared,
    meters,
    dispatch,
    standing,
    streams,
    readRequest,
    timeouts,
  })

  const doors = { forwardAuth, proxy, keys, pages, documents }
  const oldAddresses = createOldAddresses({ compat: config.compat, routes, portal, answers })
  const entrance = { readRequest, routes, dialects, oldAddresses, portal, ...doors, refusals, log }
  const listeners = createListeners(entrance)

  // On a host that they share, the portal's pages are no pages of the application.
  const pageOf = (url: string) => {
    const page = parseUrl(url)
    const isPortals = page && routes.isPortal(page) && page.rawPath.startsWith(portal.pathname)
    return isPortals ? undefined : page
  }

  return {
    ...listeners,
    redirect: createRedirect({ readRequest, routes, portal, refusals }),
    upgrade,
    corridor,
    standing,
    isQuestion: (target) => dialects.at(target) !== undefined,
    refusals,
    trusts: trusted.has,
    timeouts,
    longestSilence: longestSilence(
      timeouts,
      routes.all.map(({ upstream }) => upstream),
    ),
    routes: routes.known,
    hasOrigin: routes.hasOrigin,
    originAt: (place) => routes.find(place)?.origin,
    jwks: () => assertions.jwks(),
    state: assertions.state,
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
