import { parseArgs } from 'node:util'
import { exampleYaml } from '../config/example.ts'
import { referenceMarkdown } from '../config/reference.ts'
import type { Command } from './command.ts'

/** Prints a configuration to begin with, or the reference of all keys. */
export const configExample: Command = {
  name: 'config-example',
  usage: 'config-example [--reference]',
  summary: 'Print an example configuration, or the reference of all keys',

  async run(args, { print }) {
    const { values } = parseArgs({
      args: [...args],
      options: { reference: { type: 'boolean', default: false } },
    })
    const text = values.reference ? referenceMarkdown() : exampleYaml()
    print(text.trimEnd())
    return 0
  },
}
