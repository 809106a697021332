import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/contract.ts'
import type { AlertsConfig } from './config.ts'
import type { Lookout } from './contract.ts'
import { type CertificateFile, certificatesLookout } from './kinds/certificate-ending.ts'
import { keysLookout } from './kinds/key-ending.ts'
import { administratorsLookout } from './kinds/new-administrator.ts'
import { trailLookout } from './kinds/trail-broken.ts'
import { createAlertMemory } from './memory.ts'

/** What is looked at as it is at this moment. */
export interface Watched {
  alerts: AlertsConfig
  certificates: readonly CertificateFile[]
}

export interface AlertWatchDeps {
  store: Pick<Store, 'alerts' | 'apiKeys' | 'events' | 'signingKeys' | 'users'>
  /** The configuration in force. */
  watched(): Watched
  clock: Clock
  log: Log
}

/** Reading the whole trail must not make a start slower. */
const FIRST_TRAIL_SECONDS = 60

/**
 * Looks by itself at what nobody says aloud: the trail, certificates, keys, administrators. One process
 * does, of however many.
 *
 * @returns How to stop doing so.
 */
export function watchForAlerts(deps: AlertWatchDeps): () => void {
  const { store, watched, clock, log } = deps
  const timers = new Map<Lookout['name'], NodeJS.Timeout>()
  let stopped = false

  const later = (make: () => Lookout, seconds: number) => {
    const { name } = make()
    const timer = setTimeout(() => {
      // Made anew each time: the configuration may be another one.
      const lookout = make()
      lookFor(lookout, deps)
        .catch((cause) => log.error({ kind: name, error: String(cause) }, 'alerts: not looked at'))
        .finally(() => {
          if (!stopped) later(make, lookout.everySeconds)
        })
    }, seconds * 1000)
    timers.set(name, timer.unref())
  }
  const trail = () => trailLookout(store.events, watched().alerts.trail_broken.every)
  later(() => administratorsLookout(store.users), 0)
  later(() => certificatesLookout(() => watched().certificates, clock), 0)
  later(() => keysLookout({ ...store, clock }), 0)
  later(trail, Math.min(FIRST_TRAIL_SECONDS, trail().everySeconds))

  return () => {
    stopped = true
    for (const timer of timers.values()) clearTimeout(timer)
  }
}

/** One look, and what comes of it. */
export async function lookFor(
  { name, look, startsQuietly = false }: Lookout,
  { store, watched, clock }: Pick<AlertWatchDeps, 'store' | 'watched' | 'clock'>,
): Promise<void> {
  const found = await look()
  const memory = createAlertMemory({ repository: store.alerts, config: watched().alerts, clock })
  await memory.find(name, found, startsQuietly)
}
