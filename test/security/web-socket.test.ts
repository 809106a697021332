import type { Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { afterEach, describe, expect } from 'vitest'
import { openUpstream, type PlainUpstream, until } from '../support/plain-upstream.ts'
import { type Fixture, type FixtureOptions, openFixture } from './fixture.ts'
import { story } from './story.ts'
import { type AskedSocket, askWebSocket } from './web-socket.ts'

const HOST = 'ws.gw.test'

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

const socketOf = async ({ port, resolve }: Fixture, name: string): Promise<AskedSocket> => {
  const socket = await askWebSocket(port, {
    host: HOST,
    cookie: await resolve(`COOKIE:${name}:aal2`),
  })
  expect([socket.status, await socket.echo('hello')]).toEqual([101, 'hello'])
  return socket
}

const SECONDS = 3_000
/** Is it closed within a few seconds, with that code? */
async function expectClosed(socket: AskedSocket, code: 1001 | 1008): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, SECONDS, 'still open'))
  expect(await Promise.race([socket.closed, late])).not.toBe('still open')
  const frame = Buffer.from([0x88, 0x02, code >> 8, code & 0xff])
  expect(socket.received().subarray(-4)).toEqual(frame)
}

describe('a WebSocket', () => {
  story('WSK-001', 'is refused before the application hears of it', async () => {
    const gate = await open()
    const lower = await gate.resolve('COOKIE:alice:aal1')
    gate.recorder.clear()
    for (const cookie of ['', 'a=1', lower, `${gate.cookieName}=x`]) {
      const { status, received } = await askWebSocket(gate.port, { host: HOST, cookie })
      expect([302, 401]).toContain(status)
      expect(received()).toHaveLength(0)
    }
    expect(gate.recorder.messages()).toEqual([])
  })

  story('WSK-002', 'ends with the right to it, whatever ends that', async () => {
    const gate = await open()
    const browser = gate.browser()
    await gate.signIn(browser, 'mallory')
    const cookie = browser.cookies(HOST)
    const signedOut = await askWebSocket(gate.port, { host: HOST, cookie })
    await browser.submit(await browser.get('https://auth.gw.test/logout'), {})
    await expectClosed(signedOut, 1008)

    const disabled = await socketOf(gate, 'bob')
    await gate.store.users.setStatus(gate.users.bob.id, 'disabled')
    await expectClosed(disabled, 1008)

    const revoked = await socketOf(gate, 'carol')
    const [session] = await gate.store.sessions.listByUser(gate.users.carol.id)
    await gate.store.sessions.delete(session?.id ?? '')
    await expectClosed(revoked, 1008)

    // An open connection alone keeps no session alive.
    const expired = await socketOf(gate, 'alice')
    gate.clock.advance(gate.config.session.idle)
    await expired.echo('still here')
    await expectClosed(expired, 1008)
  })

  story('WSK-004', 'is none until the application has agreed to it', async () => {
    const heads: string[] = []
    const answers = [
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    ]
    upstream = await openUpstream((socket: Socket, head) => {
      heads.push(head)
      socket.write(answers[heads.length - 1] ?? '')
      socket.on('data', (bytes) => heads.push(`then ${bytes}`))
    })
    const gate = await open({ elsewhere: { ws: Number(new URL(upstream.origin).port) } })
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    for (const [index] of answers.entries()) {
      const socket = await askWebSocket(gate.port, { host: HOST, cookie })
      expect([403, 200, 502, 502][index]).toBe(socket.status)
      socket.write('GET /admin/x HTTP/1.1\r\nHost: app.gw.test\r\nRemote-User: carol\r\n\r\n')
      await socket.closed
    }
    expect(heads).toHaveLength(answers.length)
    expect(heads.filter((head) => !head.startsWith('GET /ws HTTP/1.1\r\n'))).toEqual([])
  })

  story('WSK-005', 'is carried as it is: nothing that is packed gets opened', async () => {
    const gate = await open()
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    const more = ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']
    const socket = await askWebSocket(gate.port, { host: HOST, cookie, more })
    expect(socket.status).toBe(101)

    // 64 MiB in 64 KiB, in one frame with RSV1; it comes back byte for byte.
    const packed = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
    const head = Buffer.alloc(14)
    head.set([0xc2, 0xff])
    head.writeBigUInt64BE(BigInt(packed.length), 2)
    const before = process.memoryUsage().rss
    socket.write(Buffer.concat([head, packed]))
    await until(() => socket.received().length === head.length + packed.length)
    expect(socket.received().equals(Buffer.concat([head, packed]))).toBe(true)
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024)
    socket.destroy()
  })

  story('WSK-006', 'may talk nonsense: it passes or closes, and nobody else notices', async () => {
    const gate = await open()
    const odd: [string, number[]][] = [
      ['a fragment without a start', [0x00, 0x81, 1, 2, 3, 4, 5]],
      ['a fragmented control frame', [0x09, 0x80, 1, 2, 3, 4]],
      [
        'a length of 2^63-1',
        [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
      ],
      ['a length with its highest bit set', [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]],
      ['reserved bits', [0xf1, 0x81, 1, 2, 3, 4, 5]],
      ['a reserved opcode', [0x83, 0x81, 1, 2, 3, 4, 5]],
      ['no mask', [0x81, 0x05, 104, 101, 108, 108, 111]],
      ['a close code that is none', [0x88, 0x82, 0, 0, 0, 0, 0, 1]],
      ['half a frame', [0x81]],
      ['HTTP', [...Buffer.from('GET / HTTP/1.1\r\nHost: app.gw.test\r\n\r\n')]],
    ]
    const quiet = await socketOf(gate, 'bob')
    for (const [, bytes] of odd) {
      const socket = await socketOf(gate, 'alice')
      socket.write(Uint8Array.from(bytes))
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.destroy()
    }
    expect(await quiet.echo('still here')).toBe('still here')
    quiet.destroy()
  })

  story(
    'WSK-008',
    'stays where other rules let it stay, and goes when the gateway goes',
    async () => {
      const gate = await open()
      const alices = await Promise.all(Array.from({ length: 50 }, () => socketOf(gate, 'alice')))
      const carols = await Promise.all(Array.from({ length: 50 }, () => socketOf(gate, 'carol')))
      gate.reload({ ws: [{ groups: ['admins'], require: 'two_factor' }] })
      await Promise.all(alices.map((socket) => expectClosed(socket, 1008)))
      await Promise.all(
        carols.map(async (socket) => expect(await socket.echo('here')).toBe('here')),
      )
      const stopped = gate.stop()
      await Promise.all(carols.map((socket) => expectClosed(socket, 1001)))
      await stopped
    },
  )
})
