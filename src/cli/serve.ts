import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { createLog, type OperatorLog } from '../base/log.ts'
import { findConfigFile } from '../config/find.ts'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { writtenRemark } from '../config/remark.ts'
import { openSetUpLink, SET_UP_LINK_SECONDS } from '../login/set-up.ts'
import type { Command } from './command.ts'
import { keepCurrent } from './keep-current.ts'
import type { Running } from './run-gateway.ts'
import { hearStopSignals } from './stop-signals.ts'
import { untilTold } from './until-told.ts'

/** Runs the gateway. */
export const serve: Command = {
  name: 'serve',
  usage: 'serve [--config FILE]',
  summary: 'Run the gateway until told to stop',

  async run(args, { environment, printError }) {
    if (cluster.isWorker) return (await import('./workers/worker.ts')).runWorker()
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
    const file = findConfigFile(values.config, environment)
    const load = () => loadConfig(file, environment)
    const first = load()
    first.requireTests()
    const { config, warnings } = first
    const log = createLog(config.log.level)
    const signals = hearStopSignals()
    for (const warning of warnings) log.warn({}, `configuration: ${writtenRemark(warning)}`)

    const workers = config.workers === 'auto' ? availableParallelism() : config.workers
    const running = await (workers > 1 ? startCrew : startAlone)({ first, workers, log })
    const { users, tickets, secretKey } = running.store
    // A start with a new secret key is the end of the one before.
    if ((await secretKey.settle()) > 0)
      log.info({}, 'store: the secret key from before opens it no more')
    const token = await openSetUpLink({ users, tickets, clock: systemClock })
    if (token !== undefined) {
      // For the terminal alone: the log is kept, shipped and read by many.
      const link = new URL(`setup?token=${token}`, config.portal.url).href
      printError(
        `\nThere is no user yet. Create the first administrator within ${SET_UP_LINK_SECONDS / 60} minutes at\n\n  ${link}\n`,
      )
    }
    const stopKeeping = keepCurrent({ first, load, gateway: running, log })
    return untilTold(running, log, signals).finally(stopKeeping)
  },
}

interface Start {
  first: LoadedConfig
  workers: number
  log: OperatorLog
}

// Loaded when needed: who looks after workers takes no requests, and is a third smaller for it.
async function startCrew({ first, workers, log }: Start): Promise<Running> {
  const { runCrew } = await import('./workers/run-crew.ts')
  return runCrew(first, workers, log)
}

async function startAlone({ first, log }: Start): Promise<Running> {
  const { runGateway } = await import('./run-gateway.ts')
  return runGateway(first.config, log)
}
