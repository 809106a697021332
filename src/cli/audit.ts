import { parseArgs } from 'node:util'
import { CSV_HEAD, csvLine, timeOf, writtenEvent } from '../audit/formats.ts'
import { asTyped } from '../base/crockford.ts'
import { OperatorError } from '../base/errors.ts'
import { jsonLine } from '../base/visible.ts'
import type { StoredEvent } from '../model/event.ts'
import type { Anchor, EventFilter, Store } from '../store/contract.ts'
import { momentIn } from './audit-times.ts'
import { type Command, type CommandContext, tooMany, WrongUsage } from './command.ts'
import { atDesk } from './open.ts'
import { table } from './table.ts'

/** The trail of what happened: to be read, taken elsewhere, and checked. */
export const audit: Command = {
  name: 'audit',
  usage: [
    'audit list [FILTER …] [--limit 50]',
    'gatehouse audit export [FILTER …] [--format jsonl|csv]',
    'gatehouse audit show REFERENCE',
    'gatehouse audit verify [--anchor ROW:HASH …]',
    'gatehouse audit key',
    '',
    'filters: --user NAME  --event login.refused or --event "login.*"  --since 24h or 2026-05-01',
    '         --until …  --address ADDRESS  --host HOST  --session ID  --reference REFERENCE',
  ].join('\n       '),
  summary: 'Read the audit trail, export it, and check that nobody changed it',

  async run(args, context) {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [word = '', ...names] = positionals
    const task = TASKS[word as keyof typeof TASKS]
    if (!task) throw new WrongUsage(`say ${Object.keys(TASKS).join(', ')}`)
    const takes = word === 'show' ? 1 : 0
    if (names.length > takes) throw new WrongUsage(tooMany(names.slice(takes)))
    return atDesk(context, values, ({ store }) => task(store, { ...values, names }, context))
  },
}

const options = {
  config: { type: 'string' },
  user: { type: 'string' },
  event: { type: 'string', multiple: true },
  since: { type: 'string' },
  until: { type: 'string' },
  address: { type: 'string' },
  host: { type: 'string' },
  session: { type: 'string' },
  reference: { type: 'string' },
  limit: { type: 'string', default: '50' },
  format: { type: 'string', default: 'jsonl' },
  anchor: { type: 'string', multiple: true },
} as const

interface Wishes {
  names: readonly string[]
  user?: string
  event?: string[]
  since?: string
  until?: string
  address?: string
  host?: string
  session?: string
  reference?: string
  limit: string
  format: string
  anchor?: string[]
}

type Task = (store: Store, wishes: Wishes, context: CommandContext) => Promise<0 | 1>

const TASKS = { list, export: exportAll, show, verify, key } satisfies Record<string, Task>

async function list(store: Store, wishes: Wishes, { print }: CommandContext): Promise<0> {
  const limit = Number(wishes.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000)
    throw new WrongUsage('--limit takes a number from 1 to 100000')
  const filter = await filterOf(store, wishes)
  const events = await store.events.list(filter, { limit, newestFirst: true })
  const nameOf = namesIn(store)
  const rows: string[][] = []
  for (const event of events.toReversed()) {
    rows.push([
      String(event.id),
      timeOf(event.at),
      event.name,
      await nameOf(event),
      event.address ?? '',
      event.reference ?? '',
      detailsIn(event),
    ])
  }
  const head = ['ROW', 'TIME', 'EVENT', 'WHO', 'FROM', 'REFERENCE', 'DETAILS']
  for (const line of table(head, rows)) print(line)
  return 0
}

const PAGE = 500

async function exportAll(store: Store, wishes: Wishes, { print }: CommandContext): Promise<0> {
  const { format } = wishes
  if (format !== 'jsonl' && format !== 'csv') throw new WrongUsage('--format takes jsonl or csv')
  const filter = await filterOf(store, wishes)
  if (format === 'csv') print(CSV_HEAD)
  let after = 0
  for (;;) {
    const events = await store.events.list(filter, { after, limit: PAGE })
    for (const event of events) {
      print(format === 'csv' ? csvLine(event) : jsonLine(writtenEvent(event)))
    }
    const last = events.at(-1)
    if (!last) return 0
    after = last.id
  }
}

async function show(store: Store, wishes: Wishes, { print }: CommandContext): Promise<0> {
  const [typed = ''] = wishes.names
  const reference = referenceIn(typed)
  const events = await store.events.list({ reference }, { limit: 100 })
  if (events.length === 0) {
    throw new OperatorError(
      `Nothing in the trail has the number ${reference}. It may be older than what is kept, or of another gateway.`,
    )
  }
  const nameOf = namesIn(store)
  for (const event of events) {
    for (const line of aboutEvent(event, await nameOf(event))) print(line)
  }
  return 0
}

function aboutEvent(event: StoredEvent, who: string): string[] {
  const { details = {}, walk = [] } = event
  const facts = [
    ['event', event.name],
    ['time', timeOf(event.at)],
    ['row', String(event.id)],
    ['reference', event.reference ?? ''],
    ['who', who === '' ? 'nobody who is signed in' : who],
    ['session', event.sessionId ?? ''],
    ['from', event.address ?? ''],
    ...Object.entries(details).map(([name, value]) => [name, String(value)]),
  ].filter(([, value]) => value !== '')
  const steps = walk.map(({ rule, says }, index) => [`${index + 1}`, rule, says])
  return [
    ...table([], facts),
    '',
    ...(steps.length > 0 ? [...table(['#', 'RULE', 'IS IT ABOUT THIS REQUEST?'], steps), ''] : []),
  ]
}

async function verify(store: Store, { anchor = [] }: Wishes, context: CommandContext) {
  const { print, printError } = context
  const report = await store.events.verify(anchor.map(anchorIn))
  const { faults, rows, erased, pruned, beginsAfter, end } = report
  const until = end ? `up to ${end.id}:${Buffer.from(end.hash).toString('hex')}` : ''
  print(`${rows} rows, from ${beginsAfter + 1} ${until}`)
  if (erased > 0) print(`${erased} rows of people who were forgotten, as the trail says itself`)
  if (pruned > 0) print(`${pruned} rows whose time is over, as the trail says itself`)
  const [first] = faults
  if (!first) {
    print('The trail is whole.')
    return 0
  }
  for (const { says } of faults) printError(says)
  printError(`The trail is NOT whole. The first bad row is ${first.id}.`)
  return 1
}

async function key(store: Store, _: Wishes, { print }: CommandContext): Promise<0> {
  print(jsonLine(store.events.publicKey()))
  return 0
}

async function filterOf(store: Store, wishes: Wishes): Promise<EventFilter> {
  const { user, event: names, since, until, address, host, session: sessionId } = wishes
  const given = {
    userId: user === undefined ? undefined : ((await store.users.findByName(user))?.id ?? user),
    names,
    since: since === undefined ? undefined : momentIn(since),
    until: until === undefined ? undefined : momentIn(until),
    ...{ address, host, sessionId },
    reference: wishes.reference === undefined ? undefined : referenceIn(wishes.reference),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

const REFERENCE_SYMBOLS = 8

function referenceIn(typed: string): string {
  const plain = asTyped(typed, REFERENCE_SYMBOLS)
  if (plain === undefined) throw new WrongUsage('a reference number looks like 7K3M-Q2XZ')
  return `${plain.slice(0, 4)}-${plain.slice(4)}`
}

function anchorIn(text: string): Anchor {
  const [, id, hash = ''] = /^(\d{1,15}):([0-9a-fA-F]{16,64})$/.exec(text) ?? []
  if (id === undefined) throw new WrongUsage('write an anchor as ROW:HASH, as verify prints it')
  return { id: Number(id), hash }
}

/** Names of people, looked up once each. Who is not there any more is told by id. */
function namesIn({ users }: Store): (event: StoredEvent) => Promise<string> {
  const known = new Map<string, string>()
  const nameOf = async (id: string): Promise<string> => {
    const name = known.get(id) ?? (await users.find(id))?.name ?? id
    known.set(id, name)
    return name
  }
  return async ({ userId, actorId }) => {
    const whom = userId === undefined ? '' : await nameOf(userId)
    return actorId === undefined ? whom : `${whom} by ${await nameOf(actorId)}`.trim()
  }
}

const detailsIn = ({ details = {} }: StoredEvent): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    .join(' ')
