import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { type Gate, openGate } from './gate.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = createHash('sha1')
  .update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest('base64')

let application: PlainUpstream
let gate: Gate
/** Answers whatever begins with `/slow`, when the test says so. */
let release: () => void

beforeEach(async () => {
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  application = await openUpstream((socket, head) => {
    if (/^upgrade:/im.test(head)) {
      return void socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
      )
    }
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\nhalf')
    const ready = head.startsWith('GET /slow') ? released : Promise.resolve()
    void ready.then(() => socket.end('done'))
  })
  gate = await openGate({ routes: [wiki('bypass'), staff('two_factor')] })
})
afterEach(async () => {
  release()
  application.close()
  await gate.close()
})

const routeTo =
  (host: string) =>
  (level: string, more: object = {}) => ({
    host,
    upstream: application.origin,
    rules: [{ require: level, ...more }],
  })
const wiki = routeTo('wiki.gw.test')
const staff = routeTo('staff.gw.test')

function get(host: string, path: string, options: { agent?: Agent; cookie?: string } = {}) {
  const { agent, cookie } = options
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(
      {
        port: gate.port,
        path,
        ...(agent ? { agent } : {}),
        headers: { host, ...(cookie ? { cookie } : {}) },
      },
      (message) => {
        let body = ''
        message.on('data', (chunk) => {
          body += String(chunk)
        })
        message.on('error', reject)
        message.on('end', () => resolve({ status: message.statusCode ?? 0, body }))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

async function openWebSocket(host: string, cookie?: string): Promise<Socket> {
  const socket = connect(gate.port, '127.0.0.1')
  socket.on('error', () => undefined)
  const head = [
    'GET /socket HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...(cookie ? [`Cookie: ${cookie}`] : []),
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  const [bytes] = await once(socket, 'data')
  expect(String(bytes)).toContain('101 Switching Protocols')
  socket.resume()
  return socket
}

describe('when other rules come into force', () => {
  it('decides the next request on a kept connection by them', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await get('staff.gw.test', '/', { agent })).status).toBe(401)
    gate.swap({ routes: [wiki('deny'), staff('bypass')] })
    expect((await get('staff.gw.test', '/', { agent })).status).toBe(200)
    expect((await get('wiki.gw.test', '/', { agent })).status).toBe(403)
    agent.destroy()
  })

  it('lets an answer that has begun come to its end, even from a host that is gone', async () => {
    const answer = get('wiki.gw.test', '/slow')
    await until(() => application.sockets.length === 1)
    gate.swap({ routes: [staff('two_factor')] })
    expect((await get('wiki.gw.test', '/')).status).toBe(421)
    release()
    expect(await answer).toEqual({ status: 200, body: 'halfdone' })
  })

  it('ends at once the WebSockets that they do not allow, and no other', async () => {
    const cookie = gate.signIn('alice')
    const open = await openWebSocket('wiki.gw.test')
    const signedIn = await openWebSocket('staff.gw.test', cookie)
    gate.swap({ routes: [wiki('bypass', { methods: ['GET'] }), staff('two_factor')] })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([open.closed, signedIn.closed]).toEqual([false, false])

    gate.swap({ routes: [wiki('deny'), staff('two_factor')] })
    await once(open, 'close')
    expect(signedIn.closed).toBe(false)
    gate.swap({ routes: [wiki('deny'), staff('two_factor', { groups: ['admins'] })] })
    await once(signedIn, 'close')
  })

  it('decides each request by all of the old or all of the new, under load', async () => {
    // Whoever mixed the two would let somebody in, or tell the wrong name to the wrong application.
    const [one, other] = [await tellTale('one'), await tellTale('other')]
    const cookie = gate.signIn('alice')
    const first = { ...wiki('two_factor'), upstream: one.origin, headers: { user: 'X-One' } }
    const second = { ...wiki('one_factor'), upstream: other.origin, headers: { user: 'X-Other' } }
    gate.swap({ routes: [first, staff('deny')] })

    const agent = new Agent({ keepAlive: true, maxSockets: 20 })
    const seen = new Set<string>()
    let going = true
    const visitor = async () => {
      while (going) {
        const { status, body } = await get('wiki.gw.test', '/', { agent, cookie })
        seen.add(`${status} ${body}`)
      }
    }
    const visitors = Array.from({ length: 20 }, visitor)
    for (let swap = 0; swap < 100; swap += 1) {
      gate.swap({ routes: [swap % 2 === 0 ? second : first, staff('deny')] })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    going = false
    await Promise.all(visitors)
    agent.destroy()
    one.close()
    other.close()
    expect([...seen].toSorted()).toEqual(['200 one x-one', '200 other x-other'])
  })
})

/** An application that says which one it is, and by which header it was told who is there. */
const tellTale = (name: string) =>
  openUpstream((socket, head) => {
    const headers = head.toLowerCase().match(/^x-(?:one|other)(?=: alice)/gm) ?? []
    const body = `${name} ${headers.join()}`
    socket.end(
      `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
  })
