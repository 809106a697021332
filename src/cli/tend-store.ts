import { watchClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Store } from '../store/contract.ts'

const SWEEP_EVERY_MS = 5 * 60_000

/**
 * Looks after a store: removes what has expired, and says when the machine's clock was set.
 *
 * @param browserSeconds How long a browser is known, under the configuration in force.
 * @returns How to stop doing so.
 */
export function tendStore(store: Store, log: Log, browserSeconds: () => number): () => void {
  const sweep = () =>
    store.sweep(Math.floor(Date.now() / 1000), browserSeconds()).catch((cause) => {
      log.error({ error: String(cause) }, 'store: expired rows not removed')
    })
  const timer = setInterval(sweep, SWEEP_EVERY_MS)
  const endWatch = watchClock((seconds) =>
    log.warn({ seconds }, 'clock: set by the system; codes and sessions follow it'),
  )
  return () => {
    clearInterval(timer)
    endWatch()
  }
}
