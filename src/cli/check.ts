import { parseArgs } from 'node:util'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import { writtenRemark } from '../config/remark.ts'
import { type Command, WrongUsage } from './command.ts'

/** Reads the configuration as `serve` would, and touches nothing else. */
export const check: Command = {
  name: 'check',
  usage: 'check [FILE] [--config FILE]',
  summary: 'Check the configuration and list its faults and warnings',

  async run(args, { environment, print }) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    })
    const [given, ...more] = positionals
    if (more.length > 0 || (given !== undefined && values.config !== undefined)) {
      throw new WrongUsage('check looks at one file at a time')
    }

    const file = findConfigFile(given ?? values.config, environment)
    const { config, warnings, requireTests } = loadConfig(file, environment)
    for (const warning of warnings) print(`warning: ${writtenRemark(warning)}`)
    requireTests()
    const routes = counted(config.routes.length, 'route')
    const tests = config.tests.length > 0 ? `, ${counted(config.tests.length, 'test')} passed` : ''
    print(`${file}: ${routes}, no faults, ${counted(warnings.length, 'warning')}${tests}`)
    return 0
  },
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
