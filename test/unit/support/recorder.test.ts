import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { portOf } from '../../support/ports.ts'
import { send, sendRaw } from '../../support/raw.ts'
import { openRecorder, type Recorder } from '../../support/recorder.ts'

describe('the recorder', () => {
  let recorder: Recorder
  beforeAll(async () => {
    recorder = await openRecorder()
  })
  beforeEach(() => recorder.clear())
  afterAll(() => recorder.close())

  it('keeps spelling, order and repetition of header lines', async () => {
    await sendRaw(
      recorder.port,
      'GET /a HTTP/1.1\r\nHost: x\r\nb_B: 1\r\nB-b:  2 \r\nb_B: 3\r\n\r\n',
    )
    expect(recorder.messages()).toMatchObject([
      {
        requestLine: 'GET /a HTTP/1.1',
        headers: [
          ['Host', 'x'],
          ['b_B', '1'],
          ['B-b', '2'],
          ['b_B', '3'],
        ],
      },
    ])
  })

  it('tells a second message from the body of the first', async () => {
    const second = 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n'
    const asBody = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${second.length}\r\n\r\n${second}`
    await sendRaw(recorder.port, asBody)
    expect(recorder.messages()).toHaveLength(1)

    recorder.clear()
    const answer = await sendRaw(
      recorder.port,
      `DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n${second}`,
    )
    expect(recorder.messages().map(({ requestLine }) => requestLine)).toEqual([
      'DELETE / HTTP/1.1',
      'GET /secret HTTP/1.1',
    ])
    expect(answer.answers).toBe(2)
  })

  it('puts chunks together and steps over trailers', async () => {
    await sendRaw(
      recorder.port,
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;e=f\r\nd\r\n0\r\nT: v\r\n\r\n',
    )
    expect(recorder.messages().map(({ body }) => body.toString())).toEqual(['abcd'])
  })

  it('records what never became a whole message', async () => {
    await sendRaw(recorder.port, 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort', {
      timeoutMs: 50,
    })
    await expect.poll(() => recorder.messages()).toMatchObject([{ complete: false }])
  })

  it('accepts a WebSocket and echoes what follows', async () => {
    const answer = await sendRaw(
      recorder.port,
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    expect(answer.status).toBe(101)
    // The example of RFC 6455, section 1.3.
    expect(answer.all('sec-websocket-accept')).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo='])
    expect(recorder.messages()).toHaveLength(1)
  })

  it('misbehaves where it is asked to', async () => {
    const get = (path: string) => send(recorder.port, { host: 'x', path }, { timeoutMs: 1_000 })
    expect((await get('/close')).status).toBe(0)
    expect((await get('/bad-framing')).raw).toContain('Content-Length: 7')
    expect((await get('/slow')).body).toBe('firstlater')
    const cookies = (await get('/set-cookie?name=__Host-n&domain=d')).all('set-cookie')
    expect(cookies).toContain('__Secure-n=tossed; Path=/; Secure; Domain=d')
    const early = 'POST /early-response HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n'
    expect((await sendRaw(recorder.port, early)).body).toBe('early')
  })
})

describe('a raw request', () => {
  let server: Server
  beforeAll(async () => {
    server = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => {
    server.close()
  })

  it('reads status, headers and body', async () => {
    const answer = await send(portOf(server), { host: 'x', path: '/a' })
    expect(answer).toMatchObject({ status: 200, body: '/a', answers: 1, closed: true })
    expect(answer.all('content-length')).toEqual(['2'])
  })

  it('reads every answer of a pipeline', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    const answer = await sendRaw(portOf(server), get('/a') + get('/b'))
    expect(answer).toMatchObject({ status: 200, body: '/b', answers: 2, closed: false })
  })

  it('waits for no body after HEAD', async () => {
    const answer = await send(portOf(server), { method: 'HEAD', host: 'x', path: '/abc' })
    expect(answer).toMatchObject({ status: 200, body: '', answers: 1 })
  })

  it('tells that the other side closed after a refusal', async () => {
    const bad = await sendRaw(portOf(server), 'nonsense\r\n\r\n')
    expect(bad).toMatchObject({ status: 400, closed: true })
  })
})
