import { type App, createApp, type Prepared } from '../../app.ts'
import type { Fact } from '../../audit/record.ts'
import { OperatorError } from '../../base/errors.ts'
import { createLog, type OperatorLog } from '../../base/log.ts'
import { createMetrics } from '../../base/metrics.ts'
import { createSignals, type SharedSignals } from '../../base/signals.ts'
import { configOf } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { openSqlite } from '../../store/sqlite.ts'
import { openDoors } from '../listen.ts'
import { tidyHeap } from '../tidy-heap.ts'
import { type FromWorker, PULSE_EVERY_MS, type ToWorker } from './messages.ts'

/**
 * Works as the first process says: takes requests on the port that all share, changes its
 * configuration when told to, and ends when told to.
 *
 * @returns The exit code.
 */
export function runWorker(): Promise<0 | 1> {
  // Signals that go to the whole group are the first process's to answer; it tells us what to do.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)

  return new Promise((resolve) => {
    const end = (code: 0 | 1) => {
      process.off('message', hear)
      // The channel would keep an ended worker alive.
      if (process.connected) process.disconnect?.()
      resolve(code)
    }
    const fail = (cause: unknown) => {
      const isOperators = cause instanceof OperatorError
      say({ say: 'failed', fault: isOperators ? cause.message : stackOf(cause), isOperators })
      end(1)
    }
    let answer = (message: ToWorker) => {
      if (message.say === 'stop') end(0)
      if (message.say === 'start') {
        begin(message, end).then((next) => {
          answer = next
        }, fail)
      }
    }
    const hear = (message: ToWorker) => answer(message)
    process.on('message', hear)
  })
}

type Start = Extract<ToWorker, { say: 'start' }>
type Answering = (message: ToWorker) => void

/** @returns What answers to everything that is said from here on. */
async function begin(start: Start, end: (code: 0 | 1) => void): Promise<Answering> {
  const { worker, of, policy } = start
  const config = shareOf(configOf(start.source), of)
  const log = createLog(config.log.level, { worker })
  const { store, keyring } = await openSqlite(config.store, { create: false })
  const signals = createSignals((topic) => say({ say: 'tell', topic }))
  const app = createApp(config, {
    store,
    keyring,
    log,
    policy,
    signals,
    metrics: createMetrics({ shared: true }),
  })

  let ending = false
  const stop = async (code: 0 | 1, last?: Fact) => {
    if (ending) return
    ending = true
    clearInterval(pulse)
    await app.close(last)
    await store.close()
    end(code)
  }
  process.on('uncaughtException', (error) => {
    log.error({ error: stackOf(error) }, 'worker: uncaught failure, stopping')
    setTimeout(() => process.exit(1), LAST_WORDS_MS).unref()
    void stop(1)
  })

  const pulse = setInterval(
    () => say({ say: 'pulse', works: works(() => store.sessions.find('')) }),
    PULSE_EVERY_MS,
  )
  try {
    await tidyHeap(log)
    const { port } = await openDoors(app, config)
    queueMicrotask(() => say({ say: 'listening', port, policy }))
    return answering({ app, log, of, signals, stop })
  } catch (cause) {
    clearInterval(pulse)
    await store.close()
    throw cause
  }
}

/** An uncaught failure must not keep the process half alive. */
const LAST_WORDS_MS = 10_000

interface Parts {
  app: App
  log: OperatorLog
  of: number
  signals: SharedSignals
  stop(code: 0 | 1, last?: Fact): Promise<void>
}

function answering({ app, log, of, signals, stop }: Parts): Answering {
  const waiting = new Map<number, { prepared: Prepared; config: Config }>()

  return (message) => {
    switch (message.say) {
      case 'prepare': {
        const { policy, source } = message
        try {
          const config = shareOf(configOf(source), of)
          waiting.set(policy, { prepared: app.prepare(config, policy), config })
          say({ say: 'prepared', policy })
        } catch (cause) {
          const fault = cause instanceof Error ? cause.message : String(cause)
          say({ say: 'prepared', policy, fault })
        }
        break
      }
      case 'swap': {
        const ready = waiting.get(message.policy)
        waiting.delete(message.policy)
        ready?.prepared.swap()
        if (ready) log.setLevel(ready.config.log.level)
        say({ say: 'swapped', policy: message.policy })
        break
      }
      case 'discard':
        void waiting.get(message.policy)?.prepared.discard()
        waiting.delete(message.policy)
        break
      case 'wake':
        signals.wake(message.topic)
        break
      case 'record':
        app.record(message.fact)
        break
      case 'stop':
        void stop(0, message.last)
    }
  }
}

/** What is meant for all together is shared out: no number of workers may take the machine. */
function shareOf(config: Config, workers: number): Config {
  const { concurrency, queue } = config.login.password
  const share = (whole: number) => Math.max(1, Math.floor(whole / workers))
  const password = {
    ...config.login.password,
    concurrency: share(concurrency),
    queue: share(queue),
  }
  return { ...config, login: { ...config.login, password } }
}

function say(message: FromWorker): void {
  // Nobody to hear it: the first process is gone, and this one goes with it.
  if (process.connected) process.send?.(message)
}

function works(look: () => void): boolean {
  try {
    look()
    return true
  } catch {
    return false
  }
}

const stackOf = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
