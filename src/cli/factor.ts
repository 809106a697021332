import { parseArgs } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { OperatorError } from '../base/errors.ts'
import { duration } from '../base/schema.ts'
import { givePass } from '../login/passes.ts'
import type { User } from '../model/user.ts'
import { type Command, type CommandContext, tooMany, WrongUsage } from './command.ts'
import { atDesk, type Desk } from './open.ts'
import { day, table } from './table.ts'

/** Second factors of a user, for when one is lost. */
export const factor: Command = {
  name: 'factor',
  usage:
    'factor list USER\n       gatehouse factor remove USER ID\n       gatehouse factor restore USER ID\n       gatehouse factor pass USER [--ttl 1h]',
  summary:
    'List, remove and restore second factors of a user, or let the user in to set up a new one',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, ttl: { type: 'string' } },
    })
    const [word = '', name = '', id] = positionals
    const does = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
    if (!does || !name) throw new WrongUsage('say list, remove, restore or pass, and name the user')
    const surplus = positionals.slice(NAMES_ONE.has(word) ? 3 : 2)
    if (surplus.length > 0) throw new WrongUsage(tooMany(surplus))
    if (NAMES_ONE.has(word) && !id) throw new WrongUsage('give the id that "factor list" shows')
    if (word !== 'pass' && values.ttl !== undefined) throw new WrongUsage('--ttl is for passes')
    const ttl = secondsOf(values.ttl ?? '1h')

    return atDesk<0>(context, values, async (desk) => {
      const user = await desk.userNamed(name)
      await does({ desk, user, id: id ?? '', ttl, print: context.print })
      return 0
    })
  },
}

/** What is done to one of them. */
const NAMES_ONE: ReadonlySet<string> = new Set(['remove', 'restore'])

interface Errand {
  desk: Desk
  user: User
  id: string
  ttl: number
  print: CommandContext['print']
}

const WORDS: Record<string, (errand: Errand) => Promise<void>> = { list, remove, restore, pass }

async function list({ desk: { store }, user, print }: Errand): Promise<void> {
  const credentials = await store.credentials.listByUser(user.id)
  const rows = credentials.map((it) => [
    it.id,
    it.kind,
    it.label,
    it.contestedAt === undefined ? it.state : 'set aside',
    day(it.createdAt),
    it.lastUsedAt === undefined ? 'never' : day(it.lastUsedAt),
  ])
  for (const line of table(['ID', 'KIND', 'LABEL', 'STATE', 'ADDED', 'LAST USED'], rows))
    print(line)
}

async function remove({ desk, user, id, print }: Errand): Promise<void> {
  const { store, record } = desk
  const removed = (await store.credentials.listByUser(user.id)).find((it) => it.id === id)
  if (!removed || !(await store.credentials.delete(id, user.id))) {
    throw new OperatorError(
      `${user.name} has no factor ${id}. See them with: gatehouse factor list ${user.name}`,
    )
  }
  // Sessions that were proved with it end with it.
  const ended = await store.sessions.deleteByUser(user.id)
  const { kind, label } = removed
  await record('factor.removed', { userId: user.id }, { kind, label, sessions: ended.length })
  print(`${user.name}: factor removed, ${ended.length} session(s) ended`)
}

/** For what was set aside by "this was not me", and is the user's after all. */
async function restore({ desk: { store, record }, user, id, print }: Errand): Promise<void> {
  const own = (await store.credentials.listByUser(user.id)).find((it) => it.id === id)
  if (!own || !(await store.credentials.restore(id, user.id))) {
    throw new OperatorError(
      `Nothing of ${user.name} with the id ${id} was set aside. See it with: gatehouse factor list ${user.name}`,
    )
  }
  const { kind, label } = own
  await record('factor.restored', { userId: user.id }, { kind, label })
  print(`${user.name}: ${label} counts again`)
}

async function pass({ desk: { store, hasher, record }, user, ttl, print }: Errand): Promise<void> {
  if (user.status !== 'active') throw new OperatorError(`${user.name} is disabled.`)
  const given = { clock: systemClock, credentials: store.credentials, hasher }
  const { pass, credential } = await givePass(given, user, { seconds: ttl })
  await record(
    'factor.enrolled',
    { userId: user.id },
    { kind: credential.kind, label: credential.label },
  )
  print(pass)
  print('')
  print(
    `Good once for ${user.name}, beside the password, until ${day(credential.createdAt + ttl)} UTC.`,
  )
  print('It leads to setting up a new way to sign in. Make sure that you give it to nobody else.')
}

/** Longer than that, nobody remembers that there is one. */
const LONGEST_DAYS = 7
const DAY_SECONDS = 86_400

function secondsOf(text: string): number {
  const { data: seconds = 0 } = duration().safeParse(text)
  if (seconds > 0 && seconds <= LONGEST_DAYS * DAY_SECONDS) return seconds
  throw new WrongUsage(`a pass lasts at most ${LONGEST_DAYS}d: --ttl 30m, --ttl 1h, --ttl 2d`)
}
