import { parseArgs } from 'node:util'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import type { Command } from './command.ts'

/** Longer than this, and whoever asks is told that nobody is there. */
const PATIENCE_MS = 3000

/** Asks a running gateway whether it is alive: for containers, which have no other program to ask with. */
export const health: Command = {
  name: 'health',
  usage: 'health [--ready] [--config FILE]',
  summary: 'Ask the running gateway whether it is alive, or ready',

  async run(args, { environment, print, printError }) {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, ready: { type: 'boolean', default: false } },
    })
    const { config } = loadConfig(findConfigFile(values.config, environment), environment)
    const { host, port } = config.health.listen
    const url = `http://${reachable(host)}:${port}/health/${values.ready ? 'ready' : 'live'}`
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
      const text = (await answer.text()).trim()
      if (!answer.ok) {
        printError(`${url}: ${text}`)
        return 1
      }
      print(text)
      return 0
    } catch {
      printError(`${url}: nobody answers`)
      return 1
    }
  },
}

/** Who listens on every address is asked on the machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
