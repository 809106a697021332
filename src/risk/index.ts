import { hmac, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { once } from '../base/once.ts'
import type { Habits } from '../model/habits.ts'
import { type Assessment, RISK_LEVELS, type RiskLevel } from '../model/risk.ts'
import type { DeviceRepository, HabitRepository } from '../store/contract.ts'
import { breachedPassword } from './breached-password.ts'
import { type Breaches, openBreaches } from './breaches.ts'
import type { RiskConfig } from './config.ts'
import type { Facts, Failures, Signal, Weight } from './contract.ts'
import { manyFailures } from './failures.ts'
import { learned, unlearned } from './habits.ts'
import { impossibleTravel } from './impossible-travel.ts'
import { networkOf } from './network.ts'
import { newCountry } from './new-country.ts'
import { newDevice } from './new-device.ts'
import { newNetwork } from './new-network.ts'
import { oddHour } from './odd-hour.ts'
import { openPlaces, type Places } from './places.ts'

/** Says how unusual a sign-in is, and learns what is usual. */
export interface Risk {
  /** Weighs one sign-in. Changes nothing. */
  assess(occasion: Occasion): Promise<Assessment>
  /** Is a database of places that should be looked at missing or broken? Then a low risk says little. */
  isBlind(): boolean
  /** What follows from a level. */
  measuresAt(level: RiskLevel): Measures
  /** Takes a sign-in that has come about as something usual from now on. */
  learn(occasion: Pick<Occasion, 'userId' | 'address'>): Promise<void>
  /** Takes back what was learned since: it was somebody else. */
  unlearn(userId: string, since: number): Promise<void>
}

/** Who signs in, and all that is known about it. */
export interface Occasion {
  userId: string
  address: string
  /** The secret in the browser's own cookie; absent where an application asks. */
  browser?: string
  /** As typed, once it was found right. */
  password?: string
  failures?: Failures
}

export interface Measures {
  notify: boolean
  stepUp: boolean
  refuse: boolean
}

export interface RiskDeps {
  config: RiskConfig
  clock: Clock
  devices: Pick<DeviceRepository, 'knows'>
  habits: HabitRepository
  /** Networks are kept as digests under this key. */
  key: Uint8Array
  log: Log
  /** Counts databases that are missing or broken. */
  databaseIsGood(database: 'places' | 'breaches', isGood: boolean): void
  /** The list of leaked passwords, where there is one. */
  breaches?: Breaches | undefined
}

export function createRisk(deps: RiskDeps): Risk {
  const { breaches, clock, config, devices, habits } = deps
  const faulty = new Set<string>()
  const signals = signalsOf(config)
  const asks = (about: ReadonlySet<string>) => signals.some(({ name }) => about.has(name))
  // What no signal looks at is neither opened nor kept.
  const [asksNetwork, asksPlace] = [asks(OF_NETWORKS), asks(OF_PLACES)]
  const places =
    config.places && (asksNetwork || asksPlace) ? placesOf(config.places, deps, faulty) : undefined
  const learns = asks(OF_HABITS)

  const networkAt = async (address: string) => {
    const network = networkOf(address, await places?.find(address))
    return network && hmac(deps.key, network).subarray(0, DIGEST_BYTES).toString('base64url')
  }

  const factsOf = ({ userId, address, browser, password, failures }: Occasion): Facts => ({
    now: clock.now(),
    failures: failures ?? { account: 0, address: 0 },
    knowsDevice: once(async () =>
      browser === undefined ? undefined : devices.knows(userId, sha256(browser)),
    ),
    habits: once(() => habits.find(userId)),
    network: once(() => networkAt(address)),
    place: once(async () => places?.find(address)),
    isBreached: once(async () => (password === undefined ? undefined : breaches?.has(password))),
  })

  const change = async (userId: string, make: (before: Habits | undefined) => Habits) =>
    habits.save(userId, make(await habits.find(userId)))

  return {
    async assess(occasion) {
      const facts = factsOf(occasion)
      const weights = await Promise.all(signals.map((signal) => signal.weigh(facts)))
      return sumOf(
        weights.filter((weight) => weight !== undefined),
        config,
      )
    },

    isBlind: () => faulty.size > 0,

    measuresAt(level) {
      const { measures } = level === 'low' ? NONE : config[level]
      return {
        notify: measures.includes('notify'),
        stepUp: measures.includes('step_up'),
        refuse: measures.includes('refuse'),
      }
    },

    async learn({ userId, address }) {
      if (!learns) return
      const network = asksNetwork ? await networkAt(address) : undefined
      const place = asksPlace ? await places?.find(address) : undefined
      await change(userId, (before) => learned(before, { network, place, now: clock.now() }))
    },

    async unlearn(userId, since) {
      const before = await habits.find(userId)
      if (before) await habits.save(userId, unlearned(before, since))
    },
  }
}

const NONE = { measures: [] as RiskConfig['high']['measures'] }

const DIGEST_BYTES = 12

const OF_NETWORKS: ReadonlySet<string> = new Set(['new_network', 'impossible_travel'])
const OF_PLACES: ReadonlySet<string> = new Set(['new_country', 'impossible_travel'])
const OF_HABITS: ReadonlySet<string> = new Set([
  'new_device',
  'new_network',
  'new_country',
  'impossible_travel',
  'odd_hour',
])

/** The signals that are on, and have what they look at. */
function signalsOf({ places, breaches, weights }: RiskConfig): Signal[] {
  const all: [number, (score: number) => Signal, boolean?][] = [
    [weights.new_device, newDevice],
    [weights.new_network, newNetwork],
    [weights.new_country, newCountry, places !== undefined],
    [weights.impossible_travel, impossibleTravel, places !== undefined],
    [weights.failures, manyFailures],
    [weights.odd_hour, oddHour],
    [weights.breached_password, breachedPassword, breaches !== undefined],
  ]
  return all.filter(([score, , can = true]) => can && score > 0).map(([score, make]) => make(score))
}

function sumOf(weights: readonly Weight[], { medium, high }: RiskConfig): Assessment {
  const score = Math.min(
    100,
    weights.reduce((sum, weight) => sum + weight.score, 0),
  )
  const reasons = weights.toSorted((a, b) => b.score - a.score).map(({ reason }) => reason)
  const [low, middle, top] = RISK_LEVELS
  const level = score >= high.from ? top : score >= medium.from ? middle : low
  return { score, level, reasons }
}

function placesOf(
  paths: readonly string[],
  { clock, log, databaseIsGood }: Pick<RiskDeps, 'clock' | 'log' | 'databaseIsGood'>,
  faulty: Set<string>,
): Places {
  return openPlaces({
    paths,
    clock,
    told(path, fault) {
      if (fault === undefined) faulty.delete(path)
      else {
        faulty.add(path)
        log.warn({ file: path, fault }, 'risk: a database of places is missing or broken')
      }
      databaseIsGood('places', faulty.size === 0)
    },
  })
}

/** Opens the list of leaked passwords that sign-ins and new passwords are compared with. */
export function breachesOf(
  path: string,
  { clock, log, databaseIsGood }: Pick<RiskDeps, 'clock' | 'log' | 'databaseIsGood'>,
): Breaches {
  return openBreaches({
    path,
    clock,
    told(fault) {
      if (fault !== undefined) {
        log.warn({ file: path, fault }, 'risk: the list of leaked passwords is missing or broken')
      }
      databaseIsGood('breaches', fault === undefined)
    },
  })
}
