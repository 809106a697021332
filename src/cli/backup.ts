import { parseArgs } from 'node:util'
import { keyFileOf } from '../store/secret-key.ts'
import { type Command, WrongUsage } from './command.ts'
import { atDesk } from './open.ts'

/** Copies the living database; the gateway goes on meanwhile. */
export const backup: Command = {
  name: 'backup',
  usage: 'backup FILE [--config FILE]',
  summary: 'Copy the database to a new file while the gateway runs',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    })
    const [file, ...more] = positionals
    if (!file || more.length > 0) throw new WrongUsage('name the one file to write')
    return atDesk<0>(context, values, async ({ config, store, record }) => {
      await store.backup(file)
      await record('admin.backup_made', {}, { file })
      context.print(`${file}: written`)
      context.print(
        config.store.key === undefined
          ? `Keep ${keyFileOf(config.store.path)} too, in another place: without it the copy does not open.`
          : 'Keep the secret key (store.key) too, in another place: without it the copy does not open.',
      )
      return 0
    })
  },
}
