import { parseArgs } from 'node:util'
import { OperatorError } from '../base/errors.ts'
import { type Command, tooMany, WrongUsage } from './command.ts'
import { atDesk } from './open.ts'
import { day, table } from './table.ts'

/** Second factors of a user, for when one is lost. */
export const factor: Command = {
  name: 'factor',
  usage: 'factor list USER\n       gatehouse factor remove USER ID',
  summary: 'List and remove second factors of a user',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    })
    const [word, name = '', id] = positionals
    if ((word !== 'list' && word !== 'remove') || !name)
      throw new WrongUsage('say list or remove, and name the user')
    const surplus = positionals.slice(word === 'remove' ? 3 : 2)
    if (surplus.length > 0) throw new WrongUsage(tooMany(surplus))
    if (word === 'remove' && !id) throw new WrongUsage('give the id that "factor list" shows')

    return atDesk<0>(context, values, async ({ store, userNamed }) => {
      const user = await userNamed(name)
      if (word === 'list') {
        const credentials = await store.credentials.listByUser(user.id)
        const rows = credentials.map((it) => [
          it.id,
          it.kind,
          it.label,
          it.state,
          day(it.createdAt),
          it.lastUsedAt === undefined ? 'never' : day(it.lastUsedAt),
        ])
        for (const line of table(['ID', 'KIND', 'LABEL', 'STATE', 'ADDED', 'LAST USED'], rows))
          context.print(line)
        return 0
      }
      if (!(await store.credentials.delete(id ?? '', user.id))) {
        throw new OperatorError(
          `${user.name} has no factor ${id}. See them with: gatehouse factor list ${user.name}`,
        )
      }
      // Sessions that were proved with it end with it.
      const ended = await store.sessions.deleteByUser(user.id)
      context.print(`${user.name}: factor removed, ${ended.length} session(s) ended`)
      return 0
    })
  },
}
