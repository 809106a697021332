import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { freePort, portOf } from '../../support/ports.ts'
import { send, sendRaw } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

const HOST = 'open.gw.test'
const TIMEOUTS = { connect: '1s', head: '1s', idle: '3s' }

let gate: Gate | undefined
let upstream: PlainUpstream | undefined
afterEach(async () => {
  upstream?.close()
  await gate?.close()
})

/** A gate before an application that behaves as told. */
async function behind(onHead: (socket: Socket, head: string) => void): Promise<Gate> {
  upstream = await openUpstream(onHead)
  return gateTo(upstream.origin)
}

async function gateTo(origin: string): Promise<Gate> {
  gate = await openGate({
    routes: [{ host: HOST, name: 'Wiki', upstream: origin, rules: [{ require: 'bypass' }] }],
    timeouts: TIMEOUTS,
  })
  return gate
}

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`

describe('an application that fails', () => {
  it('because nothing listens there, is told about with 502', async () => {
    const { port } = await gateTo(`http://127.0.0.1:${await freePort()}`)
    const answer = await send(port, { host: HOST, path: '/', headers: [['Accept', 'text/html']] })
    expect(answer.status).toBe(502)
    expect(answer.all('content-type')).toEqual(['text/html; charset=utf-8'])
    expect(answer.all('content-security-policy').join()).toContain("default-src 'none'")
    expect(answer.body).toContain('Wiki is not answering')
  })

  it('by closing before its answer, is told a program about as a problem', async () => {
    const { port } = await behind((socket) => socket.destroy())
    const answer = await sendRaw(port, GET)
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'upstream_unreachable' })
  })

  it.each([
    ['before its head', ''],
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['in its head, after an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 2'],
  ])('by a reset %s, is told about with 502', async (_, bytes) => {
    const { port } = await behind((socket) => {
      if (bytes === '') return void socket.resetAndDestroy()
      socket.write(bytes)
      setTimeout(() => socket.resetAndDestroy(), 50)
    })
    expect((await sendRaw(port, GET)).status).toBe(502)
  })

  it.each([
    ['with more bytes than it states', 'Content-Length: 4\r\n\r\nmore than that', 'more'],
    ['with bytes where there are none', 'Content-Length: 0\r\n\r\nsome', ''],
  ])('%s, has none of them passed on, or to anybody else', async (_, bytes, body) => {
    const { port } = await behind((socket) => socket.write(`HTTP/1.1 200 OK\r\n${bytes}`))
    for (let round = 0; round < 3; round += 1) {
      const answer = await sendRaw(port, GET)
      expect([200, 502]).toContain(answer.status)
      if (answer.status === 200) expect(answer.body).toBe(body)
      expect(answer.answers).toBe(1)
    }
  })

  it('by a reset in the middle of its body, never looks like a whole answer', async () => {
    const { port } = await behind((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      setTimeout(() => socket.resetAndDestroy(), 50)
    })
    const answer = await sendRaw(port, GET)
    expect(answer.answers).toBe(0)
    expect(answer.closed).toBe(true)
  })

  it('by saying nothing, is given up with 504', async () => {
    const { port } = await behind(() => undefined)
    const answer = await sendRaw(port, GET)
    expect(answer.status).toBe(504)
  })

  it.each([
    ['a broken head', 'HTTP/1.1 200 OK\r\nno colon here\r\n\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\nhello'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'an upgrade that nobody asked for',
      'HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['a status that is none', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'.repeat(200)],
  ])('with %s, is told about with 502', async (_, bytes) => {
    const { port } = await behind((socket) => socket.end(bytes))
    expect((await sendRaw(port, GET)).status).toBe(502)
  })

  it('in the middle of its body, never looks like a whole answer', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'
    const { port } = await behind((socket) => {
      socket.write(head)
      setTimeout(() => socket.destroy(), 50)
    })
    const answer = await sendRaw(port, GET)
    expect(answer.raw).toContain('200 OK')
    expect(answer.answers).toBe(0)
    expect(answer.closed).toBe(true)
  })

  it('in the middle of its chunks, never ends them', async () => {
    const { port } = await behind((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
      setTimeout(() => socket.destroy(), 50)
    })
    const answer = await sendRaw(port, GET)
    expect(answer.raw).toContain('half')
    expect(answer.raw).not.toContain('0\r\n\r\n')
    expect(answer.closed).toBe(true)
  })

  it('towards a client of HTTP/1.0, resets the connection, for its end would be the end', async () => {
    const { port } = await behind((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
      setTimeout(() => socket.destroy(), 50)
    })
    const client = connect(port, '127.0.0.1')
    client.write(`GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`)
    client.resume()
    const [error] = await once(client, 'error')
    expect(error).toMatchObject({ code: 'ECONNRESET' })
  })

  it('while an upload is under way, is still told about', async () => {
    const { port } = await behind((socket) => socket.destroy())
    const body = 'x'.repeat(200_000)
    const answer = await sendRaw(
      port,
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(answer.status).toBe(502)
  })
})

describe('an application behind TLS', () => {
  it('is offered HTTP/1.1 alone, in which header lines keep their order and number', async () => {
    const hello = new Promise<string>((resolve) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', (bytes: Buffer) => {
          resolve(bytes.toString('latin1'))
          socket.destroy()
        })
      })
      server.listen(0, '127.0.0.1', async () => {
        const { port } = await gateTo(`https://127.0.0.1:${portOf(server)}`)
        expect((await sendRaw(port, GET)).status).toBe(502)
        server.close()
      })
    })
    expect(await hello).toContain('\u0008http/1.1')
    expect(await hello).not.toContain('\u0002h2')
  })
})

describe('a client that goes away', () => {
  it('takes the request to the application with it', async () => {
    const { port } = await behind(() => undefined)
    const client = connect(port, '127.0.0.1')
    client.write(GET)
    await until(() => upstream?.sockets.length === 1)
    const closed = once(upstream?.sockets[0] ?? client, 'close')
    client.destroy()
    await closed
  })

  it('in the middle of an upload, leaves no connection behind that another request could get', async () => {
    const heads: string[] = []
    const { port } = await behind((socket, head) => {
      heads.push(head)
      if (head.startsWith('GET')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    const client = connect(port, '127.0.0.1')
    client.write(
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    )
    await until(() => heads.length === 1)
    client.resetAndDestroy()
    const answer = await sendRaw(port, GET)
    expect(answer.status).toBe(200)
    expect(heads[1]).toMatch(/^GET \/ HTTP\/1\.1\r\n/)
    expect(upstream?.sockets.length).toBe(2)
  })
})

describe('an answer that nobody asked for', () => {
  it('is nobody’s: not after another answer, and not before any request', async () => {
    const two =
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond'
    const { port } = await behind((socket) => socket.write(two))
    expect((await sendRaw(port, GET)).body).toBe('first')
    expect((await sendRaw(port, GET)).body).toBe('first')
  })
})

describe('an upload of which the application wants no more', () => {
  it('is answered, and the connection is read to the end of it', async () => {
    const { port } = await behind((socket) => {
      socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno')
      socket.resume()
    })
    const body = 'x'.repeat(500_000)
    const answer = await sendRaw(
      port,
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(answer.status).toBe(413)
    expect(answer.body).toBe('no')
  })
})

describe('an idle stream', () => {
  it('ends visibly when the application says nothing for too long', async () => {
    const { port } = await behind((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntick\r\n'),
    )
    const answer = await sendRaw(port, GET, { timeoutMs: 6_000 })
    expect(answer.raw).toContain('tick')
    expect(answer.closed).toBe(true)
    expect(answer.answers).toBe(0)
  }, 10_000)
})
