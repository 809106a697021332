import { networks, parseNetwork } from '../base/net.ts'
import type { AccessRequest, Requirement } from '../model/decision.ts'
import { type User, userNameKey } from '../model/user.ts'
import type { NamedNetworks, RuleConfig } from '../policy/config.ts'
import { compilePolicy, decide, type Policy } from '../policy/decide.ts'
import { nobodyProved } from './applications.ts'
import { hostsOf, type RouteConfig } from './config.ts'

/** The rules of one host. */
export interface HostRules {
  host: string
  /** As they were written: from these it is known where to look. */
  rules: readonly RuleConfig[]
  policy: Policy
}

/** The rules of a configuration, host by host, without anything else that makes a route work. */
export const hostRules = ({ routes, networks: named }: AccessConfig): HostRules[] =>
  routes.flatMap((route) => {
    const policy = compilePolicy(route.rules, named)
    const rules = route.rules.map((rule) => ({ ...rule, networks: spelledOut(rule, named) }))
    return hostsOf(route).map((host) => ({ host, rules, policy }))
  })

/** The part of a configuration that says who may open what. */
export interface AccessConfig {
  routes: readonly RouteConfig[]
  networks: NamedNetworks
}

const spelledOut = ({ networks: list }: RuleConfig, named: NamedNetworks) =>
  list?.flatMap((text) => named[text] ?? [text])

/** What another configuration changes for the people who use one host. */
export interface HostChange {
  host: string
  change: 'added' | 'removed' | 'changed'
  /** Who may now open something that was closed to them: `alice, bob: /admin/**`. */
  gains: string[]
  loses: string[]
  /** Who is now asked for another proof: `alice: / (two_factor, was one_factor)`. */
  asked: string[]
}

/** At most this many places of a host are looked at; a log line is no audit of a thousand rules. */
const MAX_PROBES = 60
const MAX_LINES = 20
const MAX_NAMES = 10
const ANYBODY = 'anybody'

/**
 * Compares two configurations by what they would answer: for every host, at its first page and at each
 * place that a rule of either names, to every user, signed in as well as can be, and to anybody.
 */
export async function accessChanges(
  before: readonly HostRules[],
  after: readonly HostRules[],
  users: readonly User[],
): Promise<HostChange[]> {
  const all = [...before, ...after]
  const people = alike(
    users,
    all.flatMap(({ rules }) => rules),
  )
  const changes: HostChange[] = []
  for (const host of new Set(all.map((one) => one.host))) {
    const [old, now] = [before, after].map((routes) => routes.find((it) => it.host === host))
    const change = compareHost(host, { old, now }, people)
    if (change) changes.push(change)
    // Requests come first.
    await new Promise(setImmediate)
  }
  return changes
}

function compareHost(
  host: string,
  { old, now }: { old: HostRules | undefined; now: HostRules | undefined },
  people: readonly Alike[],
): HostChange | undefined {
  const rules = [...(old?.rules ?? []), ...(now?.rules ?? [])]
  const found = { gains: createLines(), loses: createLines(), asked: createLines() }
  for (const probe of probesOf(rules)) {
    for (const { user, names } of people) {
      const [was, is] = [verdict(old, probe, user), verdict(now, probe, user)]
      if (was === is) continue
      if (was === CLOSED) found.gains.add(probe.label, names)
      else if (is === CLOSED) found.loses.add(probe.label, names)
      else found.asked.add(`${probe.label} (${is}, was ${was})`, names)
    }
  }
  const [gains, loses, asked] = [found.gains.all(), found.loses.all(), found.asked.all()]
  const change = !old ? 'added' : !now ? 'removed' : 'changed'
  if (change === 'changed' && gains.length + loses.length + asked.length === 0) return undefined
  return { host, change, gains, loses, asked }
}

/** What is said about one host, bounded. */
function createLines() {
  const named = new Map<string, string[]>()
  return {
    add(label: string, names: readonly string[]) {
      named.set(label, [...(named.get(label) ?? []), ...names])
    },
    all(): string[] {
      const lines = Array.from(named, ([label, names]) => `${listOf(names)}: ${label}`)
      const more = lines.length - MAX_LINES
      return more > 0 ? [...lines.slice(0, MAX_LINES), `and ${more} more places`] : lines
    },
  }
}

function listOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMES
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

const CLOSED = 'closed'

function verdict(route: HostRules | undefined, { request }: Probe, user: User | undefined): string {
  if (!route) return CLOSED
  const signedIn = user && { user, session: nobodyProved(user) }
  const decision = decide(route.policy, request, signedIn, 0)
  if (decision.kind === 'deny') return CLOSED
  if (decision.kind === 'allow') return 'open'
  return signedIn ? written(decision.requirement) : CLOSED
}

function written({ aal, phishingResistant, maxAgeSeconds, methods }: Requirement): string {
  const level = phishingResistant ? 'phishing_resistant' : aal === 2 ? 'two_factor' : 'one_factor'
  const age = maxAgeSeconds === undefined ? '' : ` within ${maxAgeSeconds}s`
  return level + age + (methods ? ` by ${methods.join(' or ')}` : '')
}

/** A request that stands for all those that a rule is about. */
interface Probe {
  label: string
  request: AccessRequest
}

/** An address that is nobody's (RFC 5737), so that rules about networks do not meet it by chance. */
const NOWHERE = '192.0.2.1'

function probesOf(rules: readonly RuleConfig[]): Probe[] {
  const paths = new Set(['/', ...rules.flatMap((rule) => rule.paths ?? [])])
  const methods = new Set(['GET', ...rules.flatMap((rule) => rule.methods ?? [])])
  const addresses = new Map([[NOWHERE, '']])
  for (const text of rules.flatMap((rule) => rule.networks ?? [])) {
    const network = parseNetwork(text)
    if (network && !networks([text]).has(NOWHERE)) addresses.set(network.address, ` from ${text}`)
  }
  const probes = [...paths].flatMap((pattern) =>
    [...methods].flatMap((method) =>
      Array.from(addresses, ([address, from]): Probe => {
        const label = `${method === 'GET' ? '' : `${method} `}${pattern}${from}`
        return { label, request: { method, path: samplePath(pattern), query: '', address } }
      }),
    ),
  )
  return probes.slice(0, MAX_PROBES)
}

/** A path that falls under a pattern, and hopefully under no narrower one: nobody has such a name. */
const samplePath = (pattern: string): string =>
  pattern === '/' ? '/' : pattern.replace(/\*+/g, 'any~').replace(/(?<=.)\/$/, '')

/** People whom no rule tells apart. */
interface Alike {
  /** One of them; nobody at all for the people who are not signed in. */
  user: User | undefined
  names: string[]
}

function alike(users: readonly User[], rules: readonly RuleConfig[]): Alike[] {
  const groups = new Set(rules.flatMap((rule) => rule.groups ?? []))
  const names = new Set(rules.flatMap((rule) => rule.users ?? []).map(userNameKey))
  const classes = new Map<string, Alike>([['', { user: undefined, names: [ANYBODY] }]])
  for (const user of users.filter(({ status }) => status === 'active')) {
    const own = names.has(userNameKey(user.name)) ? userNameKey(user.name) : ''
    const key = JSON.stringify([own, user.groups.filter((group) => groups.has(group)).toSorted()])
    const known = classes.get(key) ?? { user, names: [] }
    known.names.push(user.name)
    classes.set(key, known)
  }
  return [...classes.values()]
}
