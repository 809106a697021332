import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { story } from '../../security/story.ts'
import { has } from '../../support/has.ts'
import type { Visitor } from '../../support/visitor.ts'
import { type House, openHouse } from './house.ts'

const HOUR = 3_600
const TEN_YEARS = 3_650 * 86_400
const OFFSET_FILE = join(tmpdir(), `gatehouse-clock-${process.pid}`)

/** The library that stands between a program and the machine's clock. */
const library = () =>
  spawnSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).stdout

describe.runIf(has('faketime'))('a clock that is set while the gateway runs', () => {
  let house: House
  let alice: Visitor

  beforeAll(async () => {
    setClock(0)
    house = await openHouse({
      people: ['alice', 'bob', 'carol', 'dan'],
      yaml: 'workers: 2',
      environment: {
        LD_PRELOAD: library().trim(),
        FAKETIME_TIMESTAMP_FILE: OFFSET_FILE,
        FAKETIME_NO_CACHE: '1',
        // The machine's other clock never jumps either.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    })
    await house.program.start()
    alice = await house.signIn('alice')
  })
  afterAll(() => house.end())

  /** By how many seconds the gateway's clock is wrong. */
  const setClock = (seconds: number) => {
    const sign = seconds < 0 ? '-' : '+'
    writeFileSync(OFFSET_FILE, `${sign}${Math.abs(seconds)}`)
  }
  const epoch = (offset: number) => Math.floor(Date.now() / 1000) + offset
  const isReady = async () => (await house.told('/health/ready')).status
  const isIn = async (visitor: Visitor) => (await house.asks(visitor)) === 200

  /** Somebody comes who sees the same wrong time. */
  async function comesAt(name: string, offset: number): Promise<Visitor> {
    const visitor = await house.toCode(name)
    await visitor.submit({ code: await house.codeOf(name, epoch(offset)) })
    return visitor
  }

  story(
    'FCL-009',
    'revives nothing, and keeps nobody out for longer than it is wrong',
    async () => {
      expect(await isIn(alice)).toBe(true)
      const used = await house.codeOf('alice')
      const bob = await house.toCode('bob')

      setClock(HOUR)
      expect(await isReady()).toBe(200)
      expect(await isIn(alice)).toBe(false)
      await bob.submit({ code: await house.codeOf('bob', epoch(HOUR)) })
      expect(await isIn(bob)).toBe(false)
      const carol = await comesAt('carol', HOUR)
      expect(await isIn(carol)).toBe(true)

      // Set right again: what was begun in the future is over, and what was used stays used.
      setClock(0)
      expect(await isReady()).toBe(200)
      expect(await isIn(carol)).toBe(false)
      const again = await house.toCode('alice')
      await again.submit({ code: used })
      expect(await isIn(again)).toBe(false)

      setClock(-HOUR)
      expect(await isReady()).toBe(200)
      expect(await isIn(carol)).toBe(false)
      const early = await house.toCode('alice')
      await early.submit({ code: used })
      expect(await isIn(early)).toBe(false)

      setClock(TEN_YEARS)
      expect(await isReady()).toBe(200)
      expect(await isIn(alice)).toBe(false)
      const dan = await comesAt('dan', TEN_YEARS)
      expect(await isIn(dan)).toBe(true)

      setClock(0)
      expect(await isIn(dan)).toBe(false)
      const now = await comesAt('bob', 0)
      expect(await isIn(now)).toBe(true)
      // Nothing was taken for old, and the rows hold although their times go to and fro.
      const trail = house.program.run(['audit', 'verify'])
      expect(trail).toMatchObject({ code: 0 })
      const events = house.program.run(['audit', 'list', '--event', 'login.succeeded']).out
      expect(events.trim().split('\n')).toHaveLength(1 + ['alice', 'carol', 'dan', 'bob'].length)
    },
  )
})
