import { type AuditConfig, type PrivacyConfig, retentionOf } from '../audit/config.ts'
import { clockOffset, watchClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/contract.ts'

const SWEEP_EVERY_MS = 5 * 60_000
/** Set by more than this, and the clock may be wrong: what is removed for its age would be gone for good. */
const DOUBTFUL_JUMP_SECONDS = 86_400
/** A clock that is wrong is set right by then; one that is right still is. */
const DOUBT_MS = 60 * 60_000

/** How long things are kept. */
interface Keeping {
  privacy: Pick<PrivacyConfig, 'browsers'>
  audit: AuditConfig
}

/**
 * Looks after a store: removes what has expired, and says when the machine's clock was set. For an hour
 * after it was set by more than a day nothing is removed.
 *
 * @param inForce The configuration in force: how long a browser is known, and events are kept.
 * @returns How to stop doing so.
 */
export function tendStore(
  store: Pick<Store, 'sweep'>,
  log: Log,
  inForce: () => Keeping,
): () => void {
  let offset = clockOffset()
  let doubtfulUntil = 0
  const isDoubtful = () => {
    const jump = clockOffset() - offset
    offset += jump
    if (Math.abs(jump) >= DOUBTFUL_JUMP_SECONDS) doubtfulUntil = performance.now() + DOUBT_MS
    return performance.now() < doubtfulUntil
  }
  const sweep = () => {
    if (isDoubtful()) {
      log.warn(
        {},
        'store: nothing is removed for its age, because the clock was set by more than a day',
      )
      return
    }
    const { privacy, audit } = inForce()
    const now = Math.floor(Date.now() / 1000)
    store.sweep(now, privacy.browsers, retentionOf(audit)).catch((cause) => {
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
