import { parseArgs } from 'node:util'
import { catalogPage } from '../store/catalog-page.ts'
import type { Command } from './command.ts'

/** Prints the part of docs/privacy.md that follows from the tables. */
export const storedData: Command = {
  name: 'stored-data',
  usage: 'stored-data',
  summary: 'Print every stored field, why it is there and for how long',

  async run(args, { print }) {
    parseArgs({ args: [...args], options: {} })
    print(catalogPage().trimEnd())
    return 0
  },
}
