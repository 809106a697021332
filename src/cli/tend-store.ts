import { type AuditConfig, type PrivacyConfig, retentionOf } from '../audit/config.ts'
import { watchClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/contract.ts'

const SWEEP_EVERY_MS = 5 * 60_000

/** How long things are kept. */
interface Keeping {
  privacy: Pick<PrivacyConfig, 'browsers'>
  audit: AuditConfig
}

/**
 * Looks after a store: removes what has expired, and says when the machine's clock was set.
 *
 * @param inForce The configuration in force: how long a browser is known, and events are kept.
 * @returns How to stop doing so.
 */
export function tendStore(store: Store, log: Log, inForce: () => Keeping): () => void {
  const sweep = () => {
    const { privacy, audit } = inForce()
    const now = Math.floor(Date.now() / 1000)
    return store.sweep(now, privacy.browsers, retentionOf(audit)).catch((cause) => {
      log.error({ error: String(cause) }, 'store: expired rows not removed')
    })
  }
  const timer = setInterval(sweep, SWEEP_EVERY_MS)
  const endWatch = watchClock((seconds) =>
    log.warn({ seconds }, 'clock: set by the system; codes and sessions follow it'),
  )
  return () => {
    clearInterval(timer)
    endWatch()
  }
}
