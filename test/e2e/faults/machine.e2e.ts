import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPasswordHasher } from '../../../src/base/password.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aUser } from '../../support/builders.ts'
import { freePort } from '../../support/ports.ts'
import { createProgram, type Program, type Started } from '../../support/program.ts'
import { createVisitor, type Visitor } from '../../support/visitor.ts'

const PASSWORD = 'eleven green bottles'
const COST = { memoryKib: 19_456, passes: 1 }

let program: Program
let serving: Started
let port: number
let health: number
let path: string

/** The application behind the gateway; answers slowly when asked to. */
const application = createServer((request, response) => {
  const wait = request.url === '/slow' ? 800 : 0
  setTimeout(() => response.end('served'), wait)
})

beforeAll(async () => {
  ;[port, health] = [await freePort(), await freePort()]
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  const upstream = (application.address() as AddressInfo).port
  program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:${health}" }
login: { password: { memory_kib: ${COST.memoryKib}, passes: ${COST.passes} } }
routes:
  - host: localhost
    upstream: http://127.0.0.1:${upstream}
    rules: [{ paths: [/private], require: one_factor }, { require: bypass }]
store: { path: ./gatehouse.db }
`)
  path = join(program.folder, 'gatehouse.db')
  const { store, keyring } = await openSqlite({ path }, { create: true })
  const pepper = keyring('pepper')
  const hasher = createPasswordHasher({ cost: COST, pepper, concurrency: 2, queueLimit: 9 })
  await store.users.insert(aUser({ name: 'alice' }), await hasher.hash(PASSWORD))
  await store.close()
  serving = await program.start()
})
afterAll(async () => {
  await program.end()
  application.close()
})

const url = (page: string) => `http://localhost:${port}${page}`
const signIn = async (visitor: Visitor) => {
  await visitor.open(url(`/.gatehouse/login?rd=${encodeURIComponent(url('/private'))}`))
  return visitor.submit({ username: 'alice', password: PASSWORD })
}
const statusOf = async (visitor: Visitor, page: string) => (await visitor.get(url(page))).status
const healthOf = async (page: string) =>
  (await fetch(`http://127.0.0.1:${health}/health/${page}`)).status

const figureOf = async (row: string) => {
  const text = await (await fetch(`http://127.0.0.1:${health}/metrics`)).text()
  const line = text.split('\n').find((it) => it.startsWith(`${row} `))
  return Number(line?.slice(row.length))
}

describe('a database that another program holds', () => {
  it('signs nobody in, says when to come back, lets in who is, and is over when it is over', async () => {
    const inside = createVisitor(port)
    await signIn(inside)
    expect(await statusOf(inside, '/private')).toBe(200)
    const outside = createVisitor(port)
    await outside.open(url('/.gatehouse/login'))

    const other = new Database(path)
    other.exec('begin immediate')
    const underWay = outside.submit({ username: 'alice', password: PASSWORD })
    let waits = true
    void underWay.finally(() => {
      waits = false
    })
    let letIn = 0
    while (waits) {
      if ((await statusOf(inside, '/private')) === 200) letIn += 1
    }
    const refused = await underWay
    // Whoever is in does not feel that somebody waits.
    expect(letIn).toBeGreaterThan(20)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(outside.jar.has('gatehouse')).toBe(false)
    expect(await statusOf(inside, '/private')).toBe(200)
    expect(await statusOf(createVisitor(port), '/private')).not.toBe(200)
    expect(await healthOf('live')).toBe(200)
    expect(await figureOf('gatehouse_store_trouble_total{kind="busy"}')).toBeGreaterThan(0)
    other.exec('rollback')
    other.close()

    await signIn(outside)
    expect(await statusOf(outside, '/private')).toBe(200)
  })

  it('is waited for as long as it is held for a moment', async () => {
    const visitor = createVisitor(port)
    const other = new Database(path)
    await visitor.open(url(`/.gatehouse/login?rd=${encodeURIComponent(url('/private'))}`))
    other.exec('begin immediate')
    const underWay = visitor.submit({ username: 'alice', password: PASSWORD })
    await new Promise((resolve) => setTimeout(resolve, 500))
    other.exec('rollback')
    other.close()
    expect((await underWay).status).toBe(303)
    expect(await statusOf(visitor, '/private')).toBe(200)
  })
})

describe('no descriptor left', () => {
  it('crashes nothing, opens nothing, and is over when some are free again', async () => {
    const { pid } = serving
    const open = readdirSync(`/proc/${pid}/fd`).length
    const limit = (files: number) => spawnSync('prlimit', [`--pid=${pid}`, `--nofile=${files}:`])
    expect(limit(open + 20).status).toBe(0)
    const sockets: Socket[] = []
    for (let count = 0; count < 60; count += 1) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      sockets.push(socket)
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    const among = await Promise.race([
      statusOf(createVisitor(port), '/private').catch(() => 0),
      new Promise<number>((resolve) => setTimeout(() => resolve(0), 500)),
    ])
    expect(among).not.toBe(200)

    for (const socket of sockets) socket.destroy()
    limit(1024)
    await expect
      .poll(() => statusOf(createVisitor(port), '/open').catch(() => 0), { timeout: 5000 })
      .toBe(200)
    const visitor = createVisitor(port)
    await signIn(visitor)
    expect(await statusOf(visitor, '/private')).toBe(200)
    expect(await healthOf('ready')).toBe(200)
  })
})

describe('a stop in peace', () => {
  it('answers all that is under way, and takes nothing new', async () => {
    const visitor = createVisitor(port)
    const underWay = Array.from({ length: 20 }, () => statusOf(visitor, '/slow'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const ended = serving.stop()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await healthOf('ready').catch(() => 503)).toBe(503)
    expect(new Set(await Promise.all(underWay))).toEqual(new Set([200]))
    expect(await ended).toBe(0)
    expect(await statusOf(visitor, '/open').catch(() => 'refused')).toBe('refused')
  })

  it('comes also when it is asked for in the first moment', async () => {
    expect(await (await program.start()).stop()).toBe(0)
  })
})

describe('a database that is damaged', () => {
  it('is refused at the start, with the way back, and is not made anew', async () => {
    const raw = new Database(path)
    raw.pragma('wal_checkpoint(TRUNCATE)')
    const pages = Number(raw.pragma('page_count', { simple: true }))
    const size = Number(raw.pragma('page_size', { simple: true }))
    raw.close()
    const bytes = readFileSync(path)
    for (let page = 2; page < pages; page += 1) bytes.fill(0xff, page * size, page * size + 64)
    writeFileSync(path, bytes)
    const { code, err } = program.run(['serve'])
    expect(code).toBe(1)
    expect(err).toMatch(/damaged[\s\S]*backup/i)
    expect(err).not.toMatch(/setup\?token=/)
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })
})
