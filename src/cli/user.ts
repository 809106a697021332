import { parseArgs } from 'node:util'
import { randomToken, sha256 } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { didYouMean } from '../base/did-you-mean.ts'
import { OperatorError } from '../base/errors.ts'
import { emailFault, isGroupName, newUser } from '../login/new-user.ts'
import { personalDataOf } from '../login/personal-data.ts'
import { INVITATION_SECONDS } from '../login/reset.ts'
import { isFrozen, type User } from '../model/user.ts'
import { type Command, type CommandContext, tooMany, WrongUsage } from './command.ts'
import { atDesk, type Desk } from './open.ts'
import { readPassword } from './read-password.ts'
import { day, table } from './table.ts'

interface Options {
  'display-name'?: string | undefined
  email?: string | undefined
  groups?: string | undefined
  'no-password'?: boolean | undefined
  application?: string | undefined
}

/** One thing to do with users. @returns What to print, a line each. */
type Action = (
  desk: Desk,
  given: string[],
  options: Options,
  context: CommandContext,
) => Promise<string[]>

const ACTIONS: Readonly<Record<string, Action>> = {
  async add({ store, hasher, policy, record }, [name = ''], options, context) {
    if (await store.users.findByName(name)) throw taken(name)
    const password = options['no-password'] ? undefined : await readPassword(context)
    const wanted = {
      name,
      displayName: options['display-name'] ?? '',
      email: options.email ?? '',
      groups: listOf(options.groups ?? ''),
      ...(password === undefined ? {} : { password }),
    }
    const made = await newUser(wanted, { policy, now: Math.floor(Date.now() / 1000) })
    if (!made.ok)
      throw new OperatorError(`${made.fault.field}: ${made.fault.message} Nothing was changed.`)
    const hash = password === undefined ? undefined : await hasher.hash(password)
    if (!(await store.users.insert(made.user, hash))) throw taken(name)
    await record('user.created', { userId: made.user.id }, { name: made.user.name })
    return [`${made.user.name}: added${hash ? '' : ', without a password'}`]
  },

  async list({ store }) {
    const users = await store.users.list()
    if (users.length === 0)
      return ['There is no user yet. Start the gateway: it prints a set-up link.']
    const rows = users.map(({ name, status, groups, email }) => [
      name,
      status,
      groups.join(','),
      email ?? '',
    ])
    return table(['NAME', 'STATUS', 'GROUPS', 'EMAIL'], rows)
  },

  async show({ store, sessions, userNamed }, [name = '']) {
    const user = await userNamed(name)
    const credentials = await store.credentials.listByUser(user.id)
    const living = await sessions.list(user.id)
    return table(
      [],
      [
        ['name', user.name],
        ['display name', user.displayName],
        ['email', user.email ?? ''],
        ['groups', user.groups.join(',')],
        ['status', user.status],
        ...(isFrozen(user, Date.now() / 1000)
          ? [['frozen until', day(user.frozenUntil ?? 0)]]
          : []),
        ['password', (await store.users.passwordHash(user.id)) ? 'set' : 'none'],
        ['factors', credentials.map(({ kind, state }) => `${kind} (${state})`).join(', ')],
        ['sessions', String(living.length)],
        ['added', day(user.createdAt)],
        ['id', user.id],
      ],
    )
  },

  async disable({ store, userNamed, record }, [name = '']) {
    const user = await userNamed(name)
    await store.users.setStatus(user.id, 'disabled')
    const ended = await store.sessions.deleteByUser(user.id)
    await record('user.changed', { userId: user.id }, { what: 'disabled', sessions: ended.length })
    return [`${user.name}: disabled, ${ended.length} session(s) ended`]
  },

  async enable({ store, userNamed, record }, [name = '']) {
    const user = await userNamed(name)
    await store.users.setStatus(user.id, 'active')
    await record('user.changed', { userId: user.id }, { what: 'enabled' })
    return [`${user.name}: enabled`]
  },

  async password({ store, hasher, policy, userNamed, record }, [name = ''], _options, context) {
    const user = await userNamed(name)
    const password = await readPassword(context)
    const fault = await policy.fault(password, [
      user.name,
      user.displayName,
      ...(user.email ?? '').split('@'),
    ])
    if (fault) throw new OperatorError(`${fault} Nothing was changed.`)
    await store.users.setPasswordHash(user.id, await hasher.hash(password))
    // Whoever knew the old one may sit in one of them.
    const ended = await store.sessions.deleteByUser(user.id)
    await store.attempts.deleteByUser(user.id)
    await record('password.changed', { userId: user.id }, { sessions: ended.length })
    return [`${user.name}: password set, ${ended.length} session(s) ended`]
  },

  async invite({ config, store, userNamed, record }, [name = '']) {
    const user = await userNamed(name)
    const token = randomToken(32)
    const expiresAt = Math.floor(Date.now() / 1000) + INVITATION_SECONDS
    await store.tickets.insert({
      purpose: 'invite',
      hash: sha256(token),
      userId: user.id,
      expiresAt,
    })
    await record('user.changed', { userId: user.id }, { what: 'invited' })
    return [
      `Give this link to ${user.name} alone. It works once, for ${INVITATION_SECONDS / 3600} hours, and leads to a password of their own choice:`,
      new URL(`invite/${token}`, config.portal.url).href,
    ]
  },

  async groups({ store, userNamed, record }, [name = '', groups]) {
    if (groups === undefined) throw new WrongUsage('give the whole list: alice admins,editors')
    const user = await userNamed(name)
    const list = listOf(groups)
    await store.users.setGroups(user.id, list)
    await record('user.changed', { userId: user.id }, { what: 'groups', groups: list.join(',') })
    return [`${user.name}: ${list.length > 0 ? list.join(',') : 'in no group'}`]
  },

  async email({ store, userNamed, record }, [name = '', address]) {
    if (address === undefined) throw new WrongUsage('give the address: alice alice@example.com')
    const user = await userNamed(name)
    const fault = emailFault(address)
    if (fault) throw new OperatorError(`${fault} Nothing was changed.`)
    await store.users.setProfile(user.id, { displayName: user.displayName, email: address })
    await record('user.changed', { userId: user.id }, { what: 'mail' })
    return [`${user.name}: ${address}`]
  },

  async unfreeze({ store, userNamed, record }, [name = '']) {
    const user = await userNamed(name)
    await store.users.freeze(user.id, 0)
    await record('user.changed', { userId: user.id }, { what: 'unfrozen' })
    return [`${user.name}: the account can be changed again`]
  },

  async delete({ store, userNamed, record }, [name = '']) {
    const user = await userNamed(name)
    await store.users.delete(user.id)
    await record('user.deleted', { userId: user.id }, { name: user.name })
    return [`${user.name}: deleted with all that belonged to it; their history is kept`]
  },

  async export(desk, [name = ''], options) {
    const { id } = await personNamed(desk, name, options)
    const data = await personalDataOf(id, { persons: desk.store.persons, clock: systemClock })
    await desk.record('user.exported', { userId: id })
    return [JSON.stringify(data, null, 2)]
  },

  async erase(desk, [name = ''], options) {
    const { store } = desk
    // Of somebody who was deleted, the history is left under the id alone.
    const isId = options.application === undefined && (await store.persons.erase(name))
    if (!isId) await store.persons.erase((await personNamed(desk, name, options)).id)
    await desk.record('user.erased', {})
    await store.scrub()
    return [`${name}: erased, with all that was stored. Backups made before still hold it.`]
  },
}

/** A user by name, by what an application calls them, or by id. */
async function personNamed(
  { store, userNamed }: Desk,
  name: string,
  { application }: Options,
): Promise<Pick<User, 'id'>> {
  if (application === undefined) return (await store.users.find(name)) ?? userNamed(name)
  const user = await store.users.findExternal(application, name)
  if (user) return user
  throw new OperatorError(`The application "${application}" has no user "${name}" here.`)
}

/** A user, and what to give them. */
const TAKES_TWO: ReadonlySet<string> = new Set(['groups', 'email'])

const WITH_USAGE = [
  'add NAME [--display-name NAME] [--email ADDRESS] [--groups a,b] [--no-password]',
  'list',
  'show NAME',
  'disable NAME',
  'enable NAME',
  'invite NAME',
  'password NAME',
  'groups NAME a,b',
  'email NAME ADDRESS',
  'unfreeze NAME',
  'delete NAME',
  'export NAME [--application ID]',
  'erase NAME [--application ID]',
]

/** Users of the store: everything an operator does with them. Passwords come on standard input. */
export const user: Command = {
  name: 'user',
  usage: `user ${WITH_USAGE.join('\n       gatehouse user ')}`,
  summary: 'Add, list, change, export, erase and delete users',
  more: `add       asks for the password; with --no-password, invite is the way in
invite    prints a link that lets NAME choose a password; it works once
disable   ends all sessions and lets NAME in no more, until enable
groups    sets the whole list; '' is none
unfreeze  lets an account be changed again after "this was not me"
delete    removes the user, and keeps the history
export    prints all that is stored about the user, as JSON
erase     removes the user and the history: nothing is left to show who it was`,

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        'display-name': { type: 'string' },
        email: { type: 'string' },
        groups: { type: 'string' },
        'no-password': { type: 'boolean' },
        application: { type: 'string' },
      },
    })
    const [word = '', ...given] = positionals
    const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined
    if (!action) throw new WrongUsage(unknown(word))
    const takes = word === 'list' ? 0 : TAKES_TWO.has(word) ? 2 : 1
    if (given.length < Math.min(takes, 1)) throw new WrongUsage('name the user')
    // Whoever names two users means both, and would believe that both were disabled.
    if (given.length > takes) throw new WrongUsage(tooMany(given.slice(takes)))
    const { config, application } = values
    if (application !== undefined && word !== 'export' && word !== 'erase')
      throw new WrongUsage('--application is for export and erase')
    // Users may come before the first start; everything else needs some to be there.
    const lines = await atDesk(context, { config, create: word === 'add' }, (desk) =>
      action(desk, given, values, context),
    )
    for (const line of lines) context.print(line)
    return 0
  },
}

const unknown = (word: string) =>
  word === ''
    ? 'say what to do'
    : `there is no "user ${word}"${didYouMean(word, Object.keys(ACTIONS))}`

const taken = (name: User['name']) =>
  new OperatorError(
    `There is a user "${name}" already; capitals make no other name. Nothing was changed.`,
  )

function listOf(text: string): string[] {
  const groups = text
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '')
  const odd = groups.find((group) => !isGroupName(group))
  if (odd !== undefined)
    throw new OperatorError(`"${odd}" is no group name: use up to 64 printable characters.`)
  return [...new Set(groups)]
}
