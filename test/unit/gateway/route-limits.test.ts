import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openUpstream, type PlainUpstream } from '../../support/plain-upstream.ts'
import { sendRaw } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

let upstream: PlainUpstream
let gate: Gate
let answer: string

beforeEach(async () => {
  answer = ''
  upstream = await openUpstream((socket) => answer && socket.write(answer))
  const route = (name: string, timeouts: object) => ({
    host: `${name}.gw.test`,
    upstream: upstream.origin,
    proxy: { timeouts },
    rules: [{ require: 'bypass' }],
  })
  gate = await openGate({
    routes: [
      route('hasty', { head: '1s' }),
      route('restless', { idle: '1s' }),
      route('patient', { head: '1h', idle: '1h' }),
    ],
    timeouts: { connect: '1s', head: '2s', idle: '2s' },
  })
})
afterEach(async () => {
  upstream.close()
  await gate.close()
})

const get = (name: string) => `GET / HTTP/1.1\r\nHost: ${name}.gw.test\r\n\r\n`
const STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntick\r\n'

describe('a route with limits of its own', () => {
  it('gives an application up sooner, or waits for it longer', async () => {
    const patient = sendRaw(gate.port, get('patient'), { timeoutMs: 4_500 })
    expect((await sendRaw(gate.port, get('hasty'))).status).toBe(504)
    const { raw, closed } = await patient
    expect(raw).toBe('')
    expect(closed).toBe(false)
  }, 10_000)

  it('ends a silent stream sooner, or lets it be silent longer', async () => {
    answer = STREAM
    const patient = sendRaw(gate.port, get('patient'), { timeoutMs: 5_000 })
    const restless = await sendRaw(gate.port, get('restless'))
    expect(restless.raw).toContain('tick')
    expect(restless.closed).toBe(true)
    const { raw, closed } = await patient
    expect(raw).toContain('tick')
    expect(closed).toBe(false)
  }, 10_000)

  it('keeps to them for WebSockets too', async () => {
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    const client = connect(gate.port, '127.0.0.1')
    client.write(`GET / HTTP/1.1\r\nHost: hasty.gw.test\r\n${lines.join('\r\n')}\r\n${key}\r\n\r\n`)
    const [bytes] = await once(client, 'data')
    expect(String(bytes)).toContain('502 Bad Gateway')
    client.destroy()
  })
})
