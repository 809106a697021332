import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fact } from '../../../src/audit/record.ts'
import { OperatorError } from '../../../src/base/errors.ts'
import type { LogFields } from '../../../src/base/log.ts'
import { createReloader, type InForce, type ReloaderDeps } from '../../../src/cli/reloader.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { aUser } from '../../support/builders.ts'

let folder: string
let file: string
let lines: { level: string; fields: LogFields; message: string }[]
let applied: InForce[]
let watched: readonly string[]
let facts: Fact[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-reload-'))
  file = join(folder, 'config.yaml')
  lines = []
  applied = []
  watched = []
  facts = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const SECRET = randomBytes(32).toString('base64')
const PORTAL = 'portal: { url: https://auth.example.com }\n'
const route = (host: string, rule: string) => `  - { host: ${host}, rules: [${rule}] }\n`
const WIKI = `${PORTAL}routes:\n${route('wiki.example.com', '{ require: two_factor }')}`

const write = (yaml: string) => writeFileSync(file, yaml, { mode: 0o600 })
const load = () => loadConfig(file, {})
const line = (level: string) => (fields: LogFields, message: string) =>
  void lines.push({ level, fields, message })

function aReloader(given: Partial<ReloaderDeps> = {}) {
  write(WIKI)
  return createReloader({
    first: load(),
    load,
    apply: async (next) => void applied.push(next),
    users: async () => [aUser({ name: 'alice' }), aUser({ name: 'bob', groups: ['admins'] })],
    watch: (files) => {
      watched = files
    },
    record: (fact) => void facts.push(fact),
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    ...given,
  })
}

const names = () => facts.map(({ name }) => name)
const told = (event: string) => lines.find(({ fields }) => fields.event === event)?.fields

describe('a reload', () => {
  it('puts what stands in the file in force, under the next number', async () => {
    const reloader = aReloader()
    write(`${WIKI}${route('blog.example.com', '{ require: bypass }')}`)
    await reloader.reload()
    expect(applied.map(({ policy }) => policy)).toEqual([2])
    expect(reloader.current().config.routes.map(({ host }) => host)).toEqual([
      'wiki.example.com',
      'blog.example.com',
    ])
    expect(facts).toEqual([{ name: 'config.reloaded', details: { policy: 2 } }])
    expect(told('access.changed')).toMatchObject({
      host: 'blog.example.com',
      change: 'added',
      gains: ['anybody, alice, bob: /'],
    })
  })

  it('hands on a source of which another process makes the same', async () => {
    const { configOf } = await import('../../../src/config/load.ts')
    const reloader = aReloader()
    write(`${WIKI}session: { idle: 5m }\n`)
    await reloader.reload()
    const [next] = applied
    const source = structuredClone(next?.source ?? { values: {}, folder: '' })
    expect(JSON.stringify(configOf(source))).toBe(JSON.stringify(next?.config))
    expect(next?.config.session.idle).toBe(300)
  })

  it.each([
    ['a broken file', 'portal: { url: [\n'],
    ['an unknown key', `${WIKI}sesion: {}\n`],
    ['a host that stands twice', `${WIKI}${route('wiki.example.com', '{ require: deny }')}`],
    ['nothing at all', ''],
  ])('keeps the last good one when it finds %s', async (_, yaml) => {
    const reloader = aReloader()
    write(yaml)
    await reloader.reload()
    expect(applied).toEqual([])
    expect(reloader.current().policy).toBe(1)
    expect(names()).toEqual(['config.refused'])
    const faults = lines.filter(({ message }) => message === 'configuration: fault')
    expect(faults.length).toBeGreaterThan(0)
    expect(String(faults[0]?.fields.at)).toContain(file)
  })

  it('keeps the last good one when the file is gone, and when one of its tests fails', async () => {
    const reloader = aReloader()
    write(`${WIKI}tests:\n  - { url: https://wiki.example.com/, expect: allow }\n`)
    await reloader.reload()
    expect(lines.map(({ fields }) => fields.at)).toContain(`${file}:5:5`)
    rmSync(file)
    await reloader.reload()
    expect(applied).toEqual([])
    expect(names()).toEqual(['config.refused', 'config.refused'])
  })

  it('keeps the last good one when the new one cannot be put in force', async () => {
    const reloader = aReloader({
      apply: () => Promise.reject(new OperatorError('portal.logo: /logo.svg cannot be read.')),
    })
    write(PORTAL)
    await reloader.reload()
    expect(reloader.current().config.routes).toHaveLength(1)
    expect(names()).toContain('config.refused')
  })

  it('leaves alone what only a start can change, and says so by name', async () => {
    const reloader = aReloader()
    const moved = 'listen: 127.0.0.1:1\nhealth: { listen: 127.0.0.1:2 }\n'
    write(`${WIKI}${moved}store: { path: ./other.db }\nsession: { idle: 5m }\n`)
    await reloader.reload()
    const warned = lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.key)
    expect(warned).toEqual(['listen', 'health.listen', 'store.path'])
    const { config } = reloader.current()
    expect(config).toMatchObject({
      listen: [{ address: { port: 9091 } }],
      health: { listen: { port: 9092 } },
      session: { idle: 300 },
    })
    expect(config.store.path).not.toContain('other')
  })

  it('looks after the secret files too, even after one that is missing', async () => {
    const reloader = aReloader()
    write(`${WIKI}store: { key: { file: ./key } }\n`)
    await reloader.reload()
    expect(names()).toContain('config.refused')
    expect(watched).toEqual([file, join(folder, 'key')])
    // A valid one, though the running store goes on with its own.
    writeFileSync(join(folder, 'key'), SECRET, { mode: 0o600 })
    await reloader.reload()
    expect(reloader.current().policy).toBe(2)
    expect(lines.map(({ fields }) => fields.key)).toContain('store.key')
    expect(reloader.current().config.store.key).toBeUndefined()
    expect(JSON.stringify(lines)).not.toContain(SECRET)
  })

  it('makes one of several wishes, and loses none', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const reloader = aReloader({
      apply: async (next) => {
        applied.push(next)
        if (applied.length === 1) await held
      },
    })
    const all = [reloader.reload(), reloader.reload(), reloader.reload()]
    write(PORTAL)
    release()
    await Promise.all(all)
    expect(applied.map(({ policy }) => policy)).toEqual([2, 3])
    expect(reloader.current().config.routes).toEqual([])
  })
})
