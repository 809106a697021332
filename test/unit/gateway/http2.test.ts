import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { networks } from '../../../src/base/net.ts'
import { createRequestReader, isRefusal } from '../../../src/gateway/request.ts'
import { type Authority, makeAuthority } from '../../support/certificates.ts'
import { valuesOf } from '../../support/http1.ts'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { openRecorder, type Recorder } from '../../support/recorder.ts'
import { type Gate, openGate } from './gate.ts'
import { openDoor, talk } from './listen/doors.ts'

let recorder: Recorder
let authority: Authority
let plain: PlainUpstream
let gate: Gate
let port: number
let alice: string
/** What the plain application does with a connection whose head has come. */
let behave: (socket: Socket, head: string) => void

beforeAll(async () => {
  recorder = await openRecorder()
  authority = makeAuthority()
  plain = await openUpstream((socket, head) => behave(socket, head))
  const upstream = `http://127.0.0.1:${recorder.port}`
  gate = await openGate({
    routes: [
      {
        host: 'app.gw.test',
        upstream,
        rules: [
          { paths: ['/admin/**'], require: 'deny' },
          { paths: ['/public/**'], require: 'bypass' },
          { require: 'two_factor' },
        ],
      },
      { host: 'open.gw.test', upstream, rules: [{ require: 'bypass' }] },
      { host: 'plain.gw.test', upstream: plain.origin, rules: [{ require: 'two_factor' }] },
      { host: 'loose.gw.test', upstream: plain.origin, rules: [{ require: 'bypass' }] },
    ],
    timeouts: { head: '1s' },
  })
  alice = gate.signIn('alice')
  const tls = [authority.issue(['*.gw.test', 'auth.gw.test'])]
  port = await openDoor(gate, { tls, http2: true })
})
beforeEach(() => {
  recorder.clear()
  gate.events.length = 0
})
afterAll(async () => {
  await gate.close()
  await recorder.close()
  plain.close()
  authority.remove()
})

type Fields = Record<string, string | string[]>

interface Answered {
  status: number
  headers: Fields
  body: string
  /** How the stream ended; 0 when it ended well. */
  code: number
}

function session(): ClientHttp2Session {
  const opened = connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    servername: 'app.gw.test',
  })
  opened.on('error', () => undefined)
  onTestFinished(() => opened.destroy())
  return opened
}

/** Sends one message and reads its answer to the end. */
function ask(fields: Fields, body?: string | Buffer, on = session()): Promise<Answered> {
  const head = { ':authority': 'open.gw.test', ':path': '/', ...fields }
  const stream = on.request(head, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answerOf(stream)
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answered> {
  let headers: Fields = {}
  let body = ''
  stream.on('response', (given) => {
    headers = given as Fields
  })
  stream.on('data', (chunk) => {
    body += chunk
  })
  stream.on('error', () => undefined)
  await new Promise((resolve) => stream.once('close', resolve))
  return { status: Number(headers[':status'] ?? 0), headers, body, code: stream.rstCode ?? 0 }
}

const received = () => recorder.messages()[0]?.headers ?? []

describe('a message of HTTP/2', () => {
  it('reaches the application byte for byte, in HTTP/1.1', async () => {
    const path = "/a%41//b;c=1/%e2%82%ac?q='%20|{}^`\\"
    const answer = await ask({ ':path': path, ':method': 'PROPFIND', 'x-other': 'kept' })
    expect(answer.status).toBe(200)
    expect(recorder.messages().map(({ requestLine }) => requestLine)).toEqual([
      `PROPFIND ${path} HTTP/1.1`,
    ])
    expect(valuesOf(received(), 'host')).toEqual(['open.gw.test'])
    expect(valuesOf(received(), 'x-other')).toEqual(['kept'])
    expect(received().filter(([name]) => name.startsWith(':'))).toEqual([])
  })

  it('tells who is there, once, whatever the client says', async () => {
    const cookie = ['a=1', alice, 'b=2']
    await ask({
      ':authority': 'app.gw.test',
      cookie,
      'remote-user': 'carol',
      remote_user: 'carol',
      'remote.user': 'carol',
      'x-gatehouse-assertion': 'x.y.z',
      'x-forwarded-for': '192.0.2.7',
    })
    expect(valuesOf(received(), 'remote-user')).toEqual(['alice'])
    expect(valuesOf(received(), 'x-gatehouse-assertion')[0]).toMatch(/^ey/)
    expect(valuesOf(received(), 'cookie')).toEqual(['a=1; b=2'])
    expect(valuesOf(received(), 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesOf(received(), 'x-forwarded-proto')).toEqual(['https'])
    expect(JSON.stringify(received())).not.toContain('carol')
  })

  it('with a session cookie twice is nobody’s', async () => {
    const cookie = [alice, `${alice.split('=')[0]}=other`]
    expect((await ask({ ':authority': 'app.gw.test', cookie })).status).toBe(401)
  })

  it('has a body with a length, or without one, and nothing behind it', async () => {
    const sent = await ask({ ':method': 'POST', 'content-length': '5' }, 'hello')
    expect(sent.status).toBe(200)
    await ask({ ':method': 'POST' }, 'hello')
    await ask({ ':method': 'POST' })
    const framings = recorder
      .messages()
      .map(({ headers, body }) => [
        valuesOf(headers, 'content-length').join(),
        valuesOf(headers, 'transfer-encoding').join(),
        body.toString(),
      ])
    expect(framings[0]).toEqual(['5', '', 'hello'])
    expect(framings[1]?.filter((it) => it !== '')).toHaveLength(2)
    expect(framings[1]?.[2]).toBe('hello')
    expect(framings[2]?.[2]).toBe('')
  })

  it('loses its trailers', async () => {
    const stream = session().request(
      { ':authority': 'open.gw.test', ':path': '/', ':method': 'POST', te: 'trailers' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'remote-user': 'carol' }))
    stream.end('hello')
    expect((await answerOf(stream)).status).toBe(200)
    const [message] = recorder.messages()
    expect(message?.raw.toString('latin1')).not.toContain('carol')
    expect(valuesOf(received(), 'te')).toEqual([])
  })

  it.each([
    ['with CANCEL', constants.NGHTTP2_CANCEL],
    ['with no error', constants.NGHTTP2_NO_ERROR],
  ])('whose upload breaks off %s is no whole one to the application', async (_, code) => {
    let got = ''
    let held: Socket | undefined
    behave = (socket, head) => {
      got = head
      socket.on('data', (bytes) => {
        got += bytes
      })
      held = socket
    }
    const raw = await rawSession()
    const fields = [
      ...GET.slice(1, 3),
      [':method', 'POST'],
      [':authority', 'loose.gw.test'],
    ] as const
    raw.send(HEADERS, END_HEADERS, aBlock(fields))
    raw.send(DATA, 0, Buffer.from('hello'))
    await until(() => got.includes('hello'))
    const gone = held && once(held, 'close')
    raw.send(RESET, 0, Buffer.from([0, 0, 0, code]))
    await gone
    expect(got).toMatch(/transfer-encoding: chunked/i)
    expect(got).not.toContain('\r\n0\r\n')
  })

  it('that waits for a 100 gets it once it is let through', async () => {
    const stream = session().request({
      ':authority': 'open.gw.test',
      ':path': '/',
      ':method': 'POST',
      expect: '100-continue',
    })
    const waiting = once(stream, 'continue')
    const coming = answerOf(stream)
    await waiting
    stream.end('hello')
    expect((await coming).status).toBe(200)
    expect(recorder.messages()[0]?.body.toString()).toBe('hello')
    expect(valuesOf(received(), 'expect')).toEqual([])
  })

  it('comes beside many others on one connection', async () => {
    const on = session()
    const asked = Array.from({ length: 50 }, (_, index) =>
      ask({ ':path': `/${index}` }, undefined, on),
    )
    const answers = await Promise.all(asked)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(answers.map(({ body }) => JSON.parse(body).requestLine)).toEqual(
      answers.map((_, index) => `GET /${index} HTTP/1.1`),
    )
  })

  it('is sent to the portal, and reaches its pages', async () => {
    const answer = await ask({ ':authority': 'app.gw.test', 'sec-fetch-mode': 'navigate' })
    expect(answer.status).toBe(302)
    expect(answer.headers.location).toContain('https://auth.gw.test/login?rd=')
    expect((await ask({ ':authority': 'auth.gw.test', ':path': '/login' })).body).toBe('a page')
  })
})

describe('a reading of HTTP/2', () => {
  const read = createRequestReader(networks([]))
  const outcome = (fields: [string, string][], endAfterHeaders = true) => {
    const reading = read({
      stream: { endAfterHeaders },
      authority: '',
      httpVersionMajor: 2,
      rawHeaders: fields.flat(),
      socket: { remoteAddress: '203.0.113.9' },
    } as unknown as IncomingMessage)
    return isRefusal(reading) ? reading.status : 'taken'
  }
  const METHOD: [string, string] = [':method', 'GET']
  const SCHEME: [string, string] = [':scheme', 'https']
  const HOST: [string, string] = [':authority', 'open.gw.test']
  const PATH: [string, string] = [':path', '/']
  const WHOLE = [METHOD, SCHEME, HOST, PATH]

  it.each<[string, [string, string][], string | number]>([
    ['of a whole message', WHOLE, 'taken'],
    ['with its host told twice, the same', [...WHOLE, ['host', 'open.gw.test']], 'taken'],
    ['with another host beside it', [...WHOLE, ['host', 'evil.test']], 400],
    ['with the same host in another spelling', [...WHOLE, ['host', 'OPEN.gw.test']], 400],
    ['without a host', [METHOD, SCHEME, PATH], 400],
    ['with a host in a header alone', [METHOD, SCHEME, PATH, ['host', 'open.gw.test']], 400],
    ['with a host that is none', [METHOD, SCHEME, [':authority', 'a@b'], PATH], 400],
    ['with a host as a list', [METHOD, SCHEME, [':authority', 'a, b'], PATH], 400],
    ['without a path', [METHOD, SCHEME, HOST], 400],
    ['with a path twice', [...WHOLE, PATH], 400],
    ['with an absolute path', [METHOD, SCHEME, HOST, [':path', 'https://a/']], 400],
    ['with a path that is none', [METHOD, SCHEME, HOST, [':path', 'a']], 400],
    ['with a method twice', [METHOD, ...WHOLE], 400],
    ['with a pseudo header behind another', [METHOD, SCHEME, HOST, ['a', 'b'], PATH], 400],
    ['with a pseudo header that is none', [...WHOLE, [':status', '200']], 400],
    ['with a protocol behind a header', [['a', 'b'], ...WHOLE, [':protocol', 'websocket']], 400],
    ['of a tunnel', [[':method', 'CONNECT'], HOST], 405],
    [
      'of a tunnel for a WebSocket',
      [[':method', 'CONNECT'], [':protocol', 'websocket'], SCHEME, HOST, PATH],
      501,
    ],
    ['with TE', [...WHOLE, ['te', 'trailers']], 'taken'],
    ['with another TE', [...WHOLE, ['te', 'gzip']], 400],
    ['with Connection', [...WHOLE, ['connection', 'close']], 400],
    ['with Transfer-Encoding', [...WHOLE, ['transfer-encoding', 'chunked']], 400],
    ['with a length and no body', [...WHOLE, ['content-length', '5']], 400],
    ['with two lengths', [...WHOLE, ['content-length', '0'], ['content-length', '0']], 400],
    ['with a length that is none', [...WHOLE, ['content-length', '+5']], 400],
    ['with too many lines', [...WHOLE, ...Array(300).fill(['a', 'b'])], 431],
  ])('%s', (_, fields, expected) => {
    expect(outcome(fields)).toBe(expected)
  })
})

describe('a message is refused', () => {
  it.each<[string, Fields, number]>([
    ['to a host that is not here', { ':authority': 'evil.test' }, 421],
    ['with another host beside it', { host: 'app.gw.test' }, 400],
    ['with another scheme', { ':scheme': 'http' }, 400],
    ['with an asterisk', { ':path': '*', ':method': 'OPTIONS' }, 400],
    ['with a fragment', { ':path': '/a#b' }, 400],
    [
      'with a path that can be read in two ways',
      { ':authority': 'app.gw.test', ':path': '/public/../admin/x' },
      400,
    ],
    ['with TRACE', { ':method': 'TRACE' }, 405],
    ['with a method that nobody needs', { ':method': 'PURGE' }, 501],
    ['with an expectation that is none', { ':method': 'POST', expect: 'y 100-continue' }, 417],
    ['that a rule denies', { ':authority': 'app.gw.test', ':path': '/admin/x' }, 403],
    ['with a context header twice', { 'x-forwarded-host': ['a.test', 'b.test'] }, 400],
  ])('%s', async (_, fields, status) => {
    expect((await ask(fields)).status).toBe(status)
    expect(recorder.messages()).toEqual([])
  })

  it('and its connection is closed, once others on it are answered', async () => {
    const on = session()
    const [other, refused] = await Promise.all([
      ask({ ':path': '/slow' }, undefined, on),
      ask({ 'x-forwarded-host': ['a.test', 'b.test'] }, undefined, on),
    ])
    expect([other.status, other.body, refused.status]).toEqual([200, 'firstlater', 400])
    await until(() => on.closed || on.destroyed)
  })

  it('when it asks for a tunnel', async () => {
    const on = session()
    const stream = on.request({ ':method': 'CONNECT', ':authority': 'open.gw.test:22' })
    stream.end()
    expect((await answerOf(stream)).status).toBe(405)
    expect(recorder.messages()).toEqual([])
  })

  it('when a WebSocket is asked for: none is offered', async () => {
    const on = session()
    await once(on, 'remoteSettings')
    expect(on.remoteSettings.enableConnectProtocol).not.toBe(true)
  })

  it.each([
    ['too short', 'hello', '10'],
    ['too long', 'hello', '2'],
  ])('when its length is a lie: %s', async (_, body, length) => {
    const answer = await ask({ ':method': 'POST', 'content-length': length }, body)
    expect([400, 0, 502]).toContain(answer.status)
    expect(recorder.messages().filter(({ complete }) => complete)).toEqual([])
  })

  it.each(['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'transfer-encoding'])(
    'with %s, which belongs to connections',
    async (name) => {
      // The client of Node sends none of these.
      const raw = await rawSession()
      raw.send(HEADERS, END_HEADERS | END_STREAM, aBlock([...GET, [name, 'x']]))
      // A reset of the stream, or an answer.
      await until(() => raw.frames().some(({ type, id }) => id === 1 && (type === 3 || type === 1)))
      expect(recorder.messages()).toEqual([])
    },
  )
})

const [DATA, HEADERS, RESET, SETTINGS] = [0, 1, 3, 4]
const [END_STREAM, END_HEADERS] = [1, 4]
const GET: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'open.gw.test'],
]

/** Fields as HPACK literals, without a table. */
const aBlock = (fields: readonly (readonly [string, string])[]) =>
  Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.of(0x00, name.length),
      Buffer.from(name),
      Buffer.of(value.length),
      Buffer.from(value),
    ]),
  )

/** A connection on which frames are put together by hand. */
async function rawSession() {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  let got = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    got = Buffer.concat([got, bytes])
  })
  const send = (type: number, flags: number, payload: Buffer, id = 1) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head.writeUInt8(type, 3)
    head.writeUInt8(flags, 4)
    head.writeUInt32BE(id, 5)
    socket.write(Buffer.concat([head, payload]))
  }
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  send(SETTINGS, 0, Buffer.alloc(0), 0)
  return { send, frames: () => framesIn(got) }
}

function framesIn(bytes: Buffer): { type: number; id: number }[] {
  const frames: { type: number; id: number }[] = []
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    frames.push({ type: bytes.readUInt8(at + 3), id: bytes.readUInt32BE(at + 5) & 0x7fffffff })
  }
  return frames
}

describe('an answer', () => {
  it('keeps repeated lines apart, and loses cookies under our names', async () => {
    const answer = await ask({ ':path': '/set-cookie?name=__Secure-gatehouse&domain=gw.test' })
    expect(answer.headers['set-cookie']).toEqual(['innocent=kept; Path=/'])
    const others = await ask({ ':path': '/set-cookie?name=sid' })
    expect(others.headers['set-cookie']?.length).toBeGreaterThan(5)
  })

  it('to HEAD has a length and no body', async () => {
    const answer = await ask({ ':method': 'HEAD' })
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(0)
    expect(answer.body).toBe('')
    expect(answer.code).toBe(0)
  })

  const asked = () => ask({ ':authority': 'plain.gw.test', cookie: alice })

  it.each<[string, (socket: Socket) => void]>([
    [
      'in the middle of its length',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
        setTimeout(() => socket.destroy(), 50)
      },
    ],
    [
      'in the middle of its chunks',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
        setTimeout(() => socket.destroy(), 50)
      },
    ],
  ])('that breaks off %s never looks like a whole one', async (_, application) => {
    behave = application
    const { status, body, code } = await asked()
    expect(status).toBe(200)
    expect(body).toBe('half')
    expect(code).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  })

  it('that does not come is told about', async () => {
    behave = () => undefined
    expect((await asked()).status).toBe(504)
    behave = (socket) => socket.destroy()
    expect((await asked()).status).toBe(502)
  })

  it('ends with its session', async () => {
    behave = (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    const bob = gate.signIn('bob')
    const coming = ask({ ':authority': 'plain.gw.test', cookie: bob })
    await new Promise((resolve) => setTimeout(resolve, 200))
    gate.end(bob)
    const { body, code } = await coming
    expect(body).toBe('data: 1\n\n')
    expect(code).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  })

  it('that nobody waits for any more is not waited for', async () => {
    let held: Socket | undefined
    behave = (socket) => {
      held = socket
    }
    const stream = session().request({
      ':authority': 'plain.gw.test',
      ':path': '/',
      cookie: alice,
    })
    stream.on('error', () => undefined)
    await until(() => held !== undefined)
    const gone = held && once(held, 'close')
    stream.close(constants.NGHTTP2_CANCEL)
    await gone
  })

  it('goes no faster than it is read', async () => {
    const SIZE = 32 * 1024 * 1024
    let written = 0
    behave = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        while (written < SIZE) {
          written += chunk.length
          if (!socket.write(chunk)) return void socket.once('drain', more)
        }
      }
      more()
    }
    const stream = session().request({ ':authority': 'plain.gw.test', ':path': '/', cookie: alice })
    await once(stream, 'response')
    stream.pause()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(written).toBeLessThan(SIZE / 2)
    let read = 0
    stream.on('data', (bytes: Buffer) => {
      read += bytes.length
    })
    stream.resume()
    await once(stream, 'close')
    expect(read).toBe(SIZE)
  })
})

describe('a door with TLS', () => {
  it('speaks HTTP/1.1 to whoever offers nothing else, as strictly as any', async () => {
    const open = (protocols: string[]) =>
      connectTls({
        port,
        host: '127.0.0.1',
        servername: 'app.gw.test',
        rejectUnauthorized: false,
        ALPNProtocols: protocols,
      })
    const get = 'GET /a HTTP/1.1\r\nHost: open.gw.test\r\n'
    expect(await talk(open(['http/1.1']), `${get}\r\n`)).toContain('HTTP/1.1 200 OK')
    expect(await talk(open([]), `${get}\r\n`)).toContain('HTTP/1.1 200 OK')
    const twice = `${get}Host: evil.test\r\n\r\n`
    expect(await talk(open(['http/1.1']), twice)).toContain('400 Bad Request')
    const smuggled = `${get}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`
    expect(await talk(open(['http/1.1']), smuggled)).toContain('400 Bad Request')
    const long = `${get}X: ${'x'.repeat(17_000)}\r\n\r\n`
    expect(await talk(open(['http/1.1']), long)).toContain('431')
  })

  it('offers HTTP/1.1 alone where that is all that is wanted', async () => {
    const tls = [authority.issue(['app.gw.test'])]
    const first = await openDoor(gate, { tls, http2: false })
    const socket = connectTls({
      port: first,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    const get = 'GET /a HTTP/1.1\r\nHost: open.gw.test\r\n\r\n'
    expect(await talk(socket, get)).toContain('HTTP/1.1 200 OK')
    expect(socket.alpnProtocol).toBe('http/1.1')
  })

  it('carries WebSockets', async () => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    onTestFinished(() => void socket.destroy())
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const head = ['GET /ws HTTP/1.1', 'Host: open.gw.test', ...lines]
    socket.write(`${head.join('\r\n')}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('101 Switching Protocols')
    socket.write('hello')
    const [echo] = await once(socket, 'data')
    expect(String(echo)).toBe('hello')
  })

  it('closes on whoever does not speak TLS, without a word', async () => {
    const { connect: connectPlain } = await import('node:net')
    const got = await talk(connectPlain(port, '127.0.0.1'), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(got).not.toContain('HTTP/1.1')
  })

  it.each(['TLSv1', 'TLSv1.1'] as const)('does not speak %s', async (version) => {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    const [error] = await once(socket, 'error')
    expect(String(error)).toMatch(/protocol|alert/i)
  })
})

describe('a stop', () => {
  it('lets what is under way on a connection of HTTP/2 finish, and ends it', async () => {
    const other = await openGate({
      routes: [{ host: 'open.gw.test', upstream: plain.origin, rules: [{ require: 'bypass' }] }],
    })
    const door = await openDoor(other, { tls: [authority.issue(['open.gw.test'])], http2: true })
    let held: Socket | undefined
    behave = (socket) => {
      held = socket
    }
    const on = connect(`https://127.0.0.1:${door}`, { rejectUnauthorized: false })
    on.on('error', () => undefined)
    const stream = on.request({ ':authority': 'open.gw.test', ':path': '/' })
    const coming = answerOf(stream)
    await until(() => held !== undefined)
    const stopped = other.close()
    held?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
    expect(await coming).toMatchObject({ status: 200, body: 'done', code: 0 })
    await stopped
    expect(on.closed || on.destroyed).toBe(true)
  })
})
