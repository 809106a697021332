import type { Socket } from 'node:net'
import { afterEach, describe, expect } from 'vitest'
import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { openKeptUpstream, type PlainUpstream } from '../support/plain-upstream.ts'
import { type Fixture, type FixtureOptions, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture | undefined
let upstream: PlainUpstream | undefined
afterEach(async () => {
  await fixture?.close()
  upstream?.close()
  upstream = undefined
})

async function open(options: FixtureOptions = {}): Promise<Fixture> {
  fixture = await openFixture(options)
  return fixture
}

/** A log that keeps the errors, as a list of their sentences. */
function keepingErrors(): { log: Log; errors: string[] } {
  const errors: string[] = []
  return { log: { ...silentLog, error: (_, message) => void errors.push(message) }, errors }
}

const CLIENTS = 20
const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

const DAY = 86_400

describe('a fault in the middle of a decision', () => {
  story('FCL-001', 'ends in a no for the one it is about, and nobody else notices', async () => {
    const { log, errors } = keepingErrors()
    const gate = await open({ log })
    const carol = await gate.resolve('COOKIE:carol:aal2')
    const alice = await gate.resolve('COOKIE:alice:aal2')
    gate.tamper(`UPDATE user SET groups = '["admins"' WHERE name = ?`, 'carol')
    gate.recorder.clear()

    const answers = await times(CLIENTS, async () => [
      (await gate.ask('admin.gw.test', '/', carol)).status,
      (await gate.ask('app.gw.test', '/', alice)).status,
      (await gate.ask('open.gw.test', '/', '')).status,
    ])
    expect(answers).toEqual(answers.map(() => [503, 200, 200]))
    const hosts = gate.recorder
      .messages()
      .flatMap(({ headers }) =>
        headers.filter(([name]) => name === 'Host').map(([, value]) => value),
      )
    expect(hosts.filter((host) => host === 'admin.gw.test')).toEqual([])
    expect(errors).toHaveLength(CLIENTS)
  })

  story('FCL-008', 'fails one request alone, whenever it comes', async () => {
    // The application breaks off where its answer has begun.
    upstream = await openKeptUpstream((socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.destroy())
    })
    const gate = await open({ elsewhere: { b: Number(new URL(upstream.origin).port) } })
    const alice = await gate.resolve('COOKIE:alice:aal2')
    const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status)
    const alike = (status: number) => Array.from({ length: CLIENTS }, () => status)

    // At once: the look-up throws.
    const mendSessions = gate.breakStore()
    const thrown = await times(CLIENTS, () => gate.ask('app.gw.test', '/', alice))
    expect(statuses(thrown)).toEqual(alike(503))
    mendSessions()

    // Later: who is there cannot be signed.
    gate.clock.advance(600)
    const mendKeys = gate.breakStore('signing_key')
    const rejected = await times(CLIENTS, () => gate.ask('app.gw.test', '/', alice))
    expect(statuses(rejected)).toEqual(alike(503))
    expect(gate.recorder.messages()).toEqual([])
    mendKeys()

    // Too late to say anything.
    const broken = await times(CLIENTS, () => gate.ask('b.gw.test', '/', alice))
    expect(broken.map(({ answers, closed }) => [answers, closed])).toEqual(
      broken.map(() => [0, true]),
    )
    expect(statuses(await times(CLIENTS, () => gate.ask('app.gw.test', '/', alice)))).toEqual(
      alike(200),
    )
  })

  story('FCL-009', 'of the clock revives nothing and opens nothing', async () => {
    for (const jump of [-3_600, 3_600, 3_650 * DAY]) {
      const gate = await open()
      const over = await gate.resolve('COOKIE:alice:aal2')
      gate.clock.advance(gate.config.session.idle)
      expect((await gate.ask('app.gw.test', '/', over)).status).toBe(401)
      const blocked = await blockedBrowser(gate)

      // Somebody else, from elsewhere, uses a code.
      const code = gate.code('bob')
      const answerCode = async () => {
        const elsewhere = gate.browser(gate.trustedPort, [['X-Forwarded-For', '192.0.2.9']])
        return (await elsewhere.submit(await gate.toCode(elsewhere, 'bob'), { code })).status
      }
      expect(await answerCode()).toBe(303)

      gate.clock.advance(jump)
      expect([jump, (await gate.ask('app.gw.test', '/', over)).status]).toEqual([jump, 401])
      expect([jump, await answerCode()]).toEqual([jump, 401])
      // Forward, the time of the block has passed; back, it has not.
      if (jump < 0) expect(await blocked()).toBe(429)

      // And back to what is right: what is over is over, what was used is used.
      gate.clock.advance(-jump)
      expect((await gate.ask('app.gw.test', '/', over)).status).toBe(401)
      expect(await answerCode()).toBe(401)
      // Asked while the clock was behind, the block was given its length anew, and that hour is over now.
      if (jump > 0) expect(await blocked()).toBe(429)
      await gate.close()
      fixture = undefined
    }
  })
})

/** Guesses until its address may not guess any more. @returns One more guess. */
async function blockedBrowser(gate: Fixture): Promise<() => Promise<number>> {
  const browser = gate.browser()
  const page = await browser.get('https://auth.gw.test/login')
  const guess = async () =>
    (await browser.submit(page, { username: 'mallory', password: 'wrong' })).status
  for (let count = 0; count < 70; count += 1) {
    await guess()
    gate.clock.advance(5)
  }
  return guess
}
