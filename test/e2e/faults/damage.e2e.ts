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
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Started } from '../../support/program.ts'
import { createVisitor, type Visitor } from '../../support/visitor.ts'
import { type House, openHouse } from './house.ts'

let house: House
let serving: Started
let path: string
let inside: Visitor

beforeEach(async () => {
  house = await openHouse({ people: ['alice'], secondFactor: false })
  path = house.path
  expect(house.program.run(['backup', `${path}.backup`])).toMatchObject({ code: 0 })
  serving = await house.program.start()
  inside = await house.signIn('alice')
  expect(await asks(inside)).toBe(200)
})
afterEach(() => house.end())

const asks = (visitor: Visitor, page?: string) => house.asks(visitor, page)
const told = (page: string) => house.told(page)

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

/** Nobody is let in, nothing is made anew, and it is said once. */
async function denies(): Promise<void> {
  await expect.poll(() => told('/health/ready'), { timeout: 10_000 }).toMatchObject({ status: 503 })
  expect((await told('/health/ready')).text).toMatch(/damaged/)
  expect(await told('/health/live')).toMatchObject({ status: 200 })
  const before = statSync(path, { throwIfNoEntry: false })
  for (let count = 0; count < 5; count += 1) {
    expect(await asks(inside)).toBe(503)
    const outside = await house.signIn('alice').catch(() => undefined)
    expect(outside?.jar.has('gatehouse') ?? false).toBe(false)
  }
  // What is open to everybody needs no database.
  expect(await asks(createVisitor(house.port), '/open')).toBe(200)
  expect((await told('/metrics')).text).toContain('gatehouse_store_trouble_total{kind="damaged"} 1')
  const lines = serving.output().split('\n')
  expect(lines.filter((line) => /"store\.trouble"/.test(line))).toHaveLength(1)
  expect(serving.output()).not.toMatch(/setup\?token=/)
  expect(statSync(path, { throwIfNoEntry: false })?.size).toBe(before?.size)

  await serving.stop()
  const again = house.program.run(['serve'])
  expect(again.code).toBe(1)
  expect(again.err).toMatch(/backup/)
  expect(again.err).not.toMatch(/setup\?token=/)
}

/** A backup in its place is all that it takes. */
async function isRestored(): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  renameSync(`${path}.backup`, path)
  serving = await house.program.start()
  expect(await told('/health/ready')).toMatchObject({ status: 200 })
  expect(await asks(await house.signIn('alice'))).toBe(200)
}

describe('a database that is damaged while the gateway runs', () => {
  it('lets nobody in when its pages are overwritten', async () => {
    // What is in the log still stands in for what is in the file: it has to be in the file.
    await serving.stop()
    serving = await house.program.start()
    breakPages()
    writeAnything()
    await house.signIn('alice').catch(() => undefined)
    await denies()
    await isRestored()
  })

  it('lets nobody in when it is cut off', async () => {
    truncateSync(path, 0)
    await denies()
  })

  it('lets nobody in when it is gone, and makes no new one', async () => {
    rmSync(path)
    await denies()
  })

  it('lets nobody in when another one is put in its place, until it is started with that', async () => {
    copyFileSync(`${path}.backup`, `${path}.other`)
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
