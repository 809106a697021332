import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { apiKey } from '../../../src/cli/api-key.ts'
import { runCli } from '../../../src/cli/index.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aConfigFile, LEAST } from '../config/files.ts'

let file: string
beforeEach(async () => {
  file = aConfigFile(`${LEAST}api: { applications: [{ id: shop }] }\n`)
  const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: true })
  await store.close()
})

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const context = {
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
    stdin: Readable.from([]),
    environment: { GATEHOUSE_CONFIG: file },
  }
  const code = await runCli(['api-key', ...args], context, [apiKey])
  return { code, out, err: err.join('\n') }
}

async function keys() {
  const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: false })
  const found = await store.apiKeys.list()
  await store.close()
  return found
}

describe('gatehouse api-key create', () => {
  it('makes a key for second factors, shown once, that lasts a year', async () => {
    const { code, out } = await run('create', 'shop')
    expect(code).toBe(0)
    expect(out[1]).toMatch(/^ghk_/)
    const [key] = await keys()
    expect(key).toMatchObject({ application: 'shop', scopes: ['2fa'], networks: [] })
    expect((key?.expiresAt ?? 0) - (key?.createdAt ?? 0)).toBe(365 * 86_400)
  })

  it('takes several scopes, each by itself or in a list', async () => {
    await run('create', 'shop', '--scope', '2fa.verify', '--scope', 'users,events')
    expect((await keys())[0]?.scopes).toEqual(['2fa.verify', 'users', 'events'])
  })

  it('makes keys for tests, which are apart from all others', async () => {
    const { out } = await run('create', 'shop', '--test')
    expect((await keys())[0]?.application).toBe('shop:test')
    expect(out.join(' ')).toContain('000000')
  })

  it.each([
    ['a scope that there is not', ['create', 'shop', '--scope', 'everything'], '2fa.verify'],
    ['an application that there is not', ['create', 'shoe'], 'shop'],
    ['the application of tests by its name', ['create', 'shop:test'], 'shop'],
    ['tests on the people who sign in here', ['create', 'gatehouse', '--test'], 'gatehouse'],
  ])('refuses %s, and says what there is', async (_, args, word) => {
    const { code, err } = await run(...args)
    expect(code).not.toBe(0)
    expect(err).toContain(word)
    expect(await keys()).toEqual([])
  })
})

it('the trail has who made and who revoked a key, and nothing that opens anything', async () => {
  const { out } = await run('create', 'shop', '--networks', '10.0.0.0/8')
  const [key] = await keys()
  await run('revoke', key?.id ?? '')
  const { store } = await openSqlite(loadConfig(file, {}).config.store, { create: false })
  const told = await store.events.list({ names: ['admin.*'] }, { limit: 9 })
  await store.close()
  const by = { by: 'command line', operator: expect.stringMatching(/./), key: key?.id }
  expect(told).toMatchObject([
    {
      name: 'admin.api_key_created',
      details: { ...by, application: 'shop', scopes: '2fa', networks: '10.0.0.0/8' },
    },
    { name: 'admin.api_key_revoked', details: { ...by, application: 'shop' } },
  ])
  expect(JSON.stringify(told)).not.toContain(out[1]?.slice(-43))
})

describe('gatehouse api-key revoke', () => {
  it('ends a key', async () => {
    await run('create', 'shop')
    const [key] = await keys()
    expect((await run('revoke', key?.id ?? '')).code).toBe(0)
    expect(await keys()).toEqual([])
  })
})
