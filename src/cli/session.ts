import { parseArgs } from 'node:util'
import { OperatorError } from '../base/errors.ts'
import { type Command, type CommandContext, tooMany, WrongUsage } from './command.ts'
import { atDesk, type Desk } from './open.ts'
import { day, table } from './table.ts'

/** Living sessions: who is signed in, and how to end it. A running gateway obeys at the next request. */
export const session: Command = {
  name: 'session',
  usage:
    'session list USER\n       gatehouse session revoke USER [ID]\n       gatehouse session revoke --everybody',
  summary: 'List and end sessions of a user',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, everybody: { type: 'boolean', default: false } },
    })
    const [word, name = '', id] = positionals
    if (values.everybody) {
      if (word !== 'revoke' || name) throw new WrongUsage('--everybody stands alone, behind revoke')
      return atDesk<0>(context, values, (desk) => revokeEverybody(desk, context))
    }
    if ((word !== 'list' && word !== 'revoke') || !name)
      throw new WrongUsage('say list or revoke, and name the user')
    const surplus = positionals.slice(word === 'revoke' ? 3 : 2)
    if (surplus.length > 0) throw new WrongUsage(tooMany(surplus))

    return atDesk<0>(context, values, async ({ sessions, userNamed, record }) => {
      const user = await userNamed(name)
      const living = await sessions.list(user.id)
      if (word === 'list') {
        const rows = living.map((it) => [
          it.id,
          day(it.createdAt),
          day(it.lastSeenAt),
          it.address,
          it.amr.join(' '),
          it.userAgent.slice(0, 60),
        ])
        for (const line of table(
          ['ID', 'SINCE', 'LAST SEEN', 'ADDRESS', 'PROVED BY', 'BROWSER'],
          rows,
        ))
          context.print(line)
        return 0
      }
      if (id !== undefined && !living.some((it) => it.id === id)) {
        throw new OperatorError(
          `${user.name} has no session ${id}. See them with: gatehouse session list ${user.name}`,
        )
      }
      const ended =
        id === undefined
          ? (await sessions.revokeAll(user.id)).length
          : Number(await sessions.revoke(id))
      await record(
        'session.revoked',
        { userId: user.id, ...(id === undefined ? {} : { sessionId: id }) },
        { sessions: ended },
      )
      context.print(`${user.name}: ${ended} session(s) ended`)
      return 0
    })
  },
}

async function revokeEverybody(
  { store, sessions, record }: Desk,
  { print }: CommandContext,
): Promise<0> {
  let ended = 0
  for (const { id } of await store.users.list()) ended += (await sessions.revokeAll(id)).length
  await record('session.revoked', {}, { who: 'everybody', sessions: ended })
  print(`everybody: ${ended} session(s) ended`)
  return 0
}
