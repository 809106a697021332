import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../support/plain-upstream.ts'
import { freePort, portOf } from '../../support/ports.ts'
import { type RawAnswer, send } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

/** An application that says its name, and whether it is well. */
interface Node {
  origin: string
  server: Server
  seen: string[]
  isWell: boolean
}

const HOST = 'app.gw.test'
const nodes: Node[] = []
let gate: Gate | undefined

afterEach(async () => {
  await gate?.close()
  gate = undefined
  for (const { server } of nodes.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function aNode(name: string, port = 0): Promise<Node> {
  const server = createServer((message: IncomingMessage, response) => {
    node.seen.push(`${message.method} ${message.url}`)
    response.statusCode = node.isWell ? 200 : 500
    response.end(name)
  })
  server.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 403 ${name}\r\n\r\n`))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const node: Node = {
    origin: `http://127.0.0.1:${portOf(server)}`,
    server,
    seen: [],
    isWell: true,
  }
  nodes.push(node)
  return node
}

async function gateTo(upstream: string[], proxy: object = {}): Promise<void> {
  gate = await openGate({
    routes: [{ host: HOST, upstream, proxy, rules: [{ require: 'bypass' }] }],
    timeouts: { connect: '1s', head: '2s' },
  })
}

const ask = (method = 'GET', body?: string): Promise<RawAnswer> =>
  send(gate?.port ?? 0, {
    host: HOST,
    path: '/',
    method,
    ...(body === undefined ? {} : { body }),
  })
async function bodiesOf(count: number): Promise<string[]> {
  const bodies: string[] = []
  for (let done = 0; done < count; done += 1) bodies.push((await ask()).body)
  return bodies
}

describe('several upstreams', () => {
  it('take turns', async () => {
    await gateTo([(await aNode('a')).origin, (await aNode('b')).origin])
    expect(await bodiesOf(4)).toEqual(['a', 'b', 'a', 'b'])
  })

  it('hide one that takes no connection from whoever only reads', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`
    await gateTo([dead, (await aNode('b')).origin])
    expect(await bodiesOf(3)).toEqual(['b', 'b', 'b'])
  })

  it('take a POST once: it is told when it did not arrive, and the next one goes elsewhere', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`
    const other = await aNode('b')
    await gateTo([dead, other.origin])
    expect((await ask('POST', 'x=1')).status).toBe(502)
    expect(other.seen).toEqual([])
    expect((await ask('POST', 'x=1')).body).toBe('b')
  })

  it('carry WebSockets past one that takes no connection', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`
    await gateTo([dead, (await aNode('b')).origin])
    const socket = connect(gate?.port ?? 0, '127.0.0.1')
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n${lines.join('\r\n')}\r\n${key}\r\n\r\n`)
    const [bytes] = await once(socket, 'data')
    expect(String(bytes)).toContain('HTTP/1.1 403 b')
    socket.destroy()
  })

  it('all gone, are told about with 502', async () => {
    await gateTo([1, 2, 3, 4].map((octet) => `http://127.0.0.${octet}:9`))
    expect((await ask()).status).toBe(502)
    expect((await ask()).status).toBe(502)
  })
})

describe('health checks', () => {
  const health = {
    path: '/healthz?a',
    interval: '1s',
    timeout: '1s',
    unhealthy_after: 1,
    healthy_after: 1,
  }

  it('leave a server out while it is not well, and take it back', { timeout: 15_000 }, async () => {
    const [well, sick] = [await aNode('well'), await aNode('sick')]
    sick.isWell = false
    await gateTo([well.origin, sick.origin], { health })
    await until(() => sick.seen.length > 0)
    expect(sick.seen[0]).toBe('GET /healthz?a')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await bodiesOf(3)).toEqual(['well', 'well', 'well'])

    sick.isWell = true
    const checks = sick.seen.length
    await until(() => sick.seen.length > checks)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await bodiesOf(2)).toSorted()).toEqual(['sick', 'well'])
  })

  it('find a server that is back where none listened', { timeout: 15_000 }, async () => {
    const port = await freePort()
    const well = await aNode('well')
    await gateTo([well.origin, `http://127.0.0.1:${port}`], { health })
    expect(await bodiesOf(2)).toEqual(['well', 'well'])
    const back = await aNode('back', port)
    await until(() => back.seen.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await bodiesOf(2)).toSorted()).toEqual(['back', 'well'])
  })

  it('end with the gateway', async () => {
    const node = await aNode('a')
    await gateTo([node.origin], { health })
    await until(() => node.seen.length > 0)
    await gate?.close()
    gate = undefined
    const seen = node.seen.length
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect(node.seen.length).toBe(seen)
  })
})
