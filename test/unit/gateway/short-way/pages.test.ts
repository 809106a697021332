import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openKeptUpstream, type PlainUpstream, until } from '../../../support/plain-upstream.ts'
import { freePort } from '../../../support/ports.ts'
import { type RawAnswer, sendRaw } from '../../../support/raw.ts'
import { type Gate, openGate } from '../gate.ts'

const HOST = 'app.gw.test'
const LONG = 'x'.repeat(300_000)

let gate: Gate
let upstream: PlainUpstream
let cookie: string
/** What the server of HTTP got to read. */
let served: string[]
/** What the application does with each request. */
let answers: (socket: Socket, head: string) => void

beforeEach(async () => {
  answers = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npage\n')
  upstream = await openKeptUpstream((socket, head) => answers(socket, head))
  await open(upstream.origin)
})
afterEach(async () => {
  upstream.close()
  await gate.close()
})

async function open(origin: string): Promise<void> {
  gate = await openGate({
    trusted: ['192.0.2.1'],
    routes: [
      { host: HOST, name: 'Wiki', upstream: origin, rules: [{ require: 'two_factor' }] },
      { host: 'shut.gw.test', upstream: origin, rules: [{ require: 'deny' }] },
    ],
    timeouts: { connect: '1s', head: '2s', idle: '3s' },
  })
  served = []
  gate.front.server.on('request', ({ url }) => served.push(url))
  cookie = gate.signIn('alice')
}

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const page = (target = '/page', ...lines: string[]) =>
  head(`GET ${target} HTTP/1.1`, `Host: ${HOST}`, `Cookie: ${cookie}`, ...lines)
/** Says what is so anyway, in a word that is the server's. */
const FOR_THE_SERVER = 'Content-Length: 0'

/** One connection, and all that came over it. */
async function talk() {
  const socket = connect(gate.port, '127.0.0.1')
  await once(socket, 'connect')
  let got = ''
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    got += bytes.toString('latin1')
  })
  return { socket, got: () => got, answered: () => got.split('HTTP/1.1 200 OK').length - 1 }
}

describe('a page of an application', () => {
  it('is brought without the server, time and again on one connection', async () => {
    const { socket, answered } = await talk()
    for (const count of [1, 2, 3]) {
      socket.write(page())
      await until(() => answered() === count)
    }
    expect(served).toEqual([])
    expect(upstream.sockets).toHaveLength(1)
    socket.destroy()
  })

  it.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\npage\n'],
    ['that is empty', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n',
    ],
    ['in no chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['until its end', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it'],
    ['that is long', `HTTP/1.1 200 OK\r\nContent-Length: ${LONG.length}\r\n\r\n${LONG}`],
    ['that is long, until its end', `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${LONG}`],
    ['in bytes beyond ASCII', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: \xe4\r\n\r\n\xff\xe4'],
    ['without one', 'HTTP/1.1 204 No Content\r\n\r\n'],
    [
      'that is known already',
      'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 9\r\n\r\n',
    ],
    ['that is elsewhere', 'HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n'],
    ['with another reason', 'HTTP/1.1 404 Gone Fishing\r\nContent-Length: 2\r\n\r\nno'],
    [
      'with cookies',
      'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n',
    ],
    ['that is no answer', 'nonsense\r\n\r\n'],
    ['with a broken line', 'HTTP/1.1 200 OK\r\nX-A: \0\r\n\r\n'],
  ])('is the same as from the server: %s', async (_, bytes) => {
    answers = (socket) => {
      socket.write(Buffer.from(bytes, 'latin1'))
      if (/connection: close/i.test(bytes)) socket.end()
    }
    const short = await sendRaw(gate.port, page())
    expect(served).toEqual([])
    const long = await sendRaw(gate.port, page('/page', FOR_THE_SERVER))
    expect(served).toEqual(['/page'])
    expect(short.answers).toBe(1)
    expect(comparable(short)).toEqual(comparable(long))
  })

  it.each([
    ['nobody', () => page().replace(cookie, 'a=b'), 401],
    ['nobody, in a browser', () => page('/', 'Accept: text/html').replace(cookie, 'a=b'), 302],
    ['whom a rule keeps out', () => page().replace(HOST, 'shut.gw.test'), 403],
  ])('is refused in the same words: %s', async (_, request, status) => {
    const short = await sendRaw(gate.port, request())
    expect(served).toEqual([])
    const long = await sendRaw(
      gate.port,
      request().replace('Cookie', `${FOR_THE_SERVER}\r\nCookie`),
    )
    expect(served).toHaveLength(1)
    expect(short.status).toBe(status)
    expect(comparable(short)).toEqual(comparable(long))
  })

  it('reaches the application as from the server', async () => {
    const heard: string[] = []
    answers = (socket, asked) => {
      heard.push(asked.replace(/^x-gatehouse-assertion: .*$/im, ''))
      socket.write('HTTP/1.1 204 No Content\r\n\r\n')
    }
    await sendRaw(gate.port, page('/a?b=%2F', 'X-A: b', 'X-Gatehouse-User: mallory'))
    await sendRaw(
      gate.port,
      page('/a?b=%2F', 'X-A: b', 'X-Gatehouse-User: mallory', FOR_THE_SERVER),
    )
    expect(served).toHaveLength(1)
    expect(heard[0]).toContain('GET /a?b=%2F HTTP/1.1\r\n')
    expect(heard[0]).not.toContain('mallory')
    expect(heard[0]).toBe(heard[1]?.replace(`${FOR_THE_SERVER}\r\n`, ''))
  })

  it('is told about with 502 when nothing listens there', async () => {
    await gate.close()
    await open(`http://127.0.0.1:${await freePort()}`)
    const { status, answers: count } = await sendRaw(gate.port, page())
    expect([status, count, served]).toEqual([502, 1, []])
  })
})

describe('on one connection', () => {
  it('what is asked before its time waits for the answer before it', async () => {
    const { socket, got } = await talk()
    const waiting: (() => void)[] = []
    answers = (upstreamSocket, asked) => {
      const [, target = ''] = asked.split(' ')
      const body = `${target}\n`
      waiting.push(() =>
        upstreamSocket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
      )
    }
    socket.write(page('/one'))
    await until(() => waiting.length === 1)
    socket.write(page('/two'))
    await moment()
    expect(waiting).toHaveLength(1)
    waiting[0]?.()
    await until(() => waiting.length === 2)
    socket.write(page('/three'))
    await moment()
    waiting[1]?.()
    await until(() => waiting.length === 3)
    waiting[2]?.()
    await until(() => got().includes('/three\n'))
    expect(got().match(/^\/\w+$/gm)).toEqual(['/one', '/two', '/three'])
    expect(served).toEqual([])
    socket.destroy()
  })

  it('what is not plain is the server’s, after the answer before it', async () => {
    const { socket, got } = await talk()
    const heard: string[] = []
    answers = (upstreamSocket, asked) => {
      heard.push(asked.slice(0, asked.indexOf(' HTTP')))
      setTimeout(
        () => upstreamSocket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${heard.length}`),
        50,
      )
    }
    socket.write(page('/one'))
    await until(() => heard.length === 1)
    socket.write(`${page('/two').replace('GET', 'DELETE')}${page('/three')}`)
    await until(() => got().endsWith('3'))
    expect(heard).toEqual(['GET /one', 'DELETE /two', 'GET /three'])
    expect(served).toEqual(['/two', '/three'])
    socket.destroy()
  })

  it('a client that goes away takes its request with it', async () => {
    let gone = false
    answers = (upstreamSocket) => upstreamSocket.once('close', () => (gone = true))
    for (const leave of [
      (socket: Socket) => socket.end(),
      (socket: Socket) => socket.resetAndDestroy(),
    ]) {
      gone = false
      const before = upstream.sockets.length
      const { socket } = await talk()
      socket.write(page())
      await until(() => upstream.sockets.length > before)
      await moment()
      leave(socket)
      await until(() => gone)
    }
  })

  it('half an answer never looks like a whole one', async () => {
    for (const begun of [
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    ]) {
      answers = (upstreamSocket) => {
        upstreamSocket.write(begun)
        setTimeout(() => upstreamSocket.destroy(), 50)
      }
      const { answers: count, raw, closed } = await sendRaw(gate.port, page())
      expect(raw).toContain('half')
      expect([count, closed]).toEqual([0, true])
    }
    expect(served).toEqual([])
  })

  it('the head of a stream comes before anything of it, and the stream ends with its session', async () => {
    const { socket, got } = await talk()
    answers = (upstreamSocket) =>
      upstreamSocket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
    socket.write(page('/events'))
    await until(() => got().includes('\r\n\r\n'))
    upstream.sockets[0]?.write('data: a\n\n')
    await until(() => got().includes('data: a\n\n'))
    expect(served).toEqual([])
    gate.end(cookie)
    await once(socket, 'close')
    expect(got()).not.toContain('0\r\n\r\n')
  })

  it('who does not listen is brought no more', async () => {
    const socket = connect(gate.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.pause()
    let sent = 0
    answers = (upstreamSocket) => {
      upstreamSocket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = () => {
        while (upstreamSocket.write(LONG)) sent += LONG.length
        sent += LONG.length
      }
      upstreamSocket.on('drain', more)
      more()
    }
    socket.write(page())
    await until(() => sent > 0)
    let before = -1
    while (before !== sent) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    socket.resume()
    await until(() => sent > before)
    socket.destroy()
  }, 30_000)

  it('the last answer of a gateway that goes says so', async () => {
    const { socket, got } = await talk()
    socket.write(page())
    await until(() => got().includes('page\n'))
    const closing = gate.close()
    await new Promise((resolve) => setTimeout(resolve, 200))
    socket.write(page())
    if (!socket.closed) await once(socket, 'close')
    expect(got().split('HTTP/1.1 200 OK')[2]).toContain('Connection: close')
    await closing
  })
})

/** Long enough for whatever is to be sent on at once. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 80))

/** All that does not differ from one moment to the next. */
const comparable = ({ status, headers, body }: RawAnswer) => ({
  status,
  headers: headers
    .filter(([name]) => !/^(date|keep-alive|x-gatehouse-reference)$/i.test(name))
    .toSorted(),
  body: body.replace(/"reference":"[^"]*"/, '').replaceAll(/[0-9A-Z]{4}(-[0-9A-Z]{4})+/g, ''),
})
