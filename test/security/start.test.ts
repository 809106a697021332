import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { runCli } from '../../src/cli/index.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { story } from './story.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Starts the gateway. What it does not refuse it would go on with, and this would never end. */
async function start(more: string): Promise<{ code: number; told: string }> {
  const file = join(folder, 'config.yaml')
  const least = ['portal: { url: https://auth.gw.test }', 'listen: 127.0.0.1:0']
  writeFileSync(file, `${least.join('\n')}\nhealth: { listen: 127.0.0.1:0 }\n${more}\n`)
  const told: string[] = []
  const code = await runCli(['serve', '--config', file], {
    print: (line) => told.push(line),
    printError: (line) => told.push(line),
    stdin: Readable.from([]),
    environment: {},
  })
  return { code, told: told.join('\n') }
}

const keyOf = (text: string): string => createHash('sha256').update(text).digest('base64')

describe('the gateway does not start', () => {
  story('XFW-011', 'with a list of proxies that is everybody', async () => {
    for (const network of ['0.0.0.0/0', '"::/0"', '128.0.0.0/1', '"::ffff:0:0/96"']) {
      const { code, told } = await start(`trusted_proxies: [127.0.0.1, ${network}]`)
      expect([network, code]).toEqual([network, 1])
      expect(told).toContain('trusted_proxies[1]')
    }
  })

  story('FCL-003', 'with a key that is missing, wrong, short or known', async () => {
    const file = join(folder, 'gatehouse.db')
    const { store } = await openSqlite({ path: file, key: keyOf('right') }, { create: true })
    await store.close()
    const keys = {
      wrong: keyOf('wrong'),
      short: Buffer.from('too short').toString('base64'),
      sentence: 'an example of a secret key that somebody typed, not of random bytes',
      zero: Buffer.alloc(32).toString('base64'),
      repeated: Buffer.from('changeit'.repeat(4)).toString('base64'),
    }
    for (const [kind, key] of Object.entries(keys)) {
      const { code, told } = await start(`store: { path: ./gatehouse.db, key: "${key}" }`)
      expect([kind, code]).toEqual([kind, 1])
      expect(told).toMatch(/\bkey\b/)
      expect(told).not.toContain(key)
      expect(told).not.toMatch(/^\s+at /m)
    }
    // There is none beside the database either, and then one that cannot be read.
    expect((await start('store: { path: ./gatehouse.db }')).code).toBe(1)
    mkdirSync(join(folder, 'gatehouse.key'))
    expect((await start('store: { path: ./gatehouse.db }')).code).toBe(1)
  })
})
