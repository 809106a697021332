import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type House, openHouse } from './house.ts'
import { putUnderLoad } from './load.ts'

/** The application behind the gateway: answers after a moment, or never, and takes WebSockets. */
const application = createServer(({ url }, response) => {
  if (url === '/never') return void response.writeHead(200).write('begun')
  setTimeout(() => response.end('served'), url === '/slow' ? 700 : Math.random() * 10)
})
application.on('upgrade', (_, socket) => {
  socket.on('error', () => undefined)
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  )
})

let upstream: number
beforeAll(async () => {
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  upstream = (application.address() as AddressInfo).port
})
afterAll(() => {
  application.closeAllConnections()
  application.close()
})

let house: House
afterEach(() => house.end())

const open = async (workers: number, environment: Record<string, string> = {}) => {
  house = await openHouse({
    people: ['alice', 'bob'],
    secondFactor: false,
    environment,
    yaml: `
workers: ${workers}
routes:
  - host: localhost
    upstream: http://127.0.0.1:${upstream}
    rules: [{ paths: [/private], require: one_factor }, { require: bypass }]
`,
  })
  return house.program.start()
}

describe.each([1, 2])('told to stop under load, with %d process(es) taking requests', (workers) => {
  it('fails no request, says goodbye to WebSockets, and keeps what has happened', async () => {
    const serving = await open(workers)
    const { port } = house
    const load = putUnderLoad({ port, host: `localhost:${port}`, path: '/' })
    const socket = await openWebSocket(port)
    await load.answered(50)
    await house.signIn('alice')
    const slow = putUnderLoad({ port, host: `localhost:${port}`, path: '/slow', clients: 1 })
    await load.answered(50)

    const code = serving.stop()
    await slow.end
    expect(slow.broken).toEqual([])
    await load.end
    expect(load.broken).toEqual([])
    expect([...load.answers.keys()]).toEqual([200])
    expect(await socket.closed).toEqual(Buffer.from([0x88, 0x02, 0x03, 0xe9]))
    expect(await code).toBe(0)
    expect(house.program.run(['audit', 'list', '--event', 'login.succeeded']).out).toMatch(/alice/)
    expect(house.program.run(['audit', 'verify'])).toMatchObject({ code: 0 })
  })
})

describe('told to stop twice', () => {
  it.each([1, 2])('ends at once, with %d process(es) taking requests', async (workers) => {
    const serving = await open(workers)
    const never = await begin('/never')
    const code = serving.stop()
    await serving.until(/told to stop/)
    // Somebody who has seen that it goes on.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await Promise.race([code, Promise.resolve('goes on')])).toBe('goes on')
    process.kill(serving.pid, 'SIGTERM')
    expect(await code).toBe(1)
    await never.broken
    expect(await (await house.program.start()).stop()).toBe(0)
  })
})

describe('a failure that nobody caught', () => {
  // Stands in no build of ours: whoever starts the program puts it there.
  const HOOK = `data:text/javascript,${encodeURIComponent(`
    process.on('SIGUSR2', () => setTimeout(() => { throw new Error('thrown by nobody') }))
    process.on('SIGWINCH', () => void Promise.reject(new Error('rejected by nobody')))
  `)}`

  it.each(['SIGUSR2', 'SIGWINCH'] as const)(
    'is said, and ends the program in peace (%s)',
    async (signal) => {
      const serving = await open(1, { NODE_OPTIONS: `--import "${HOOK}"` })
      const alice = await house.signIn('alice')
      const slow = alice.get(house.url('/slow'))
      await new Promise((resolve) => setTimeout(resolve, 200))
      process.kill(serving.pid, signal)
      await serving.until(/uncaught failure, stopping/)
      expect((await slow).status).toBe(200)
      expect(await serving.ended).toBe(1)
      expect(serving.output()).toMatch(/by nobody/)

      await house.program.start()
      expect(await house.asks(alice)).toBe(200)
    },
  )

  it('ends one of several processes, and another takes its place', async () => {
    const serving = await open(2, { NODE_OPTIONS: `--import "${HOOK}"` })
    const alice = await house.signIn('alice')
    const [, pid = ''] = await serving.until(/"worker":1,"pid":(\d+)/)
    process.kill(Number(pid), 'SIGUSR2')
    await serving.until(/another takes its place/)
    expect(await house.asks(alice)).toBe(200)
    await serving.until(/(takes requests[\s\S]*){3}/)
    expect(await serving.stop()).toBe(0)
  })
})

/** A request whose answer has begun and does not end. */
async function begin(path: string): Promise<{ broken: Promise<unknown> }> {
  const asked = request({
    host: '127.0.0.1',
    port: house.port,
    path,
    headers: { host: `localhost:${house.port}` },
  }).end()
  const [message] = (await once(asked, 'response')) as [IncomingMessage]
  const broken = once(message, 'error')
  message.resume()
  return { broken }
}

/** @returns All that has come until the other side closed. */
async function openWebSocket(port: number): Promise<{ closed: Promise<Buffer> }> {
  const host = `localhost:${port}`
  const asked = request({
    ...{ host: '127.0.0.1', port },
    headers: {
      host,
      origin: `http://${host}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  }).end()
  const [, socket] = (await once(asked, 'upgrade')) as [unknown, Socket]
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
  return { closed: once(socket, 'close').then(() => Buffer.concat(chunks)) }
}
