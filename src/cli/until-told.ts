import type { Log } from '../base/log.ts'
import type { Running } from './run-gateway.ts'
import { hearStopSignals, type StopSignals } from './stop-signals.ts'

/** An uncaught failure must not keep the process half alive. */
const LAST_WORDS_MS = 10_000
/** A terminal's Ctrl-C comes once from the terminal and once from whoever started us, npm for one. */
const SAME_WISH_MS = 500

/**
 * Keeps a gateway running until somebody stops it.
 *
 * @param signals Heard since before the start, where that can take a while.
 * A second signal ends it at once, with 1 and with whatever is under way cut off.
 *
 * @returns 0 after SIGTERM or SIGINT, once requests under way are answered; 1 after a failure that
 * nobody caught, so that a supervisor starts the program anew.
 */
export function untilTold(
  running: Running,
  log: Log,
  signals: StopSignals = hearStopSignals(),
): Promise<0 | 1> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (code: 0 | 1) => {
      if (stopping) return
      stopping = true
      if (code === 1) setTimeout(() => process.exit(1), LAST_WORDS_MS).unref()
      running.stop().then(
        () => resolve(code),
        (cause) => {
          log.error({ error: String(cause) }, 'gateway: did not stop cleanly')
          resolve(1)
        },
      )
    }

    let toldAt: number | undefined
    signals.onStop((signal) => {
      if (toldAt !== undefined) {
        if (performance.now() - toldAt < SAME_WISH_MS) return
        log.warn({ signal }, 'gateway: told to stop again, ending at once')
        process.exit(1)
      }
      toldAt = performance.now()
      log.info({ signal }, 'gateway: told to stop, finishing requests under way')
      stop(0)
    })
    process.on('uncaughtException', (error) => {
      log.error({ error: error.stack ?? String(error) }, 'gateway: uncaught failure, stopping')
      stop(1)
    })
  })
}
