import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, vi } from 'vitest'
import { newKeyToken } from '../../src/api/keys.ts'
import { openKeptUpstream, type PlainUpstream, until } from '../support/plain-upstream.ts'
import { send, sendRaw } from '../support/raw.ts'
import { expand, loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, type FixtureOptions, openFixture } from './fixture.ts'
import { story } from './story.ts'
import { askWebSocket } from './web-socket.ts'

const PORTAL = 'https://auth.gw.test'
const MIB = 1024 * 1024

let fixture: Fixture | undefined
let upstream: PlainUpstream | undefined
afterEach(async () => {
  vi.useRealTimers()
  await fixture?.close()
  upstream?.close()
  upstream = undefined
})

async function open(options: FixtureOptions = {}): Promise<Fixture> {
  fixture = await openFixture(options)
  return fixture
}

/** A gateway whose host `b` leads to an application that behaves as told. */
async function openBefore(onHead: (socket: Socket, head: string) => void): Promise<Fixture> {
  upstream = await openKeptUpstream(onHead)
  return open({ elsewhere: { b: Number(new URL(upstream.origin).port) } })
}

/** Everybody else is served as ever. */
async function expectOthersServed(gate: Fixture): Promise<void> {
  const cookie = await gate.resolve('COOKIE:bob:aal2')
  expect((await gate.ask('app.gw.test', '/', cookie)).status).toBe(200)
  expect((await gate.ask('auth.gw.test', '/login', '')).status).toBe(200)
}

const FORM = 'application/x-www-form-urlencoded'
const formHead = (lines: readonly string[]) =>
  `${['POST /login HTTP/1.1', 'Host: auth.gw.test', `Origin: ${PORTAL}`, `Content-Type: ${FORM}`, ...lines].join('\r\n')}\r\n\r\n`

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Connects and says something; what comes back is not read. */
function said(port: number, text: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(text)
  return socket
}

describe('the gateway serves everybody else', () => {
  story('DOS-002', 'while forms and uploads come drop by drop', async () => {
    const gate = await openBefore(() => undefined)
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    const slow = times(50, () =>
      said(
        gate.port,
        `POST / HTTP/1.1\r\nHost: b.gw.test\r\nCookie: ${cookie}\r\nContent-Length: 9999\r\n\r\na`,
      ),
    )
    await expectOthersServed(gate)

    // A form comes at once, or it is not waited for.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answers = times(50, () =>
      sendRaw(gate.port, `${formHead(['Content-Length: 99'])}a`, { timeoutMs: 60_000 }),
    )
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    while (gate.connections() < slow.length + answers.length) await turn()
    for (let turns = 0; turns < 500; turns += 1) await turn()
    vi.advanceTimersByTime(15_000)
    for (const socket of slow) socket.destroy()
    vi.useRealTimers()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual(times(50, () => 408))
  })

  story('DOS-003', 'while many do not read what they asked for', async () => {
    // More than the system holds for a connection.
    const size = 40 * MIB
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const gate = await openBefore((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      let written = 0
      const more = () => {
        while (written < size) {
          written += chunk.length
          if (!socket.write(chunk)) return void socket.once('drain', more)
        }
      }
      more()
    })
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    const before = process.memoryUsage().rss
    const asked = `GET / HTTP/1.1\r\nHost: b.gw.test\r\nCookie: ${cookie}\r\n\r\n`
    const readers = times(50, () => said(gate.port, asked).pause())
    await until(() => upstream?.sockets.length === readers.length, 15_000)
    await expectOthersServed(gate)
    // Two gigabytes were asked for.
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB)
    for (const reader of readers) reader.destroy()
    await until(() => upstream?.sockets.every(({ destroyed }) => destroyed) ?? false, 15_000)
  })

  story('DOS-006', 'while somebody sends a form of a hundred megabytes', async () => {
    const gate = await open()
    const huge = 100 * MIB
    const some = 'a'.repeat(MIB)
    const chunked = `100000\r\n${some}\r\n`
    const status = async (head: string[], body: string) =>
      (await sendRaw(gate.port, formHead(head) + body)).status
    expect(await status([`Content-Length: ${huge}`], some)).toBe(413)
    expect(await status(['Transfer-Encoding: chunked'], chunked)).toBe(411)
    // Says less than it sends: what is too much is the beginning of another request.
    expect(await status(['Content-Length: 10'], some)).toBeOneOf([400, 403])
    await expectOthersServed(gate)
  })

  story('DOS-007', 'while somebody sends what is hard to read', async () => {
    const gate = await open()
    const browser = gate.browser()
    const page = await browser.get(`${PORTAL}/login`)
    const keys = Object.fromEntries(times(2_000, (index) => [`k${index}`, '']))
    for (const fields of [
      keys,
      { '__proto__[admin]': '1' },
      { 'constructor[prototype][x]': '1' },
    ]) {
      const answer = await browser.submit(page, { ...fields, username: 'alice', password: 'wrong' })
      expect(answer.status).toBeOneOf([401, 413])
    }
    for (const body of [
      '['.repeat(15_000),
      '{"a":'.repeat(2_500),
      `{"__proto__":{"admin":true}}`,
    ]) {
      const headers = [
        ['Content-Type', 'application/json'],
        ['Origin', PORTAL],
      ] as const
      const answer = await send(gate.port, {
        method: 'POST',
        host: 'auth.gw.test',
        path: '/login',
        headers,
        body,
      })
      expect(answer.status).toBe(415)
    }
    expect(({} as Record<string, unknown>).admin).toBeUndefined()
    await expectOthersServed(gate)
  })

  story(
    'DOS-008',
    'while hundreds of passwords wait to be checked',
    async () => {
      const gate = await open({ password: { memory_kib: 16_384, passes: 3, queue: 2 } })
      const browsers = await Promise.all(
        times(100, async (index) => {
          const from = [['X-Forwarded-For', `192.0.2.${index}`]] as const
          const browser = gate.browser(gate.trustedPort, from)
          return { browser, page: await browser.get(`${PORTAL}/login`) }
        }),
      )
      const guesses = browsers.map(({ browser, page }, index) =>
        browser.submit(page, { username: `nobody${index}`, password: 'x'.repeat(200) }),
      )
      const answers = await Promise.all(guesses)
      const refused = answers.filter(({ status }) => status === 503)
      expect(answers.filter(({ status }) => status !== 503 && status !== 401)).toEqual([])
      // As many may wait as the configuration says, and each of the others is told when to come again.
      expect(refused.length).toBeGreaterThan(0)
      expect(refused.filter((answer) => answer.all('retry-after').length !== 1)).toEqual([])
      const long = await sendRaw(
        gate.port,
        `${formHead([`Content-Length: ${MIB}`])}username=alice&password=`,
      )
      expect(long.status).toBe(413)
      await expectOthersServed(gate)
    },
    60_000,
  )

  story('DOS-010', 'while somebody sends headers that are hard to take apart', async () => {
    const gate = await open()
    for (const value of valuesOfEach(loadCase('DOS-010'))) {
      const line = await expand(value, gate.resolve)
      for (const [host, path] of [
        ['auth.gw.test', '/login'],
        ['app.gw.test', '/x'],
        ['open.gw.test', '/x'],
      ] as const) {
        const message = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${line}\r\nConnection: close\r\n\r\n`
        expect((await sendRaw(gate.port, message)).status).toBeOneOf([200, 400, 401, 431])
      }
    }
    await expectOthersServed(gate)
  })

  story('DOS-011', 'and keeps nothing of visitors who only look', async () => {
    const gate = await open()
    const count = () =>
      ['attempt', 'session', 'bucket', 'device', 'challenge'].map(
        (table) => gate.rows(`SELECT * FROM "${table}"`).length,
      )
    const before = count()
    for (let batch = 0; batch < 20; batch += 1) {
      const visits = times(25, () =>
        gate.ask('auth.gw.test', '/login?rd=https%3A%2F%2Fapp.gw.test%2F', ''),
      )
      for (const { status } of await Promise.all(visits)) expect(status).toBe(200)
    }
    expect(count()).toEqual(before)
  })

  story('DOS-012', 'while somebody sends what is packed, which is never opened', async () => {
    const gate = await open()
    const browser = gate.browser()
    await browser.get(`${PORTAL}/login`)
    const bomb = gzipSync(Buffer.alloc(10 * MIB)).toString('latin1')
    for (const coding of ['gzip', 'br', 'zstd', 'deflate', 'identity', 'x-gzip, gzip']) {
      const head = formHead([
        `Cookie: ${browser.cookies('auth.gw.test')}`,
        `Content-Encoding: ${coding}`,
        `Content-Length: ${bomb.length}`,
      ])
      expect([coding, (await sendRaw(gate.port, head + bomb)).status]).toEqual([coding, 415])
    }
    await expectOthersServed(gate)
  })

  story('DOS-014', 'while many WebSockets are open, and more are asked for and left', async () => {
    const gate = await open()
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    const idle = await Promise.all(
      times(300, () => askWebSocket(gate.port, { host: 'ws.gw.test', cookie })),
    )
    expect(idle.filter(({ status }) => status !== 101)).toEqual([])
    const handshake = `GET /ws HTTP/1.1\r\nHost: ws.gw.test\r\nOrigin: https://ws.gw.test\r\nCookie: ${cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    for (const part of [0.3, 0.9, 1]) {
      for (const socket of times(300, () =>
        said(gate.port, handshake.slice(0, handshake.length * part)),
      )) {
        await new Promise(setImmediate)
        socket.resetAndDestroy()
      }
    }
    await expectOthersServed(gate)
    expect(await idle[0]?.echo('still here')).toBe('still here')
    for (const socket of idle) socket.destroy()
    await until(() => gate.connections() === 0, 15_000)
  })

  story('DOS-017', 'while clients go away as soon as they have asked', async () => {
    const gate = await openBefore(() => undefined)
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    const asked = `GET / HTTP/1.1\r\nHost: b.gw.test\r\nCookie: ${cookie}\r\n\r\n`
    for (let batch = 0; batch < 20; batch += 1) {
      const clients = times(50, () => said(gate.port, asked))
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (const client of clients) client.resetAndDestroy()
    }
    await expectOthersServed(gate)
    await until(() => upstream?.sockets.every(({ destroyed }) => destroyed) ?? false, 15_000)
    await until(() => gate.connections() === 0, 15_000)
  })

  story('DOS-018', 'and keeps little of a flood of wrong passwords', async () => {
    const gate = await open()
    const browser = gate.browser()
    const page = await browser.get(`${PORTAL}/login`)
    for (let count = 0; count < 300; count += 1) {
      await browser.submit(page, { username: `nobody${count}`, password: 'wrong' })
    }
    // One address is blocked long before; what is refused then is not written down.
    expect(gate.rows('SELECT * FROM bucket').length).toBeLessThan(100)
    expect(gate.rows('SELECT * FROM event').length).toBeLessThan(100)
    await gate.store.sweep(gate.clock.now() + 86_400)
    expect(gate.rows('SELECT * FROM bucket')).toEqual([])
    await expectOthersServed(gate)
  })

  story('DOS-019', 'and reads the trail in pages of a size of its own', async () => {
    const gate = await open({ applications: [{ id: 'shop' }] })
    const { id, token, secretHash } = newKeyToken()
    const key = { id, application: 'gatehouse', label: '', scopes: ['events'], networks: [] }
    await gate.store.apiKeys.insert({ ...key, createdAt: gate.clock.now() }, secretHash)
    const ask = (query: string) =>
      send(gate.port, {
        host: 'auth.gw.test',
        path: `/api/events?${query}`,
        headers: [['Authorization', `Bearer ${token}`]],
      })
    expect((await ask('limit=200&cursor=0')).status).toBe(200)
    const odd = [
      ...['limit=1000000000', 'limit=-1', 'limit=0', 'limit=1e3', 'limit=', 'limit=__proto__'],
      ...['cursor=-1', `cursor=${'9'.repeat(400)}`, 'cursor=0x10', 'cursor=1;drop', 'cursor='],
      ...['offset=-1', 'sort=__proto__', 'limit=1000000000&offset=-1&sort=__proto__'],
    ]
    for (const query of odd) expect((await ask(query)).status, query).toBe(400)
    await expectOthersServed(gate)
  })
})
