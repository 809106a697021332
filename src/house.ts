import { type AlertCounter, type Alerts, createAlerts } from './alerts/alerts.ts'
import {
  type ApiConfig,
  isForTests,
  OUR_PEOPLE,
  receiversOf,
  TEST_CODE,
  testsOf,
} from './api/config.ts'
import { createCourier } from './api/courier.ts'
import { createApi } from './api/index.ts'
import { createPeople } from './api/people.ts'
import { NO_RISK, trustOf, type WeighedRisk } from './api/preauth.ts'
import { createSettling, settledAtOnce } from './api/settling.ts'
import { createAccessNotes } from './audit/access.ts'
import { withAddresses, writtenAddress } from './audit/addresses.ts'
import { createForwarders } from './audit/forwarders.ts'
import { type ClosableAudit, createAudit } from './audit/record.ts'
import { logSink } from './audit/sinks/log.ts'
import { type EventCounter, metricsSink } from './audit/sinks/metrics.ts'
import { type SignInCounters, signInSink } from './audit/sinks/sign-ins.ts'
import { storeSink } from './audit/sinks/store.ts'
import { wakeSink } from './audit/sinks/wake.ts'
import type { Clock } from './base/clock.ts'
import type { Keyring } from './base/keyring.ts'
import type { Log } from './base/log.ts'
import { createPasswordHasher } from './base/password.ts'
import type { Signals } from './base/signals.ts'
import type { Channel, Channels, Outbox } from './channels/contract.ts'
import { createChannels } from './channels/index.ts'
import { createNowhere } from './channels/nowhere.ts'
import { vapidKeys } from './channels/web-push/vapid.ts'
import { passwordPlace } from './config/password-place.ts'
import { asksForSignIn, type Config } from './config/schema.ts'
import { createSqlDirectory } from './directories/sql/index.ts'
import { codeHasher, createApplicationFactors, createFactors } from './factors/index.ts'
import { passkeyDocuments } from './factors/passkey/documents.ts'
import { applicationsFor } from './gateway/applications.ts'
import { hostsOf } from './gateway/config.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import type { GatewayMeters } from './gateway/meters.ts'
import type { Route } from './gateway/routes.ts'
import type { Streams } from './gateway/streams.ts'
import { createAccount } from './login/account/account.ts'
import { createHandOffs } from './login/hand-off.ts'
import { createLogin, type Engine } from './login/login.ts'
import { createMessenger } from './login/messenger.ts'
import { createPasswordPolicy } from './login/password-policy.ts'
import { createPasswords } from './login/passwords.ts'
import { createPrivacyNotice } from './login/privacy-notice.ts'
import { createPasswordReset } from './login/reset.ts'
import { returnTo } from './login/return-to.ts'
import { createSetUp, type SetUp } from './login/set-up.ts'
import { questionsTo } from './login/watch.ts'
import { accountPage, accountUseOf } from './portal/account/places.ts'
import { loadAssets } from './portal/assets.ts'
import { createBrand } from './portal/brand.ts'
import { createPortal } from './portal/index.ts'
import { createPages } from './portal/page.ts'
import { createRounds } from './portal/rounds.ts'
import { asksFor } from './portal/words.ts'
import { breachesOf, createRisk, type Risk, type RiskDeps } from './risk/index.ts'
import { createCookies } from './session/cookie.ts'
import { createRealms, type Realms } from './session/realms.ts'
import { createSessions } from './session/sessions.ts'
import type { Store } from './store/contract.ts'
import { createCsrf } from './web/csrf.ts'
import type { EventStreams } from './web/event-stream.ts'
import { type PageListener, pageListener } from './web/listener.ts'

/** What outlives one configuration. */
export interface Ground {
  store: Store
  keyring: Keyring
  log: Log
  clock: Clock
  /** Counts events. */
  count: EventCounter
  /** Counts sign-ins. */
  signIns: SignInCounters
  meters: GatewayMeters
  /** Counts alerts. */
  countAlert: AlertCounter
  /** Counts allowed access that was to be written down and is not. */
  accessLost(count: number): void
  /** Notes whether the databases that risks are weighed with can be used. */
  databaseIsGood: RiskDeps['databaseIsGood']
  outbox: Outbox
  /** Wakes pages that wait, whichever configuration they came from. */
  signals: Signals
  streams: EventStreams
  /** What is open through the gateway, and may outlive a configuration. */
  openStreams: Streams
  /** Ways to people that come before those of the configuration. */
  ways: readonly Channel[]
}

/** Everything that follows from one configuration; another one gets a house of its own on the same ground. */
export interface House {
  audit: Pick<ClosableAudit, 'record' | 'close'>
  alerts: Pick<Alerts, 'flush'>
  channels: Channels
  gateway: Gateway
  setUp: SetUp
  /** Does what has to be done without a request; only the house in force should. */
  begin(): void
  end(): void
}

/** The composition root: the one place where rooms meet. Reads top to bottom, ground floor first. */
export function createHouse(config: Config, ground: Ground): House {
  const { store, keyring, log, clock, count, outbox, signals, streams, openStreams, ways } = ground
  const { url: home } = config.portal

  const { memory_kib: memoryKib, passes, concurrency, queue: queueLimit } = config.login.password
  const pepper = keyring('pepper')
  const hasher = createPasswordHasher({
    cost: { memoryKib, passes },
    pepper,
    concurrency,
    queueLimit,
  })
  const audit = createAudit({
    clock,
    sinks: [
      metricsSink(count),
      signInSink(ground.signIns),
      wakeSink(signals, questionsTo),
      (event) => account.notices(event),
      (event) => alerts.sink(event),
    ],
    writers: [
      withAddresses(config.privacy.addresses, logSink(log)),
      withAddresses(config.privacy.addresses, storeSink({ events: store.events, log })),
    ],
    forwarders: createForwarders({
      config: config.audit,
      addresses: config.privacy.addresses,
      ...{ clock, log },
    }),
  })

  const access = createAccessNotes({
    ...{ audit, clock, log },
    visits: store.visits,
    sample: config.audit.access.sample,
    lost: ground.accessLost,
  })

  const written = (address: string) => writtenAddress(address, config.privacy.addresses)

  const realms = realmsOf(config)
  const cookies = createCookies({ portal: home, realms })
  const sessions = createSessions({
    repository: store.sessions,
    clock,
    config: config.session,
    key: keyring('cookie'),
    log,
    writtenAddress: written,
  })
  const handOffs = createHandOffs({
    ...{ realms, sessions, clock },
    tickets: store.tickets,
    key: keyring('hand-off'),
  })
  const directory = createSqlDirectory({ users: store.users, hasher })
  const site = { name: config.portal.name, url: home }
  const pushKeys = vapidKeys(keyring('web-push'))
  const channels = createChannels({
    config: config.channels,
    clock,
    name: site.name,
    push: { keys: pushKeys, home },
    home,
    first: ways,
  })
  const alerts = createAlerts({
    ...{ audit, channels, clock, log, outbox },
    config: config.alerts,
    count: ground.countAlert,
    name: site.name,
    repository: store.alerts,
    users: store.users,
    writtenAddress: (address) => writtenAddress(address, config.privacy.addresses),
  })
  const factors = createFactors({ config: config.factors, channels, clock, keyring, log, site })
  const assets = loadAssets(config.portal)
  const brand = createBrand(config.portal, assets)

  const documents = passkeyDocuments(config.factors.passkey, home)

  // The portal asks the gateway what pages take, and the gateway shows the portal's pages.
  const pages: PageListener = (message, response, client) => showPage(message, response, client)
  const gateway = createGateway({
    config,
    portal: home,
    brand,
    help: config.portal.help,
    sessions,
    cookies,
    realms,
    signingKeys: store.signingKeys,
    ...{ audit, access, writtenAddress: written },
    meters: ground.meters,
    clock,
    log,
    pages,
    documents: { hosts: documents.hosts, paths: documents.byPath },
    streams: openStreams,
  })
  const { routes } = gateway
  // A sign-in that is to arrive on another host is about the page there.
  const routeOf = (url: string) => gateway.routeOf(handOffs.pageBehind(url))

  const { risk: weighing } = config.login
  const watched = { clock, log, databaseIsGood: ground.databaseIsGood }
  const breaches = weighing?.breaches ? breachesOf(weighing.breaches, watched) : undefined
  const risk =
    weighing &&
    createRisk({
      ...{ config: weighing, breaches, ...watched },
      devices: store.devices,
      habits: store.habits,
      key: keyring('habits'),
    })
  const policy = createPasswordPolicy({ ...passwordPlace(config), breaches })
  const { attempts, tickets, users } = store
  const passwords = createPasswords({
    attempts,
    audit,
    clock,
    hasher,
    policy,
    sessions,
    tickets,
    users,
  })
  const destinations = { home, origins: { has: gateway.hasOrigin }, own: [accountPage(home)] }
  const firstNeedsPass = config.login.first_factor === 'pass'
  const twoFactorKinds = new Set([...(config.login.two_factor_methods ?? factors.keys()), 'pass'])
  const login = createLogin({
    accountUseOf: (url) => accountUseOf(home, url),
    attemptSeconds: config.login.attempt,
    audit,
    clock,
    destinations,
    directory,
    factors,
    firstNeedsPass,
    limitsKey: keyring('throttle'),
    log,
    nameOf: (url) => routeOf(url)?.name,
    notice: createPrivacyNotice({
      clock,
      consents: store.consents,
      version: config.portal.privacy_notice?.version,
    }),
    outbox,
    passwordMaxAge: ({ session }) =>
      session.remembered ? config.session.idle : config.session.absolute,
    passwords,
    risk,
    requirementFor: (url, address) => gateway.requirementFor(handOffs.pageBehind(url), address),
    sessions,
    signals,
    store,
    twoFactorKinds,
  })
  const account = createAccount({
    firstNeedsPass,
    audit,
    channels,
    clock,
    codeKey: keyring('code'),
    factors,
    log,
    login,
    mayErase: config.privacy.erase_by_person,
    outbox,
    passwords,
    risk,
    sessions,
    site,
    store,
  })
  const reset = createPasswordReset({
    attempts: login.attempts,
    audit,
    clock,
    directory,
    home,
    site: config.portal.name,
    limits: login.limits,
    messenger: createMessenger({ channels, outbox }),
    tickets,
  })
  const setUp = createSetUp({ audit, clock, hasher, policy, tickets, users })

  const portal = createPortal({
    account,
    applicationsOf: (user, address) =>
      applicationsFor(routes, user, address, clock.now()).map(
        ({ requirement, ...application }) => ({
          ...application,
          asks: asksFor(requirement),
        }),
      ),
    approvers: settledAtOnce(login.approvers, async (id) => api?.settle(id)),
    assets,
    audit,
    challenges: login.challenges,
    channels,
    clock,
    cookies,
    csrf: createCsrf({ key: keyring('csrf'), origin: home.origin }),
    destinationOf: routeOf,
    documents: documents.byPath,
    factors,
    flow: login.flow,
    forgotten: channels.for('email') && new URL('forgotten', home).href,
    formTargets: formTargets(home, realms, routeOf),
    handOffs,
    help: config.portal.help,
    jwks: gateway.jwks,
    maxAgeOf: (url, address) => gateway.requirementFor(url, address)?.maxAgeSeconds,
    minimumLength: policy.minimumLength,
    notice: config.portal.privacy_notice,
    onward: (given) =>
      given !== undefined && returnTo(given, destinations) === given ? given : undefined,
    originAt: gateway.originAt,
    realms,
    pages: createPages({ audit, brand, log }),
    pushKey: channels.for('push') && pushKeys.publicKey,
    reset,
    rounds: createRounds({ clock, cookie: cookies.rounds, key: keyring('rounds') }),
    remember: { offered: config.login.remember_me, seconds: config.session.remembered },
    sessions,
    setUp,
    signals,
    streams,
    wrongSecret: login.limits.wrongSecret,
  })
  const api = config.api && mountApi(config.api)
  const showPage = pageListener({
    fetch: (request, env) =>
      api?.isAbout(request.url) ? api.app.fetch(request, env) : portal.fetch(request, env),
  })

  return {
    ...{ alerts, channels, gateway, setUp },
    audit: {
      record: audit.record,
      async close() {
        await access.close()
        await audit.close()
      },
    },
    begin() {
      api?.courier.start()
      alerts.begin()
    },
    end() {
      api?.courier.stop()
      alerts.end()
    },
  }

  /** Other applications' users, each application with factors in its own name. */
  function mountApi(settings: ApiConfig) {
    const { applications, result_lifetime: lifetimeSeconds } = settings
    // What satisfies two factors at the portal does so here, and nothing else.
    const counting = new Map([...factors].filter(([kind]) => twoFactorKinds.has(kind)))
    const engines = new Map<string, Engine>([[OUR_PEOPLE, login.engineFor(counting)]])
    for (const { id, name = id, ...place } of applications) {
      const its = { config: config.factors, clock, keyring, log, site: { name, url: home } }
      const real = createApplicationFactors(place, { ...its, channels })
      engines.set(id, login.engineFor(real))
      const forTests = { ...its, channels: createNowhere(), fixedCode: TEST_CODE }
      engines.set(testsOf(id), login.engineFor(createApplicationFactors(place, forTests)))
    }
    const receivers = receiversOf(settings)
    const courier = createCourier({ clock, log, outbox, receivers, webhooks: store.webhooks })
    const place = new URL('api', home)
    const changed = (userId: string) => {
      signals.tell(questionsTo(userId))
      courier.wake()
    }
    const settle = createSettling({ credentials: store.credentials, engines, changed })
    const app = createApi(
      {
        audit,
        biometrics: new Map(engines).set(OUR_PEOPLE, login.engineFor(ourBiometrics())),
        // The page of the API has a sheet of its own.
        brand: {
          ...brand,
          css: [...brand.css.slice(0, 1), assets.reference, ...brand.css.slice(1)],
        },
        clock,
        consents: store.consents,
        courier,
        changed,
        credentials: store.credentials,
        engines,
        events: store.events,
        idempotency: store.idempotency,
        keys: store.apiKeys,
        learn: (occasion) => {
          risk?.learn(occasion).catch((cause) => {
            log.warn({ error: String(cause) }, 'risk: not learned what is usual')
          })
        },
        log,
        passHasher: codeHasher(keyring),
        people: createPeople({ clock, users }),
        persons: store.persons,
        sessions,
        quotaLimits: settings.requests_per_minute,
        sign: (claims, audience, about = 'result') => {
          const type = `gatehouse-${about}+jwt`
          // Whatever is said to a key for tests says so itself.
          const marked = isForTests(audience) ? { test: true, ...claims } : claims
          return gateway.state(marked, { issuer: home.origin, audience, type, lifetimeSeconds })
        },
        signals,
        streams,
        trusts: trustOf(applications),
        users,
        weighRisk: risk ? (occasion) => weighedFor(risk, occasion) : async () => NO_RISK,
        wrongSecret: login.limits.wrongSecret,
      },
      place,
    )
    /** The portal's passkeys, where finger, face or PIN are all that is asked. */
    function ourBiometrics() {
      const { passkey } = config.factors
      const strict = passkey && { passkey: { ...passkey, user_verification: 'required' as const } }
      return createFactors({ ...{ channels, clock, keyring, log, site }, config: { ...strict } })
    }
    const isAbout = (url: string) => {
      const { hostname, pathname } = new URL(url)
      const isBelow = pathname === place.pathname || pathname.startsWith(`${place.pathname}/`)
      return hostname === home.hostname && isBelow
    }
    return { app, courier, isAbout, settle }
  }
}

/** The application that a sign-in leads to, and those it may redirect to: all below our domain. */
const formTargets =
  (home: URL, realms: Realms, routeOf: (url: string) => Route | undefined) => (url: string) => {
    const port = home.port && `:${home.port}`
    const { scope } = realms.home
    const siblings = scope.kind === 'domain' ? [`${home.protocol}//*.${scope.domain}${port}`] : []
    return [...siblings, routeOf(url)?.origin ?? home.origin]
  }

/** Every host in its realm. */
export function realmsOf({ portal, routes, session }: Config): Realms {
  const hosts = routes.filter(({ rules }) => rules.some(asksForSignIn)).flatMap(hostsOf)
  const result = createRealms(portal.url, hosts, session.cookie_domain)
  // The schema has checked it; should the two ever disagree, nothing starts.
  if (!result.ok) throw new Error(result.message)
  return result.realms
}

/** Where places cannot be told, nobody is waved through for a low risk. */
async function weighedFor(
  risk: Risk,
  occasion: { userId: string; address: string },
): Promise<WeighedRisk> {
  const { score, level, reasons } = await risk.assess(occasion)
  const { refuse } = risk.measuresAt(level)
  return risk.isBlind() && level === 'low'
    ? { score, level: 'medium', reasons: [...reasons, 'database_missing'], refuse }
    : { score, level, reasons, refuse }
}
