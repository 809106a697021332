import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { makeAuthority, pairOf } from '../../support/certificates.ts'
import { openUpstream, type PlainUpstream } from '../../support/plain-upstream.ts'
import { portOf } from '../../support/ports.ts'
import { sendRaw } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

const HOST = 'app.gw.test'
let gate: Gate
let upstream: PlainUpstream
let heads: string[]
afterEach(async () => {
  upstream.close()
  await gate.close()
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** What a connection does with its second request, after it has answered the first. */
type Second = (socket: Socket) => void

/** An application whose first connection answers once, and then does as told; others answer. */
async function behind(second: Second, proxy: object = {}): Promise<void> {
  heads = []
  upstream = await openUpstream((socket, head) => {
    heads.push(head)
    socket.write(OK)
    const isFirst = upstream.sockets.length === 1
    socket.on('data', (bytes) => {
      heads.push(String(bytes))
      if (isFirst) second(socket)
      else socket.write(OK)
    })
  })
  gate = await openGate({
    routes: [{ host: HOST, upstream: upstream.origin, proxy, rules: [{ require: 'bypass' }] }],
    timeouts: { connect: '1s', head: '1s' },
  })
  expect((await request('GET')).status).toBe(200)
}

const request = (method: string, body?: string) => {
  const length = body === undefined ? '' : `Content-Length: ${body.length}\r\n`
  return sendRaw(
    gate.port,
    `${method} / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${length}\r\n${body ?? ''}`,
  )
}

const closes: Second = (socket) => socket.destroy()
const resets: Second = (socket) => socket.resetAndDestroy()

describe('a request whose kept connection breaks before one byte is answered', () => {
  it.each([
    ['is closed', 'GET', closes],
    ['is reset', 'GET', resets],
    ['is closed', 'HEAD', closes],
    ['is closed', 'OPTIONS', closes],
    ['is closed', 'DELETE', closes],
    ['is closed', 'PROPFIND', closes],
  ] as const)('because it %s, is sent once more on a fresh one: %s', async (_, method, second) => {
    await behind(second)
    expect((await request(method)).status).toBe(200)
    expect(upstream.sockets).toHaveLength(2)
    expect(heads.map((head) => head.split(' ')[0])).toEqual(['GET', method, method])
    expect(heads[2]).toContain('onnection: close')
  })

  it.each([
    ['POST', undefined],
    ['PATCH', undefined],
    ['MKCOL', undefined],
    ['POST', 'body'],
    ['PUT', 'body'],
    ['GET', 'body'],
  ] as const)('is told about when it is a %s with the body %j', async (method, body) => {
    await behind(closes)
    expect((await request(method, body)).status).toBe(502)
    expect(heads).toHaveLength(2)
  })

  it('is told about where that is switched off', async () => {
    await behind(closes, { retry: false })
    expect((await request('GET')).status).toBe(502)
    expect(heads).toHaveLength(2)
  })
})

describe('the same over TLS', () => {
  const authority = makeAuthority()
  afterAll(authority.remove)

  it.each([
    ['nothing is answered', '', 200, 3],
    ['a single byte is answered', 'H', 502, 2],
    ['an interim answer comes', 'HTTP/1.1 103 Early Hints\r\n\r\n', 502, 2],
  ])('when %s', async (_, second, status, seen) => {
    let requests = 0
    const server = createTlsServer(pairOf(authority.issue(['127.0.0.1'])), (socket) => {
      socket.on('error', () => undefined)
      const isFirst = requests === 0
      socket.on('data', () => {
        requests += 1
        if (!isFirst || requests === 1) return void socket.write(OK)
        socket.write(second, () => setTimeout(() => socket.destroy(), 50))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    upstream = await openUpstream(() => undefined)
    const proxy = { tls: { ca: authority.ca } }
    gate = await openGate({
      routes: [
        {
          host: HOST,
          upstream: `https://127.0.0.1:${portOf(server)}`,
          proxy,
          rules: [{ require: 'bypass' }],
        },
      ],
      timeouts: { head: '2s' },
    })
    expect((await request('GET')).status).toBe(200)
    expect((await request('GET')).status).toBe(status)
    expect(requests).toBe(seen)
    server.close()
  })
})

describe('a request is sent no second time', () => {
  it('once a single byte was answered', async () => {
    await behind((socket) => {
      socket.write('H')
      setTimeout(() => socket.destroy(), 50)
    })
    expect((await request('GET')).status).toBe(502)
    expect(heads).toHaveLength(2)
  })

  it('when the application takes too long: it may still be at work', async () => {
    await behind(() => undefined)
    expect((await request('GET')).status).toBe(504)
    expect(heads).toHaveLength(2)
  })

  it('when the connection was new', async () => {
    await behind(closes)
    upstream.close()
    heads = []
    upstream = await openUpstream((socket, head) => {
      heads.push(head)
      socket.destroy()
    })
    const other = await openGate({
      routes: [{ host: HOST, upstream: upstream.origin, rules: [{ require: 'bypass' }] }],
    })
    const answer = await sendRaw(other.port, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    expect(answer.status).toBe(502)
    expect(heads).toHaveLength(1)
    await other.close()
  })
})
