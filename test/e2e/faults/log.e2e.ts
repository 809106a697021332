import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createVisitor } from '../../support/visitor.ts'
import { type House, openHouse } from './house.ts'

let house: House
let pipe: string
beforeEach(async () => {
  house = await openHouse({ people: ['alice'], secondFactor: false })
  pipe = join(house.program.folder, 'log')
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
})
afterEach(() => house.end())

/** Whoever makes a pipe decides whether one that is full keeps a writer waiting, or tells it so. */
describe.each([
  ['keeps writers waiting', constants.O_RDWR],
  ['turns writers away', constants.O_RDWR | constants.O_NONBLOCK],
])('a log that nobody reads, whose pipe %s when it is full', (_, mode) => {
  it('keeps nobody else waiting, and goes on when somebody reads again', async () => {
    const ours = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    fill(ours)
    const theirs = openSync(pipe, mode)
    const serving = house.program.startInto(theirs)
    closeSync(theirs)
    await expect
      .poll(() => house.told('/health/ready').catch(() => 0), { timeout: 20_000 })
      .toMatchObject({ status: 200 })

    // Each of these is worth a line or more.
    const alice = await house.signIn('alice')
    for (let count = 0; count < 20; count += 1) {
      expect(await house.asks(alice)).toBe(200)
      expect(await house.asks(createVisitor(house.port))).toBe(302)
    }
    expect(await house.told('/health/live')).toMatchObject({ status: 200 })

    let read = ''
    await expect
      .poll(
        () => {
          read += drain(ours)
          return read
        },
        { timeout: 20_000 },
      )
      .toMatch(/gateway: listening[\s\S]*login\.succeeded/)
    expect(await serving.stop()).toBe(0)
    closeSync(ours)
  })
})

const BLOCK = Buffer.alloc(4096, ' ')

function fill(fd: number): void {
  try {
    for (;;) writeSync(fd, BLOCK)
  } catch (cause) {
    expect(cause).toMatchObject({ code: 'EAGAIN' })
  }
}

function drain(fd: number): string {
  const bytes = Buffer.alloc(65_536)
  let text = ''
  try {
    for (;;) text += bytes.toString('utf8', 0, readSync(fd, bytes))
  } catch (cause) {
    expect(cause).toMatchObject({ code: 'EAGAIN' })
  }
  return text
}
