import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { runCli } from '../../../src/cli/index.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { EventName } from '../../../src/model/event.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aCredential, aSession } from '../../support/builders.ts'

const NAMES: readonly EventName[] = [
  'user.created',
  'user.changed',
  'password.changed',
  'factor.enrolled',
  'factor.removed',
  'session.revoked',
]

let file: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  file = join(folder, 'config.yaml')
  writeFileSync(
    file,
    `portal: { url: https://auth.example.com }
login: { password: { memory_kib: 19456, passes: 1 } }
store: { path: ./gatehouse.db }
`,
  )
})

async function run(words: string, input = ''): Promise<void> {
  const errors: string[] = []
  const code = await runCli([...words.split(' '), '--config', file], {
    print: () => {},
    printError: (line) => errors.push(line),
    stdin: Readable.from([input]),
    environment: {},
  })
  expect(errors).toEqual([])
  expect(code).toBe(0)
}

/** Works on the store between two commands. */
async function atStore<T>(
  work: (store: Awaited<ReturnType<typeof openSqlite>>['store']) => Promise<T>,
) {
  const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: false })
  const result = await work(store)
  await store.close()
  return result
}

it('is written by every command that changes something about a person', async () => {
  await run('user add alice', 'eleven green bottles\n')
  const user = await atStore((store) => store.users.findByName('alice'))
  const userId = user?.id ?? ''
  const now = Math.floor(Date.now() / 1000)
  await atStore(async (store) => {
    await store.credentials.insert(aCredential({ id: 'app', userId, label: 'Phone' }))
    const times = { createdAt: now, lastSeenAt: now, expiresAt: now + 3600 }
    const session = aSession({ id: 's1', userId, ...times })
    await store.sessions.insert({ ...session, secretHash: new Uint8Array([1]) })
  })
  await run('session revoke alice')
  await run('user password alice', 'twelve green bottles\n')
  await run('user groups alice admins')
  await run('user email alice alice@example.com')
  await run('user disable alice')
  await run('user enable alice')
  await run('factor remove alice app')
  await run('user unfreeze alice')

  const events = await atStore((store) => store.events.listByUser(userId, NAMES, 50))
  expect(
    events.toReversed().map(({ name, details }) => [name, details?.what, details?.by]),
  ).toEqual(
    [
      ['user.created', undefined],
      ['session.revoked', undefined],
      ['password.changed', undefined],
      ['user.changed', 'groups'],
      ['user.changed', 'mail'],
      ['user.changed', 'disabled'],
      ['user.changed', 'enabled'],
      ['factor.removed', undefined],
      ['user.changed', 'unfrozen'],
    ].map((line) => [...line, 'command line']),
  )
})

it('lets an account be changed again that was closed off', async () => {
  await run('user add alice --no-password')
  const user = await atStore((store) => store.users.findByName('alice'))
  const later = Math.floor(Date.now() / 1000) + 86_400
  await atStore((store) => store.users.freeze(user?.id ?? '', later))
  await run('user unfreeze alice')
  const after = await atStore((store) => store.users.findByName('alice'))
  expect(after?.frozenUntil ?? 0).toBeLessThan(later - 80_000)
})
