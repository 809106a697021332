import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { factor } from '../../../src/cli/factor.ts'
import { runCli } from '../../../src/cli/index.ts'
import { user } from '../../../src/cli/user.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { keptPass } from '../../../src/factors/pass/issue.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aConfigFile, LEAST } from '../config/files.ts'

let file: string
beforeEach(() => {
  file = aConfigFile(`${LEAST}login: { password: { memory_kib: 19456, passes: 1 } }\n`)
})

async function run(args: string[], input = '') {
  const [out, err]: [string[], string[]] = [[], []]
  const context = {
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    stdin: Readable.from([input]),
    environment: { GATEHOUSE_CONFIG: file },
  }
  const code = await runCli(args, context, [factor, user])
  return { code, out, err: err.join('\n') }
}

const addAlice = () => run(['user', 'add', 'alice'], 'eleven green bottles\n')

/** What is stored for alice. */
async function stored() {
  const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: false })
  const alice = await store.users.findByName('alice')
  const credentials = await store.credentials.listByUser(alice?.id ?? '')
  const events = await store.events.listByUser(alice?.id ?? '', ['factor.enrolled'], 10)
  await store.close()
  return { credentials, events }
}

describe('gatehouse factor pass', () => {
  it('shows a pass once, and keeps no more than its hash', async () => {
    await addAlice()
    const { code, out } = await run(['factor', 'pass', 'alice'])
    expect(code).toBe(0)
    expect(out[0]).toMatch(/^(\w{4}-){3}\w{4}$/)
    const { credentials, events } = await stored()
    expect(credentials).toMatchObject([{ kind: 'pass', state: 'active' }])
    expect(JSON.stringify(credentials)).not.toContain(out[0]?.replaceAll('-', ''))
    expect(events).toMatchObject([{ details: { kind: 'pass', by: 'command line' } }])
    expect((await run(['factor', 'list', 'alice'])).out.join('\n')).not.toContain(out[0])
  })

  it('lasts an hour, or as long as one says', async () => {
    await addAlice()
    for (const [args, seconds] of [
      [[], 3600],
      [['--ttl', '30m'], 1800],
      [['--ttl', '2d'], 172_800],
    ] as const) {
      const before = systemClock.now()
      await run(['factor', 'pass', 'alice', ...args])
      const after = systemClock.now()
      const [credential] = (await stored()).credentials
      const { until } = keptPass.parse(credential?.data)
      expect(until).toBeGreaterThanOrEqual(before + seconds)
      expect(until).toBeLessThanOrEqual(after + seconds)
    }
  })

  it('takes the place of the one before', async () => {
    await addAlice()
    await run(['factor', 'pass', 'alice'])
    const [former] = (await stored()).credentials
    await run(['factor', 'pass', 'alice'])
    const { credentials } = await stored()
    expect(credentials).toHaveLength(1)
    expect(credentials[0]?.id).not.toBe(former?.id)
  })

  it('is for people who may sign in', async () => {
    await addAlice()
    expect(await run(['factor', 'pass', 'eve'])).toMatchObject({ code: 1 })
    await run(['user', 'disable', 'alice'])
    expect(await run(['factor', 'pass', 'alice'])).toMatchObject({ code: 1 })
    expect((await stored()).credentials).toEqual([])
  })

  it.each([
    ['pass'],
    ['pass', 'alice', 'bob'],
    ['pass', 'alice', '--ttl', 'soon'],
    ['pass', 'alice', '--ttl', '0s'],
    ['pass', 'alice', '--ttl', '8d'],
    ['list', 'alice', '--ttl', '1h'],
    ['constructor', 'alice'],
  ])('is asked for in one way: not as %s', async (...args) => {
    await addAlice()
    expect(await run(['factor', ...args])).toMatchObject({ code: 2, out: [] })
    expect((await stored()).credentials).toEqual([])
  })
})

describe('gatehouse factor restore', () => {
  it('lets count again what was set aside, and nothing else', async () => {
    await addAlice()
    await run(['factor', 'pass', 'alice'])
    const [{ id = '', userId = '' } = {}] = (await stored()).credentials
    expect(await run(['factor', 'restore', 'alice', id])).toMatchObject({ code: 1 })
    const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: false })
    await store.credentials.contest(userId, 0, 1)
    await store.close()
    expect((await run(['factor', 'list', 'alice'])).out.join('\n')).toContain('set aside')
    expect(await run(['factor', 'restore', 'alice', id])).toMatchObject({ code: 0 })
    expect((await stored()).credentials).toMatchObject([{ id, state: 'active' }])
    expect(await run(['factor', 'restore', 'alice'])).toMatchObject({ code: 2 })
  })
})
