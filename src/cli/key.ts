import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { OperatorError } from '../base/errors.ts'
import { rotateSigningKeys, type Urgency } from '../gateway/assertion/rotation.ts'
import { algorithmOf } from '../gateway/assertion/signing-keys.ts'
import { keyFileOf, makeKeyFile, readKeyFile } from '../store/secret-key.ts'
import { type Command, type CommandContext, tooMany, WrongUsage } from './command.ts'
import { atDesk, type Desk } from './open.ts'
import { day, table } from './table.ts'

/** Keys of the gateway itself: those that sign assertions, and the secret key that opens the database. */
export const key: Command = {
  name: 'key',
  usage: [
    'key list',
    'gatehouse key rotate signing [--now | --leaked]',
    'gatehouse key rotate secret [--new FILE]',
  ].join('\n       '),
  summary: 'List the signing keys; exchange them, or the secret key, while the gateway runs',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        now: { type: 'boolean', default: false },
        leaked: { type: 'boolean', default: false },
        new: { type: 'string' },
      },
    })
    const [word, what = '', ...more] = positionals
    if (more.length > 0) throw new WrongUsage(tooMany(more))
    const { now, leaked, new: file, config } = values
    const task = `${word} ${what}`.trim()
    if (task === 'list') return atDesk<0>(context, { config }, (desk) => list(desk, context))
    if (task === 'rotate signing') {
      if (now && leaked) throw new WrongUsage('say --now or --leaked')
      const urgency = leaked ? 'leaked' : now ? 'now' : 'announced'
      return atDesk<0>(context, { config }, (desk) => rotateSigning(desk, urgency, context))
    }
    if (task === 'rotate secret')
      return atDesk<0>(context, { config }, (desk) => rotateSecret(desk, file, context))
    throw new WrongUsage('say list, rotate signing or rotate secret')
  },
}

async function list({ store }: Desk, { print }: CommandContext): Promise<0> {
  const keys = await store.signingKeys.list()
  const now = systemClock.now()
  const rows = keys.map((it, at) => {
    const algorithm = algorithmOf(it)
    const isReplaced = keys.some(
      (other, later) => later > at && algorithmOf(other) === algorithm && other.activeAt <= now,
    )
    const state = it.activeAt > now ? 'announced' : isReplaced ? 'published' : 'signs'
    return [it.id, algorithm, state, day(it.activeAt)]
  })
  for (const line of table(['ID', 'ALGORITHM', 'STATE', 'SIGNS FROM'], rows)) print(line)
  return 0
}

const WORDS: Readonly<Record<Urgency, string>> = {
  announced: 'published from now on; signs in a day, when everybody has fetched it',
  now: 'signs from now on; the one before stays published for a week',
  leaked: 'signs from now on, and the ones before are no longer published',
}

async function rotateSigning(
  { store, record }: Desk,
  urgency: Urgency,
  { print }: CommandContext,
): Promise<0> {
  const { made, removed } = await rotateSigningKeys(
    { repository: store.signingKeys, clock: systemClock },
    urgency,
  )
  if (made.length === 0) {
    print('There is no signing key yet: the first one is made when an application asks for it.')
    return 0
  }
  for (const id of made) {
    await record('admin.key_rotated', {}, { what: 'signing', key: id, urgency })
    print(`${id}: ${WORDS[urgency]}`)
  }
  for (const id of removed) print(`${id}: removed`)
  print('A running gateway follows within five minutes; at once on SIGHUP.')
  return 0
}

async function rotateSecret(
  { config, store, record }: Desk,
  given: string | undefined,
  { print }: CommandContext,
): Promise<0> {
  const { key: configured, path } = config.store
  if (configured !== undefined) {
    if (given === undefined)
      throw new WrongUsage(
        'store.key is configured: make a key (openssl rand -base64 32 > FILE), and name its file with --new',
      )
    await store.secretKey.admit(readKeyFile(given))
    await record('admin.key_rotated', {}, { what: 'secret' })
    print(
      'The new key opens the database, and so does the one before until a start with the new one.',
    )
    print(`Put what is in ${given} in the place of store.key, and start Gatehouse anew.`)
    return 0
  }
  if (given !== undefined)
    throw new WrongUsage('--new is for a store.key that is configured; here the key is made')
  const file = keyFileOf(path)
  const draft = `${file}.new`
  const next = draftKey(draft)
  await store.secretKey.admit(next)
  await record('admin.key_rotated', {}, { what: 'secret' })
  renameSync(draft, file)
  flushFolder(dirname(file))
  await store.secretKey.settle(next)
  print(`${file}: a new key. The one before opens the database no more.`)
  print('Keep a copy of it in another place; backups from before need the one before.')
  return 0
}

/** What an interrupted rotation has left behind is the key that it has let in, or was about to. */
function draftKey(draft: string): Uint8Array {
  if (existsSync(draft)) {
    try {
      return readKeyFile(draft)
    } catch {
      // Half a key was let in nowhere.
      rmSync(draft)
    }
  }
  makeKeyFile(draft)
  return readKeyFile(draft)
}

/** So that the new name outlives a loss of power. */
function flushFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r')
    fsyncSync(handle)
    closeSync(handle)
  } catch (cause) {
    throw new OperatorError(
      `The folder ${folder} cannot be written to the disk: ${String(cause)}`,
      {
        cause,
      },
    )
  }
}
