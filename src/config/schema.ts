import * as z from 'zod'
import { alertsConfig } from '../alerts/config.ts'
import { apiConfig, healthConfig } from '../api/config.ts'
import { auditConfig, logConfig, privacyConfig } from '../audit/config.ts'
import { didYouMean } from '../base/did-you-mean.ts'
import { isUnixPlace, type ListenAddress, type ListenPlace, parseNetwork } from '../base/net.ts'
import { channelsConfig } from '../channels/config.ts'
import { factorsConfig } from '../factors/config.ts'
import { assertionFaults } from '../gateway/assertion/config.ts'
import { gatewayConfig, placedHosts, proxyFaults } from '../gateway/config.ts'
import { loginConfig } from '../login/config.ts'
import { portalConfig } from '../portal/config.ts'
import { sessionConfig } from '../session/config.ts'
import { createRealms } from '../session/realms.ts'
import { storeConfig } from '../store/config.ts'
import { misplacedPasskeys } from './passkey-place.ts'

const { timeouts, ...front } = gatewayConfig

/** The whole configuration: the slices of all rooms, and the rules that belong to no single room. */
export const configSchema = z
  .strictObject({
    portal: portalConfig.meta({
      description: 'Where people sign in, and what the pages look like.',
    }),
    ...front,
    timeouts,
    session: sessionConfig.prefault({}).meta({ description: 'How long people stay signed in.' }),
    login: loginConfig.prefault({}).meta({ description: 'How people sign in.' }),
    factors: factorsConfig.prefault({ totp: {} }).meta({
      description:
        'Second factors. A factor is on when its key is there. Left out altogether: `totp` alone.',
    }),
    channels: channelsConfig.prefault({}).meta({
      description: 'Ways to reach people, for factors that send a code and for notices.',
    }),
    api: apiConfig.optional().meta({
      description:
        'Second factors for other applications, as an API below the portal’s address. Left out: there is none.',
    }),
    store: storeConfig.prefault({}).meta({ description: 'Where users and sessions are kept.' }),
    health: healthConfig
      .prefault({})
      .meta({ description: 'For whoever watches over the gateway.' }),
    log: logConfig.prefault({}).meta({ description: 'What is written down.' }),
    audit: auditConfig
      .prefault({})
      .meta({ description: 'What happened: how long it is kept, and who else is told.' }),
    alerts: alertsConfig.prefault({}).meta({
      description: 'What the operator is told at once, and how. See `docs/alerts.md`.',
    }),
    privacy: privacyConfig
      .prefault({})
      .meta({ description: 'What is kept about people, and what they may do about it.' }),
  })
  .superRefine(
    (config, context) => {
      const broken = new Set(context.issues.map(({ path }) => brokenRoute(path)))
      const faults = [
        ...misplacedHosts(config, broken),
        ...proxyFaults(config, broken),
        ...assertionFaults(config, broken),
      ]
      for (const { path, message } of faults) {
        context.addIssue({ code: 'custom', path, message })
      }
    },
    { when: ({ issues }) => !issues.some(({ path }) => path !== undefined && reads(path)) },
  )
  .superRefine(
    (config, context) => {
      const broken = new Set(context.issues.map(({ path }) => brokenRoute(path)))
      for (const { path, message } of unknownNetworks(config, broken)) {
        context.addIssue({ code: 'custom', path, message })
      }
    },
    {
      when: ({ issues }) =>
        !issues.some(
          ({ path: [section, index] = [] }) =>
            section === 'networks' || (section === 'routes' && index === undefined),
        ),
    },
  )
  .superRefine(
    ({ routes, login }, context) => {
      if (login.risk) return
      routes.forEach(({ rules }, index) => {
        rules.forEach(({ at_risk: asked }, position) => {
          if (asked === undefined) return
          const path = ['routes', index, 'rules', position, 'at_risk']
          const message = 'no risk is weighed; write login.risk, be it empty: {}'
          context.addIssue({ code: 'custom', path, message })
        })
      })
    },
    {
      when: ({ issues }) =>
        !issues.some(({ path: [section] = [] }) => section === 'routes' || section === 'login'),
    },
  )
  .superRefine(
    ({ listen, health }, context) => {
      const isTaken = listen.some(({ address }) => collide(address, health.listen))
      if (!isTaken) return
      const message = 'is where the doors listen; write another port for the health of the gateway'
      context.addIssue({ code: 'custom', path: ['health', 'listen'], message })
    },
    {
      when: ({ issues }) =>
        !issues.some(({ path: [section] = [] }) => section === 'listen' || section === 'health'),
    },
  )
  .superRefine(
    (config, context) => {
      for (const { path, message } of misplacedPasskeys(config)) {
        context.addIssue({ code: 'custom', path, message })
      }
    },
    { when: ({ issues }) => !issues.some(({ path }) => isAboutPasskeys(path)) },
  )

/** What the program works with: defaults filled in, durations in seconds, addresses taken apart. */
export type Config = z.output<typeof configSchema>

/** A fault that only shows when several sections are read together. */
interface CrossFault {
  path: (string | number)[]
  message: string
}

// The rule below must report beside faults elsewhere in the file, but cannot read what is broken:
// the portal, the session, the assertion, or one of the routes.
const reads = ([section, index]: readonly PropertyKey[]) =>
  section === 'portal' ||
  section === 'session' ||
  section === 'assertion' ||
  (section === 'routes' && index === undefined)

const brokenRoute = ([section, index]: readonly PropertyKey[] = []) =>
  section === 'routes' ? index : undefined

const isAboutPasskeys = ([section]: readonly PropertyKey[] = []) =>
  section === 'portal' || section === 'factors' || section === 'api'

type Places = Pick<Config, 'portal' | 'routes' | 'session'>

/** Finds hosts which would hide the portal, and a cookie domain that could not reach it. */
function misplacedHosts(
  { portal, routes, session }: Places,
  broken: ReadonlySet<PropertyKey | undefined>,
): CrossFault[] {
  const wanted = session.cookie_domain
  const realms = createRealms(portal.url, [], wanted)
  if (!realms.ok) return [{ path: ['session', 'cookie_domain'], message: realms.message }]

  return routes.flatMap((route, index): CrossFault[] => {
    if (broken.has(index)) return []
    return placedHosts(route).flatMap(({ name: host, at }) => {
      const path = ['routes', index, ...at]
      if (host === portal.url.hostname && portal.url.pathname === '/') {
        const example = new URL('/.gatehouse/', portal.url).href
        return [{ path, message: `is the portal's host; give portal.url a path there: ${example}` }]
      }
      return []
    })
  })
}

/** Finds names that rules use for networks and that stand for none. */
function unknownNetworks(
  { routes, networks }: Pick<Config, 'routes' | 'networks'>,
  broken: ReadonlySet<PropertyKey | undefined>,
): CrossFault[] {
  const whole = routes.map(({ rules }, index) => (broken.has(index) ? [] : rules))
  return whole.flatMap((rules, index) =>
    rules.flatMap((rule, position) =>
      (rule.networks ?? []).flatMap((text, place): CrossFault[] => {
        if (parseNetwork(text) || Object.hasOwn(networks, text)) return []
        const path = ['routes', index, 'rules', position, 'networks', place]
        const hint = didYouMean(text, Object.keys(networks))
        return [{ path, message: `no network has the name ${text}${hint}` }]
      }),
    ),
  )
}

const collide = (one: ListenPlace, other: ListenAddress) =>
  !isUnixPlace(one) &&
  one.port === other.port &&
  one.port !== 0 &&
  (one.host === other.host || isAll(one) || isAll(other))

const isAll = ({ host }: ListenAddress) => host === '0.0.0.0' || host === '::'

/** Does a rule need to know who is there? */
export const asksForSignIn = ({ require: level }: { require: string }): boolean =>
  level !== 'bypass' && level !== 'deny'
