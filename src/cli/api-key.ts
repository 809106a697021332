import { parseArgs } from 'node:util'
import { OUR_PEOPLE, TEST_CODE, testsOf } from '../api/config.ts'
import { newKeyToken } from '../api/keys.ts'
import { isScope, SCOPES } from '../api/scopes.ts'
import { OperatorError } from '../base/errors.ts'
import { parseNetwork } from '../base/net.ts'
import type { ApiKey } from '../store/contract.ts'
import { type Command, type CommandContext, WrongUsage } from './command.ts'
import { atDesk, type Desk } from './open.ts'
import { day, table } from './table.ts'

/** Keys by which other applications use the API. */
export const apiKey: Command = {
  name: 'api-key',
  usage: [
    'api-key create APPLICATION [--label TEXT] [--scope 2fa]... [--days N] [--networks a,b] [--test]',
    'gatehouse api-key list',
    'gatehouse api-key revoke ID',
  ].join('\n       '),
  summary: 'Make, list and revoke keys for the API',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        label: { type: 'string', default: '' },
        scope: { type: 'string', multiple: true, default: ['2fa'] },
        days: { type: 'string', default: '365' },
        networks: { type: 'string', default: '' },
        test: { type: 'boolean', default: false },
      },
    })
    const [word, name = '', ...more] = positionals
    const takes = word === 'list' ? 0 : 1
    if (!['create', 'list', 'revoke'].includes(word ?? '') || more.length > 0) {
      throw new WrongUsage('say create, list or revoke')
    }
    if ((name === '') !== (takes === 0)) throw new WrongUsage('name the application, or the key')
    return atDesk<0>(context, { config: values.config }, async (desk) => {
      if (word === 'create') await create(desk, name, values, context)
      else if (word === 'list') await list(desk, context)
      else await revoke(desk, name, context)
      return 0
    })
  },
}

interface Wishes {
  label: string
  scope: string[]
  days: string
  networks: string
  test: boolean
}

async function create(
  { config, store, record }: Desk,
  application: string,
  wishes: Wishes,
  { print }: CommandContext,
): Promise<void> {
  const known = [OUR_PEOPLE, ...(config.api?.applications ?? []).map(({ id }) => id)]
  if (!known.includes(application)) {
    throw new OperatorError(
      `There is no application "${application}". Add it under api.applications, or use one of: ${known.join(', ')}`,
    )
  }
  if (wishes.test && application === OUR_PEOPLE) {
    throw new OperatorError(
      `${OUR_PEOPLE} stands for the people who sign in here; nothing about them is tried out. Name another application.`,
    )
  }
  const { id, token, secretHash } = newKeyToken()
  const now = Math.floor(Date.now() / 1000)
  const key: ApiKey = {
    id,
    application: wishes.test ? testsOf(application) : application,
    label: wishes.label,
    scopes: listOf(wishes.scope.join(), isScope, SCOPE_ADVICE),
    networks: listOf(wishes.networks, isNetwork, 'write networks as 10.0.0.0/8'),
    createdAt: now,
    expiresAt: now + daysOf(wishes.days) * 86_400,
  }
  await store.apiKeys.insert(key, secretHash)
  const { scopes, networks } = key
  const may = { scopes: scopes.join(' '), networks: networks.join(' ') || 'anywhere' }
  await record('admin.api_key_created', {}, { key: id, application: key.application, ...may })
  print(`Key ${id} for ${application}. It is shown this once:`)
  print(token)
  if (wishes.test) print(`It is for tests: ${TEST_CODE} is the right code, and no message is sent.`)
}

async function list({ store }: Desk, { print }: CommandContext): Promise<void> {
  const rows = (await store.apiKeys.list()).map((it) => [
    it.id,
    it.application,
    it.label,
    it.scopes.join(','),
    it.networks.join(',') || 'anywhere',
    day(it.createdAt),
    it.expiresAt === undefined ? 'never' : day(it.expiresAt),
    it.lastUsedAt === undefined ? 'never' : day(it.lastUsedAt),
  ])
  const head = 'ID,APPLICATION,LABEL,SCOPES,NETWORKS,MADE,EXPIRES,LAST USED'.split(',')
  for (const line of table(head, rows)) print(line)
}

async function revoke(
  { store, record }: Desk,
  id: string,
  { print }: CommandContext,
): Promise<void> {
  const found = await store.apiKeys.find(id)
  if (!found || !(await store.apiKeys.delete(id))) {
    throw new OperatorError(`There is no key ${id}. See them with: gatehouse api-key list`)
  }
  await record('admin.api_key_revoked', {}, { key: id, application: found.key.application })
  print(`${id}: revoked; it opens nothing from the next request on`)
}

const SCOPE_ADVICE = `the scopes are: ${Object.keys(SCOPES).join(', ')}`
const isNetwork = (text: string) => parseNetwork(text) !== undefined

function listOf(text: string, fits: (part: string) => boolean, advice: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  const given = parts.filter((part) => part !== '')
  const odd = given.find((part) => !fits(part))
  if (odd !== undefined) throw new WrongUsage(`"${odd}" will not do; ${advice}`)
  return given
}

function daysOf(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days
  throw new WrongUsage('--days takes a whole number from 1 to 3650')
}
