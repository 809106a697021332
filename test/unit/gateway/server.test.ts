import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { sendRaw } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

let gate: Gate
let upstream: PlainUpstream
let held: Socket[]
beforeEach(async () => {
  held = []
  upstream = await openUpstream((socket) => held.push(socket))
  gate = await openGate({
    routes: [{ host: 'open.gw.test', upstream: upstream.origin, rules: [{ require: 'bypass' }] }],
  })
})
afterEach(async () => {
  upstream.close()
  await gate.close()
})

const head = (lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`

describe('the server', () => {
  it.each([
    [
      'a head without end',
      head(['GET / HTTP/1.1', 'Host: open.gw.test', `X: ${'x'.repeat(17_000)}`]),
      431,
    ],
    ['a line without a colon', head(['GET / HTTP/1.1', 'Host: open.gw.test', 'nonsense']), 400],
    ['no host', head(['GET / HTTP/1.1']), 400],
    ['no host in HTTP/1.0', head(['GET / HTTP/1.0']), 400],
    ['no version', 'GET /\nHost: open.gw.test\n\n', 400],
    ['CONNECT', head(['CONNECT x:22 HTTP/1.1', 'Host: x:22']), 405],
    ['TRACE', head(['TRACE / HTTP/1.1', 'Host: open.gw.test']), 405],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ])('answers %s and closes', async (_, bytes, status) => {
    const answer = await sendRaw(gate.port, bytes)
    expect(answer.status).toBe(status)
    expect(answer.closed).toBe(true)
    expect(held).toEqual([])
    expect(gate.events.every(({ name }) => name === 'access.refused')).toBe(true)
  })

  it('lets an application hear nothing of a body that is malformed from the start', async () => {
    const lines = ['POST / HTTP/1.1', 'Host: open.gw.test', 'Transfer-Encoding: chunked']
    const answer = await sendRaw(gate.port, `${head(lines)}+5\r\nhello\r\n0\r\n\r\n`)
    expect(answer.status).toBe(400)
    expect(answer.closed).toBe(true)
    expect(held).toEqual([])
  })

  it('writes no second answer into one that is on its way', async () => {
    const client = connect(gate.port, '127.0.0.1')
    const lines = ['POST / HTTP/1.1', 'Host: open.gw.test', 'Transfer-Encoding: chunked']
    client.write(`${head(lines)}5\r\nhello\r\n`)
    await until(() => held.length === 1)
    held[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    let got = ''
    client.on('data', (bytes) => {
      got += bytes
    })
    await until(() => got.includes('half'))
    client.write('nonsense\r\n')
    await once(client, 'close')
    expect(got.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })
})

describe('a stop', () => {
  it('lets what is under way finish, and takes nothing new', async () => {
    const client = connect(gate.port, '127.0.0.1')
    client.write(head(['GET / HTTP/1.1', 'Host: open.gw.test']))
    await until(() => held.length === 1)
    const stopped = gate.close()
    const late = connect(gate.port, '127.0.0.1')
    const [error] = await once(late, 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    held[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
    const [answer] = await once(client, 'data')
    expect(String(answer)).toContain('done')
    await stopped
  })

  it('does not wait for ever', async () => {
    const client = connect(gate.port, '127.0.0.1')
    client.on('error', () => undefined)
    client.write(head(['GET / HTTP/1.1', 'Host: open.gw.test']))
    await until(() => held.length === 1)
    const closed = once(client, 'close')
    const from = performance.now()
    await gate.close()
    expect(performance.now() - from).toBeLessThan(3_000)
    await closed
  })

  it('does not wait for a WebSocket that an application neither takes nor refuses', async () => {
    const client = connect(gate.port, '127.0.0.1')
    client.on('error', () => undefined)
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    client.write(head(['GET / HTTP/1.1', 'Host: open.gw.test', ...lines, key]))
    await until(() => held.length === 1)
    const from = performance.now()
    await gate.close()
    expect(performance.now() - from).toBeLessThan(3_000)
  })
})
