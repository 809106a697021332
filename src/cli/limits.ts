import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { writtenAddress } from '../audit/addresses.ts'
import { systemClock } from '../base/clock.ts'
import { canonicalAddress, sourcesOf } from '../base/net.ts'
import type { BucketAbout, SlowedBucket } from '../store/contract.ts'
import { type Command, type CommandContext, tooMany, WrongUsage } from './command.ts'
import { atDesk, type Desk } from './open.ts'
import { day, table } from './table.ts'

/** Who has to wait because of too many guesses or messages, and how to let them go on. */
export const limits: Command = {
  name: 'limits',
  usage: 'limits list\n       gatehouse limits clear USER | ADDRESS | --all',
  summary: 'List who is slowed down after too many guesses, and let them go on',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, all: { type: 'boolean' } },
    })
    const [word, whom] = positionals
    if (word !== 'list' && word !== 'clear') throw new WrongUsage('say list or clear')
    const surplus = positionals.slice(word === 'list' ? 1 : 2)
    if (surplus.length > 0) throw new WrongUsage(tooMany(surplus))
    if (word === 'list' && values.all) throw new WrongUsage('--all is for clear')
    if (word === 'clear' && (whom === undefined) !== (values.all ?? false)) {
      throw new WrongUsage('name a user or an address, or say --all')
    }
    return atDesk<0>(context, values, async (desk) => {
      await (word === 'list' ? list(desk, context) : clear(desk, context, whom))
      return 0
    })
  },
}

async function list({ store }: Desk, { print }: CommandContext): Promise<void> {
  const slowed = await store.limits.listSlowed(systemClock.now())
  if (slowed.length === 0) {
    print('Nobody is slowed down.')
    return
  }
  const rows = await Promise.all(slowed.map(async (it) => rowOf(it, await nameOf(it.about, store))))
  for (const line of table(['KIND', 'WHOM', 'STATE', 'SINCE', 'UNTIL', 'COUNT'], rows)) print(line)
}

const rowOf = ({ about, isBlocked, since, until, count }: SlowedBucket, whom: string) => [
  about.kind,
  whom,
  isBlocked ? 'blocked' : 'slowed',
  day(since),
  day(until),
  String(count),
]

async function nameOf({ userId, address }: BucketAbout, store: Desk['store']): Promise<string> {
  if (address !== undefined) return address
  if (userId === undefined) return '-'
  const user = await store.users.find(userId)
  if (!user) return `${userId} (gone)`
  return user.application === undefined ? user.name : `${user.name} (${user.application})`
}

async function clear(desk: Desk, context: CommandContext, whom: string | undefined) {
  const { store, record } = desk
  if (whom === undefined) {
    const emptied = await store.limits.clear()
    await record('admin.limits_cleared', {}, { what: 'everybody', emptied })
    context.print(`${emptied} count(s) emptied, of everybody`)
    return
  }
  const sources = sourcesNamed(whom)
  if (sources.size > 0) {
    const isTheirs = ({ address }: BucketAbout) => address !== undefined && sources.has(address)
    const emptied = await store.limits.clear(isTheirs)
    const [address = ''] = whom.split('/')
    const network = writtenAddress(address, desk.config.privacy.addresses)
    await record(
      'admin.limits_cleared',
      {},
      { what: 'address', emptied, ...(network === '' ? {} : { network }) },
    )
    context.print(`${whom}: ${emptied} count(s) emptied`)
    return
  }
  const user = await desk.userNamed(whom)
  const emptied = await store.limits.clear(({ userId }) => userId === user.id)
  await record('user.changed', { userId: user.id }, { what: 'limits', emptied })
  context.print(`${user.name}: ${emptied} count(s) emptied`)
}

/** The networks in which an address is counted; of a network, as the list shows one, itself. */
function sourcesNamed(whom: string): ReadonlySet<string> {
  const [address = '', width] = whom.split('/')
  if (isIP(address) === 0) return new Set()
  const sources = sourcesOf(canonicalAddress(address) ?? address).map(({ source }) => source)
  return new Set(width === undefined ? sources : sources.filter((it) => it.endsWith(`/${width}`)))
}
