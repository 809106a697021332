import {
  closeSync,
  copyFileSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
let inside: Visitor

beforeEach(async () => {
  ;[port, health] = [await freePort(), await freePort()]
  program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
trusted_proxies: [127.0.0.1]
health: { listen: "127.0.0.1:${health}" }
login: { password: { memory_kib: ${COST.memoryKib}, passes: ${COST.passes} } }
routes:
  - host: localhost
    rules: [{ paths: [/private], require: one_factor }, { require: bypass }]
store: { path: ./gatehouse.db }
`)
  path = join(program.folder, 'gatehouse.db')
  const { store, keyring } = await openSqlite({ path }, { create: true })
  const pepper = keyring('pepper')
  const hasher = createPasswordHasher({ cost: COST, pepper, concurrency: 2, queueLimit: 9 })
  await store.users.insert(aUser({ name: 'alice' }), await hasher.hash(PASSWORD))
  await store.close()
  expect(program.run(['backup', join(program.folder, 'backup.db')])).toMatchObject({ code: 0 })
  serving = await program.start()
  inside = createVisitor(port)
  await signIn(inside)
  expect(await asks(inside)).toBe(200)
})
afterEach(() => program.end())

async function signIn(visitor: Visitor) {
  await visitor.open(`http://localhost:${port}/.gatehouse/login`)
  return visitor.submit({ username: 'alice', password: PASSWORD })
}

/** What a proxy hears about somebody. */
const asks = async (visitor: Visitor, page = '/private') =>
  (
    await visitor.get(`http://localhost:${port}/api/authz/forward-auth`, {
      headers: {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': `localhost:${port}`,
        'x-forwarded-uri': page,
      },
    })
  ).status

const told = async (page: string) => {
  const answer = await fetch(`http://127.0.0.1:${health}${page}`)
  return { status: answer.status, text: await answer.text() }
}

/** Whatever else the pages of the file say now, they are no pages. */
function breakPages(): void {
  const page = 4096
  const file = openSync(path, 'r+')
  for (let at = page; at < statSync(path).size; at += page) {
    writeSync(file, Buffer.alloc(64, 0xff), 0, 64, at)
  }
  closeSync(file)
}

/** Another process writes, so that nothing is answered from memory any more. */
function writeAnything(): void {
  const raw = new Database(path)
  raw.pragma(`user_version = ${raw.pragma('user_version', { simple: true })}`)
  raw.close()
}

/** Nobody is let in, nothing is made anew, it is said once, and a restored database is all that it takes. */
async function deniesUntilRestored(): Promise<void> {
  await expect.poll(() => told('/health/ready'), { timeout: 10_000 }).toMatchObject({ status: 503 })
  expect((await told('/health/ready')).text).toMatch(/damaged/)
  expect(await told('/health/live')).toMatchObject({ status: 200 })
  const before = statSync(path, { throwIfNoEntry: false })
  for (let count = 0; count < 5; count += 1) {
    expect(await asks(inside)).toBe(503)
    const outside = createVisitor(port)
    await signIn(outside).catch(() => undefined)
    expect(outside.jar.has('gatehouse')).toBe(false)
    expect(await asks(outside)).not.toBe(200)
  }
  // What is open to everybody needs no database.
  expect(await asks(createVisitor(port), '/open')).toBe(200)
  expect((await told('/metrics')).text).toContain('gatehouse_store_trouble_total{kind="damaged"} 1')
  const lines = serving.output().split('\n')
  expect(lines.filter((line) => /"store\.trouble"/.test(line))).toHaveLength(1)
  expect(serving.output()).not.toMatch(/setup\?token=/)
  expect(statSync(path, { throwIfNoEntry: false })?.size).toBe(before?.size)

  await serving.stop()
  const again = program.run(['serve'])
  expect(again.code).toBe(1)
  expect(again.err).toMatch(/backup/)
  expect(again.err).not.toMatch(/setup\?token=/)

  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  renameSync(join(program.folder, 'backup.db'), path)
  serving = await program.start()
  expect(await told('/health/ready')).toMatchObject({ status: 200 })
  const visitor = createVisitor(port)
  await signIn(visitor)
  expect(await asks(visitor)).toBe(200)
}

describe('a database that is damaged while the gateway runs', () => {
  it('lets nobody in when its pages are overwritten', async () => {
    // What is in the log still stands in for what is in the file: it has to be in the file.
    await serving.stop()
    serving = await program.start()
    breakPages()
    writeAnything()
    await signIn(createVisitor(port)).catch(() => undefined)
    await deniesUntilRestored()
  })

  it('lets nobody in when it is cut off', async () => {
    truncateSync(path, 0)
    await deniesUntilRestored()
  })

  it('lets nobody in when it is gone, and makes no new one', async () => {
    rmSync(path)
    await deniesUntilRestored()
  })

  it('lets nobody in when another one is put in its place, until it is started with that', async () => {
    copyFileSync(join(program.folder, 'backup.db'), `${path}.other`)
    renameSync(`${path}.other`, path)
    await expect
      .poll(() => told('/health/ready'), { timeout: 10_000 })
      .toMatchObject({
        status: 503,
        text: expect.stringMatching(/another file/),
      })
    expect(await asks(inside)).toBe(503)
    expect(await serving.stop()).toBe(0)
  })
})
