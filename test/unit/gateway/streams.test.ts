import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { type Gate, openGate } from './gate.ts'

const SIZE = 150 * 1024 * 1024
const CHUNK = Buffer.alloc(64 * 1024, 'x')
/** Buffers of the operating system may hold 37 MiB for each of the two connections; we next to nothing. */
const SLACK = 90 * 1024 * 1024

let upstream: PlainUpstream
let gate: Gate
let written = 0
let taken = 0

beforeAll(async () => {
  upstream = await openUpstream((socket, head) => {
    if (head.startsWith('GET')) {
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${SIZE}\r\n\r\n`)
      const more = () => {
        while (written < SIZE) {
          written += CHUNK.length
          if (!socket.write(CHUNK)) return void socket.once('drain', more)
        }
      }
      more()
    } else {
      socket.pause()
      taken = head.length - head.indexOf('\r\n\r\n') - 4
      socket.on('data', (bytes) => {
        taken += bytes.length
        if (taken >= SIZE) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
    }
  })
  gate = await openGate({
    routes: [{ host: 'open.gw.test', upstream: upstream.origin, rules: [{ require: 'bypass' }] }],
  })
})
afterAll(async () => {
  upstream.close()
  await gate.close()
})

it('lets a slow reader slow the application down, and holds little in between', {
  timeout: 20_000,
}, async () => {
  const client = connect(gate.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: open.gw.test\r\nConnection: close\r\n\r\n')
  await once(client, 'readable')
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(written).toBeLessThan(SLACK)

  let read = 0
  client.on('data', (bytes) => {
    read += bytes.length
  })
  await once(client, 'close')
  expect(read).toBeGreaterThanOrEqual(SIZE)
})

it('lets a slow application slow an upload down, and holds little in between', {
  timeout: 20_000,
}, async () => {
  const client = connect(gate.port, '127.0.0.1')
  client.write(`PUT / HTTP/1.1\r\nHost: open.gw.test\r\nContent-Length: ${SIZE}\r\n\r\n`)
  let sent = 0
  const more = () => {
    while (sent < SIZE) {
      sent += CHUNK.length
      if (!client.write(CHUNK)) return void client.once('drain', more)
    }
  }
  more()
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(sent).toBeLessThan(SLACK)

  upstream.sockets.at(-1)?.resume()
  const [answer] = await once(client, 'data')
  expect(String(answer)).toContain('200 OK')
  expect(taken).toBeGreaterThanOrEqual(SIZE)
  client.destroy()
})

it('shows the head of a stream before there is any body', async () => {
  const silent = await openUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
  })
  const other = await openGate({
    routes: [{ host: 'sse.gw.test', upstream: silent.origin, rules: [{ require: 'bypass' }] }],
  })
  const client = connect(other.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: sse.gw.test\r\n\r\n')
  let got = ''
  client.on('data', (bytes) => {
    got += bytes
  })
  await until(() => got.includes('text/event-stream'))
  silent.sockets[0]?.write('data: 1\n\n')
  await until(() => got.includes('data: 1'))
  client.destroy()
  silent.close()
  await other.close()
})
