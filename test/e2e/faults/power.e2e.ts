import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { has } from '../../support/has.ts'
import type { Started } from '../../support/program.ts'
import { type House, openHouse } from './house.ts'

/** More for whoever has the time: `POWER_CUTS=200`. */
const CUTS = Number(process.env.POWER_CUTS ?? 5)
const PEOPLE_A_CUT = 4
const CUT_MS = 10_000

const nameOf = (index: number) => `person${index}`

/** Containers and hardened machines may forbid it to look into other programs. */
const canTrace = () =>
  has('strace') &&
  process.getuid?.() === 0 &&
  spawnSync('strace', ['-q', '-o', '/dev/null', 'true']).status === 0

/** Stands between the program and its disk until it is let go. */
async function trace(pid: number, folder: string, ...more: string[]) {
  const file = join(folder, 'calls')
  const of = ['-f', '-p', String(pid), '-e', 'trace=fdatasync,fsync', '-o', file, ...more]
  const strace = spawn('strace', of, { stdio: ['ignore', 'ignore', 'pipe'] })
  await once(strace.stderr, 'data')
  return {
    calls: () => readFileSync(file, 'utf8').match(/f(data)?sync\(/g)?.length ?? 0,
    async letGo() {
      strace.kill('SIGINT')
      await once(strace, 'exit')
    },
  }
}

describe.runIf(canTrace())('what is said to be done', () => {
  let house: House
  let serving: Started
  beforeAll(async () => {
    house = await openHouse({ people: ['alice', 'bob'] })
    serving = await house.program.start()
  })
  afterAll(() => house.end())

  it('has reached the disk, not only its cache', async () => {
    const alice = await house.toCode('alice')
    const disk = await trace(serving.pid, house.program.folder)
    const before = disk.calls()
    await alice.submit({ code: await house.codeOf('alice') })
    expect(await house.asks(alice)).toBe(200)
    // The used code and the session, each before its answer.
    expect(disk.calls()).toBeGreaterThanOrEqual(before + 2)
    await disk.letGo()
  })

  it('is not said where the disk fails at it, and no code is lost by that', async () => {
    const bob = await house.toCode('bob')
    const { page, url } = bob
    const code = await house.codeOf('bob')
    const disk = await trace(
      serving.pid,
      house.program.folder,
      ...['-e', 'inject=fdatasync,fsync:error=EIO'],
    )
    const failed = await bob.submit({ code })
    expect([failed.status, bob.jar.has('gatehouse')]).toEqual([503, false])
    await disk.letGo()
    expect((await house.told('/metrics')).text).toMatch(/trouble_total\{kind="failing"\} [1-9]/)

    Object.assign(bob, { page, url })
    await bob.submit({ code })
    expect(await house.asks(bob)).toBe(200)
  })
})

describe('the disk as it is at a random moment under load', () => {
  let house: House
  let serving: Started
  beforeAll(async () => {
    house = await openHouse({
      people: Array.from({ length: CUTS * PEOPLE_A_CUT }, (_, index) => nameOf(index)),
    })
    serving = await house.program.start()
  })
  afterAll(() => house.end())

  /** Copies what a machine finds that loses its power in this moment: nobody writes meanwhile. */
  function copyDisk(folder: string): string {
    const copy = join(folder, 'gatehouse.db')
    mkdirSync(folder)
    process.kill(serving.pid, 'SIGSTOP')
    try {
      copyFileSync(house.path, copy)
      if (existsSync(`${house.path}-wal`)) copyFileSync(`${house.path}-wal`, `${copy}-wal`)
    } finally {
      process.kill(serving.pid, 'SIGCONT')
    }
    copyFileSync(house.path.replace(/db$/, 'key'), copy.replace(/db$/, 'key'))
    return copy
  }

  it(
    'holds all that was said to be done: used codes, sessions, and a trail that is whole',
    async () => {
      let acknowledged = 0
      for (let cut = 0; cut < CUTS; cut += 1) {
        const group = Array.from({ length: PEOPLE_A_CUT }, (_, at) =>
          nameOf(cut * PEOPLE_A_CUT + at),
        )
        const signedIn: string[] = []
        const load = group.map(async (name) => {
          const visitor = await house.signIn(name)
          if (visitor.jar.has('gatehouse')) signedIn.push(name)
        })
        await Promise.race(load)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50))
        const before = [...signedIn]
        const copy = copyDisk(join(dirname(house.path), `cut${cut}`))
        await Promise.all(load)

        const { store } = await openSqlite({ path: copy }, { create: false })
        for (const name of before) {
          const user = await store.users.findByName(name)
          const [credential] = await store.credentials.listByUser(user?.id ?? '')
          // The step whose code was used: no code of it, or before it, is good again.
          expect(credential?.data).toMatchObject({ lastStep: expect.any(Number) })
          expect(await store.sessions.listByUser(user?.id ?? '')).toHaveLength(1)
        }
        expect(await store.events.verify()).toMatchObject({ faults: [] })
        await store.close()
        acknowledged += before.length
      }
      expect(acknowledged).toBeGreaterThanOrEqual(CUTS)
    },
    CUTS * CUT_MS,
  )
})
