import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readHead, valuesOf } from '../../support/http1.ts'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { sendRaw } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = createHash('sha1')
  .update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest('base64')
const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`

let heads: string[]
let answer: (socket: Socket) => void
let upstream: PlainUpstream
let gate: Gate
let alice: string

beforeEach(async () => {
  heads = []
  answer = (socket) => {
    socket.write(`${SWITCH}Set-Cookie: gatehouse=x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n`)
    socket.on('data', (bytes) => socket.write(bytes))
  }
  upstream = await openUpstream((socket, head) => {
    heads.push(head)
    answer(socket)
  })
  gate = await openGate({
    routes: [
      { host: 'ws.gw.test', upstream: upstream.origin, rules: [{ require: 'two_factor' }] },
      { host: 'open.gw.test', upstream: upstream.origin, rules: [{ require: 'bypass' }] },
      {
        host: 'shared.gw.test',
        upstream: upstream.origin,
        proxy: { origins: ['https://editor.gw.test', 'app://desktop'] },
        rules: [{ require: 'two_factor' }],
      },
      {
        host: 'admin.gw.test',
        upstream: upstream.origin,
        rules: [{ require: 'two_factor', groups: ['admins'] }],
      },
    ],
    timeouts: { connect: '1s', head: '1s' },
  })
  alice = gate.signIn('alice')
})
afterEach(async () => {
  upstream.close()
  await gate.close()
})

interface Handshake {
  target?: string
  host?: string
  method?: string
  headers?: string[]
  version?: string
  key?: string
}

const handshake = ({
  target = '/socket',
  host = 'ws.gw.test',
  method = 'GET',
  headers = [`Cookie: ${alice}`],
  version = '13',
  key = KEY,
}: Handshake = {}) =>
  `${[
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${version}`,
    `Sec-WebSocket-Key: ${key}`,
    ...headers,
  ].join('\r\n')}\r\n\r\n`

/** Opens a WebSocket and reads its head. */
async function open(given: Handshake = {}) {
  const socket = connect(gate.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(handshake(given))
  const [bytes] = await once(socket, 'data')
  return { socket, head: String(bytes) }
}

describe('a WebSocket', () => {
  it('is carried both ways', async () => {
    const { socket, head } = await open()
    expect(head).toContain('101 Switching Protocols')
    socket.write('hello')
    const [echo] = await once(socket, 'data')
    expect(String(echo)).toBe('hello')
    socket.destroy()
    expect(await gate.figures()).toContain('gatehouse_upstream_seconds_count{route="ws.gw.test"} 1')
  })

  it.each(['//a//b', '/a/../http:/x', '/a?b=//c\\d', "/%2F/'", '/?x?y'])(
    'reaches %s byte for byte',
    async (target) => {
      const { socket } = await open({ target, host: 'open.gw.test' })
      expect(heads[0]?.split('\r\n')[0]).toBe(`GET ${target} HTTP/1.1`)
      socket.destroy()
    },
  )

  it('tells who is there, once, whatever the client says', async () => {
    const { socket } = await open({
      headers: [
        `Cookie: ${alice}; a=1`,
        'Connection: Remote-User, X-Gatehouse-Assertion',
        'Remote-User: carol',
        'remote_user: carol',
        'X-Gatehouse-Assertion: x.y.z',
        'Origin: https://ws.gw.test',
        'Sec-WebSocket-Protocol: chat',
      ],
    })
    const { headers = [] } = readHead(Buffer.from(heads[0] ?? '', 'latin1')) ?? {}
    expect(valuesOf(headers, 'remote-user')).toEqual(['alice'])
    expect(valuesOf(headers, 'x-gatehouse-assertion')[0]).toMatch(/^ey/)
    expect(valuesOf(headers, 'host')).toEqual(['ws.gw.test'])
    expect(valuesOf(headers, 'cookie')).toEqual(['a=1'])
    expect(valuesOf(headers, 'connection')).toEqual(['Upgrade'])
    expect(valuesOf(headers, 'upgrade')).toEqual(['websocket'])
    expect(valuesOf(headers, 'sec-websocket-protocol')).toEqual(['chat'])
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(heads[0]).not.toContain('carol')
    socket.destroy()
  })

  it('is accepted without cookies of ours', async () => {
    const { socket, head } = await open()
    const { headers = [] } = readHead(Buffer.from(head)) ?? {}
    expect(valuesOf(headers, 'set-cookie')).toEqual(['a=1', 'b=2'])
    socket.destroy()
  })
})

describe('a handshake', () => {
  const status = async (bytes: string) => {
    const { status: code, closed, headers } = await sendRaw(gate.port, bytes)
    expect(closed).toBe(true)
    expect(headers.filter(([name]) => /^set-cookie$/i.test(name))).toEqual([])
    return code
  }

  it.each<[string, Handshake, number]>([
    ['without a session', { headers: [] }, 401],
    ['of somebody who is not admitted', { host: 'admin.gw.test' }, 403],
    ['of a host that is not here', { host: 'evil.test' }, 421],
    ['with another version', { version: '777' }, 426],
    ['with a key that is none', { key: 'x' }, 400],
    ['with POST', { method: 'POST' }, 400],
    ['with a target in absolute form', { target: 'http://ws.gw.test/' }, 400],
    ['with an asterisk', { target: '*' }, 400],
  ])('%s is refused', async (_, given, expected) => {
    expect(await status(handshake(given))).toBe(expected)
    expect(heads).toEqual([])
  })

  it.each(['https://evil.test', 'https://ws.gw.test.evil.test', 'http://ws.gw.test', 'null', ''])(
    'from a page of %j is refused',
    async (origin) => {
      const headers = [`Cookie: ${alice}`, `Origin: ${origin}`]
      expect(await status(handshake({ headers }))).toBe(403)
      expect(heads).toEqual([])
    },
  )

  it.each<[string[], number]>([
    [['https://shared.gw.test'], 101],
    [['https://editor.gw.test'], 101],
    [['app://desktop'], 101],
    [['https://editor.gw.test:8443'], 403],
    [['http://editor.gw.test'], 403],
    [['https://EDITOR.gw.test'], 403],
    [['https://editor.gw.test', 'https://evil.test'], 403],
    [['null'], 403],
  ])('where some other origins may, from %j is answered with %i', async (origins, expected) => {
    const headers = [`Cookie: ${alice}`, ...origins.map((origin) => `Origin: ${origin}`)]
    const { socket, head } = await open({ host: 'shared.gw.test', headers })
    expect(Number(head.split(' ')[1])).toBe(expected)
    socket.destroy()
  })

  it.each(['Content-Length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked'])(
    'with %s is refused',
    async (line) => {
      const headers = [`Cookie: ${alice}`, line]
      expect(await status(`${handshake({ headers })}hello`)).toBe(400)
      expect(heads).toEqual([])
    },
  )

  it('behind which more bytes come at once is refused', async () => {
    expect(await status(`${handshake()}GET /admin HTTP/1.1\r\n\r\n`)).toBe(400)
    expect(heads).toEqual([])
  })

  it('to something else than a WebSocket is refused', async () => {
    expect(await status(handshake().replace('Upgrade: websocket', 'Upgrade: tls'))).toBe(400)
  })
})

describe('an application', () => {
  it('that refuses is passed on, and nothing follows on that connection', async () => {
    answer = (socket) =>
      socket.write(
        'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\nSet-Cookie: gatehouse=x\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      )
    const got = await sendRaw(gate.port, handshake())
    expect(got.status).toBe(403)
    expect(got.body).toBe('no')
    expect(got.closed).toBe(true)
    expect(got.all('set-cookie')).toEqual([])
    expect(got.all('transfer-encoding')).toEqual([])
  })

  it('that proves nothing opens no tunnel', async () => {
    answer = (socket) => socket.write(`${SWITCH.replace(ACCEPT, 'AAAA')}\r\nsecret`)
    const got = await sendRaw(gate.port, handshake())
    expect(got.status).toBe(502)
    expect(got.closed).toBe(true)
    expect(got.raw).not.toContain('secret')
  })

  it('that closes, or never answers, is told about with 502', async () => {
    answer = (socket) => socket.destroy()
    expect((await sendRaw(gate.port, handshake())).status).toBe(502)
    answer = () => undefined
    expect((await sendRaw(gate.port, handshake())).status).toBe(502)
    const figures = await gate.figures()
    for (const cause of ['unreachable', 'timeout']) {
      expect(figures).toContain(
        `gatehouse_upstream_failures_total{route="ws.gw.test",cause="${cause}"} 1`,
      )
    }
    expect(gate.events.map(({ name }) => name)).toEqual(['upstream.failed', 'upstream.failed'])
  })

  it('that vanishes takes the client with it, and the other way round', async () => {
    const first = await open()
    const clientGone = once(first.socket, 'close')
    upstream.sockets[0]?.resetAndDestroy()
    await clientGone

    const second = await open()
    const upstreamGone = once(upstream.sockets[1] ?? first.socket, 'close')
    second.socket.resetAndDestroy()
    await upstreamGone
  })
})

describe('an open WebSocket', () => {
  it('ends soon after its session, and says why', async () => {
    const { socket } = await open()
    const bytes: Buffer[] = []
    socket.on('data', (chunk) => bytes.push(Buffer.from(chunk)))
    const closed = once(socket, 'close')
    gate.end(alice)
    await closed
    // Close frame, 1008: policy.
    expect(Buffer.concat(bytes)).toEqual(Buffer.from([0x88, 0x02, 0x03, 0xf0]))
  })

  it('keeps no session alive by being open', async () => {
    const { socket } = await open()
    const before = gate.reads()
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect(gate.reads()).toBe(before)
    expect(socket.destroyed).toBe(false)
    socket.destroy()
  })

  it('is told when the gateway goes away', async () => {
    const { socket } = await open()
    const bytes: Buffer[] = []
    socket.on('data', (chunk) => bytes.push(Buffer.from(chunk)))
    const closed = once(socket, 'close')
    const gone = gate.close()
    await closed
    await gone
    expect(Buffer.concat(bytes)).toEqual(Buffer.from([0x88, 0x02, 0x03, 0xe9]))
    await until(() => upstream.sockets.every(({ destroyed }) => destroyed))
  })
})
