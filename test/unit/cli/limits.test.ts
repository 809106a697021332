import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { runCli } from '../../../src/cli/index.ts'
import { limits } from '../../../src/cli/limits.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { createLimits } from '../../../src/login/limits.ts'
import type { Store } from '../../../src/store/contract.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aUser } from '../../support/builders.ts'
import { aConfigFile, LEAST } from '../config/files.ts'

let file: string
beforeEach(async () => {
  file = aConfigFile(LEAST)
  await withStore(async (store) => {
    await store.users.insert(aUser({ id: 'u1', name: 'alice' }))
    await store.users.insert(aUser({ id: 'u2', name: 'bob' }))
  })
})

async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: true })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const context = {
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    stdin: Readable.from(['']),
    environment: { GATEHOUSE_CONFIG: file },
  }
  const code = await runCli(['limits', ...args], context, [limits])
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** Wrong passwords for a user, as many as it takes to be slowed down and one more. */
const guessAt = (userId: string | undefined, address: string) =>
  withStore(async (store) => {
    const { limits: repository, devices } = store
    const key = new Uint8Array(32)
    const guesses = createLimits({ repository, devices, clock: systemClock, key })
    const guess = { userId, typedName: 'somebody', address, browserHash: new Uint8Array(32) }
    for (let count = 0; count < 11; count += 1) await guesses.beforePassword(guess)
    return guesses.beforePassword(guess)
  })

describe('gatehouse limits', () => {
  it('says so where nobody has to wait', async () => {
    expect(await run('list')).toEqual({ code: 0, out: 'Nobody is slowed down.', err: '' })
  })

  it('lists who has to wait, for what, since when and until when', async () => {
    expect(await guessAt('u1', '192.0.2.1')).toBeGreaterThan(0)
    expect(await guessAt(undefined, '192.0.2.2')).toBeGreaterThan(0)
    const { code, out } = await run('list')
    expect(code).toBe(0)
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`
    expect(out).toMatch(/^KIND +WHOM +STATE +SINCE +UNTIL +COUNT$/m)
    expect(out).toMatch(new RegExp(`^password +alice +slowed +${time} +${time} +10$`, 'm'))
    expect(out).toMatch(new RegExp(`^password +- +slowed +${time} +${time} +10$`, 'm'))
    expect(out).not.toContain('somebody')
    expect(out).not.toContain('192.0.2')
  })

  it('lets a user go on, and writes it down', async () => {
    await guessAt('u1', '192.0.2.1')
    await guessAt('u2', '192.0.2.2')
    expect(await run('clear', 'alice')).toMatchObject({ code: 0, out: 'alice: 1 count(s) emptied' })
    const { out } = await run('list')
    expect(out).not.toContain('alice')
    expect(out).toContain('bob')
    const events = await withStore((store) => store.events.listByUser('u1', ['user.changed'], 5))
    expect(events).toMatchObject([{ details: { what: 'limits', by: 'command line' } }])
  })

  it('lets an address go on, as it stands or as it is listed', async () => {
    const block = (address: string) =>
      withStore(async (store) => {
        const { limits: repository, devices } = store
        const deps = { repository, devices, clock: systemClock, key: new Uint8Array(32) }
        await createLimits(deps).penalize(address)
      })
    for (const whom of ['2001:db8::5', '2001:DB8:0:0:1::9', '2001:db8:0:0::/64']) {
      await block('2001:db8::1')
      expect((await run('list')).out).toContain('2001:db8:0:0::/64')
      expect((await run('clear', '192.0.2.1')).out).toContain('0 count(s)')
      expect((await run('clear', whom)).out).toContain('1 count(s)')
      expect((await run('list')).out).toBe('Nobody is slowed down.')
    }
  })

  it('lets everybody go on', async () => {
    await guessAt('u1', '192.0.2.1')
    await guessAt(undefined, '192.0.2.2')
    expect((await run('clear', '--all')).code).toBe(0)
    expect((await run('list')).out).toBe('Nobody is slowed down.')
    expect(await withStore((store) => store.limits.clear())).toBe(0)
  })

  it('knows nobody who is not there', async () => {
    expect(await run('clear', 'mallory')).toMatchObject({ code: 1 })
  })

  it.each([
    [],
    ['show'],
    ['clear'],
    ['clear', 'alice', '--all'],
    ['clear', 'alice', 'bob'],
    ['list', 'alice'],
    ['list', '--all'],
  ])('is asked for in one way: not as %s', async (...args) => {
    expect(await run(...args)).toMatchObject({ code: 2, out: '' })
  })
})
