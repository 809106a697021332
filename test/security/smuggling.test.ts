import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { afterEach, describe, expect } from 'vitest'
import { openKeptUpstream, type PlainUpstream, until } from '../support/plain-upstream.ts'
import { type RawAnswer, send } from '../support/raw.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { atMostOne } from './framing.ts'
import { story } from './story.ts'

const HOST = 'b.gw.test'

let upstream: PlainUpstream | undefined
let fixture: Fixture | undefined
afterEach(async () => {
  upstream?.close()
  await fixture?.close()
})

/** A gateway before an application that behaves as told; the other hosts lead to the recorder. */
async function gateBefore(onHead: (socket: Socket, head: string) => void): Promise<Fixture> {
  upstream = await openKeptUpstream(onHead)
  fixture = await openFixture({ elsewhere: { b: Number(new URL(upstream.origin).port) } })
  return fixture
}

/** What somebody gets to see at the application's `/me`. */
async function me({ port, resolve }: Fixture, name: string): Promise<RawAnswer> {
  const headers = [['Cookie', await resolve(`COOKIE:${name}:aal2`)]] as const
  return send(port, { host: HOST, path: '/me', headers })
}

const answerOf = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const userIn = (head: string): string => /\r\nRemote-User: (\S*)/.exec(head)?.[1] ?? 'nobody'

describe('kept connections to an application', () => {
  story('SMG-060', 'give nobody an answer that was made for somebody else', async () => {
    const surplus = await gateBefore((socket, head) => {
      socket.write(answerOf(`for ${userIn(head)}`) + answerOf('surplus for alice'))
    })
    for (const name of ['alice', 'bob', 'alice', 'bob']) {
      const answer = await me(surplus, name)
      expect([answer.status, answer.body]).toEqual([200, `for ${name}`])
    }
    upstream?.close()
    await surplus.close()

    // Said before anything was asked.
    const early = await gateBefore((socket, head) => socket.write(answerOf(`for ${userIn(head)}`)))
    upstream?.server.on('connection', (socket: Socket) => socket.write(answerOf('early')))
    for (const name of ['alice', 'bob', 'alice', 'bob']) {
      const { status, body } = await me(early, name)
      expect([200, 502]).toContain(status)
      expect(body).not.toContain('early')
      if (status === 200) expect(body).toBe(`for ${name}`)
    }

    // And late, on a connection that waits for its next request.
    upstream?.close()
    await early.close()
    const late = await gateBefore((socket, head) => {
      socket.write(answerOf(`for ${userIn(head)}`))
      setTimeout(() => socket.write(answerOf('late for alice')), 20)
    })
    for (const name of ['alice', 'bob', 'alice', 'bob']) {
      const answer = await me(late, name)
      expect([answer.status, answer.body]).toEqual([200, `for ${name}`])
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  })

  story('SMG-061', 'end with an answer that can be read in two ways, or in none', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\nhello!!',
      'HTTP/1.1 200 OK\r\nContent-Length: 2, 7\r\n\r\nhello!!',
      'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello',
      'HTTP/1.1 100 Continue\r\n\r\n'.repeat(5_000),
      'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'.repeat(5_000),
      'HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello',
      'HTTP/1.1 200 OK\r\nX: a\u0000b\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 099 Odd\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 1000 Odd\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 20 Odd\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello',
    ]
    let count = 0
    const gate = await gateBefore((socket) => socket.write(answers[count++ % answers.length] ?? ''))
    const seen: [string, number, string][] = []
    for (const bytes of answers) {
      const { status, body } = await me(gate, 'alice')
      seen.push([bytes.slice(0, 60), status, /hello/.exec(body)?.[0] ?? ''])
    }
    expect(seen).toEqual(answers.map((bytes) => [bytes.slice(0, 60), 502, '']))
    // Each was the last on its connection.
    expect(upstream?.sockets.length).toBe(answers.length)
    await until(() => upstream?.sockets.every(({ destroyed }) => destroyed) ?? false)

    // Its head was in order and has gone out by then: the rest never does, nor does an end.
    answers.splice(0, answers.length, `${CHUNKED}+5\r\nhello\r\n0\r\n\r\n`)
    const answer = await me(gate, 'alice')
    expect([answer.answers, answer.closed]).toEqual([0, true])
    expect(answer.raw).not.toContain('hello')
  })

  story('SMG-062', 'are not used again after half a request', async () => {
    fixture = await openFixture()
    const { port, recorder, resolve } = fixture
    const cookie = await resolve('COOKIE:alice:aal2')
    const other = await resolve('COOKIE:bob:aal2')
    recorder.clear()
    for (const [said, half] of [
      ['Transfer-Encoding: chunked', '1f4\r\nhalf'],
      ['Content-Length: 500', 'half'],
    ]) {
      const client = connect(port, '127.0.0.1')
      client.on('error', () => undefined)
      client.write(`POST /upload HTTP/1.1\r\nHost: ${HOST}\r\nCookie: ${cookie}\r\n${said}\r\n\r\n`)
      client.write(half ?? '')
      await new Promise((resolve) => setTimeout(resolve, 100))
      client.resetAndDestroy()
      await until(() => recorder.messages().some(({ complete }) => !complete))

      const answer = await send(port, { host: HOST, path: '/next', headers: [['Cookie', other]] })
      expect(answer.status).toBe(200)
      const [broken, next] = recorder.messages()
      atMostOne({ messages: next ? [next] : [] })
      expect(next?.requestLine).toBe('GET /next HTTP/1.1')
      expect(next?.connection).not.toBe(broken?.connection)
      recorder.clear()
    }
  })
})
