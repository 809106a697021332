import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late this process gets to what it has to do. */
export interface EventLoopWatch {
  /** The longest delay since the last look, in seconds. */
  worst(): number
  close(): void
}

const EVERY_MS = 20

export function watchEventLoop(): EventLoopWatch {
  const delay = monitorEventLoopDelay({ resolution: EVERY_MS })
  delay.enable()
  return {
    worst() {
      // The timer's own beat is no delay.
      const seconds = Math.max(0, delay.max / 1e9 - EVERY_MS / 1000)
      delay.reset()
      return seconds
    },
    close: () => void delay.disable(),
  }
}
