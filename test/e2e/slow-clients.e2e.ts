import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/plain-upstream.ts'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { send } from '../support/raw.ts'

const MIB = 1024 * 1024
const BODY = Buffer.alloc(MIB, 'x')
const HEAD = `GET /file HTTP/1.1\r\nHost: open.gw.test\r\n\r\n`

/** An application with a file of a mebibyte, and a page. */
const application = createServer((message, response) => {
  response.end(message.url === '/file' ? BODY : 'a page')
})

describe('clients that take their time', () => {
  let program: Program
  let serving: Started
  let port: number
  const clients: Socket[] = []

  beforeAll(async () => {
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    port = await freePort()
    program = createProgram(`
portal: { url: "https://auth.gw.test" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
routes:
  - host: open.gw.test
    upstream: http://127.0.0.1:${portOf(application)}
    rules: [{ require: bypass }]
store: { path: ./gatehouse.db }
`)
    serving = await program.start()
    // Warm: what is built at the first requests counts as nobody's leak.
    for (let round = 0; round < 50; round += 1) expect(await pageStatus()).toBe(200)
  })
  afterAll(async () => {
    for (const client of clients) client.destroy()
    await program.end()
    application.closeAllConnections()
    application.close()
  })

  const pageStatus = async () =>
    (await send(port, { host: 'open.gw.test', path: '/' }, { timeoutMs: 10_000, quietMs: 0 }))
      .status
  const memory = () => {
    const status = readFileSync(`/proc/${serving.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
  }
  const descriptors = () => readdirSync(`/proc/${serving.pid}/fd`).length

  /** Opens many connections, some hundreds at a time. */
  async function open(count: number, begin: string): Promise<Socket[]> {
    const opened: Socket[] = []
    for (let from = 0; from < count; from += 250) {
      const some = Array.from({ length: Math.min(250, count - from) }, () => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => undefined)
        return socket
      })
      await Promise.all(some.map((socket) => once(socket, 'connect')))
      for (const socket of some) socket.write(begin)
      opened.push(...some)
    }
    clients.push(...opened)
    return opened
  }

  it('over the head, ten thousand of them, are told so and leave nothing behind', {
    timeout: 180_000,
  }, async () => {
    const [before, fds] = [memory(), descriptors()]
    const answers = new Map<string, number>()
    const slow = await open(10_000, 'GET /file HTTP/1.1\r\nHost: open.gw.te')
    for (const socket of slow) {
      socket.once('data', (bytes) => {
        const status = String(bytes).slice(9, 12)
        answers.set(status, (answers.get(status) ?? 0) + 1)
      })
    }
    expect(descriptors()).toBeGreaterThan(fds + 9_000)
    // Others are served as ever.
    for (let round = 0; round < 10; round += 1) expect(await pageStatus()).toBe(200)
    expect(memory() - before).toBeLessThan(200 * MIB)

    // Each gets a letter further in the meantime, which wins no time.
    for (const socket of slow) socket.write('s')
    await until(() => slow.every(({ closed }) => closed), 120_000)
    expect([...answers]).toEqual([['408', 10_000]])
    await until(() => descriptors() <= fds + 20, 20_000)
    expect(await pageStatus()).toBe(200)
  })

  it('over the answer, two thousand of them, hold little of it and leave nothing behind', {
    timeout: 180_000,
  }, async () => {
    const [before, fds] = [memory(), descriptors()]
    const slow = await open(2_000, HEAD)
    for (const socket of slow) socket.pause()
    for (let round = 0; round < 10; round += 1) expect(await pageStatus()).toBe(200)
    // Two gibibytes are asked for; most of what is on its way lies with the operating system.
    expect(memory() - before).toBeLessThan(400 * MIB)

    // Half of them go away, half read on to the end.
    const [leaving, reading] = [slow.slice(0, 1_000), slow.slice(1_000)]
    for (const socket of leaving) socket.destroy()
    let read = 0
    for (const socket of reading) {
      socket.on('data', (bytes) => {
        read += bytes.length
      })
      socket.resume()
    }
    await until(() => read >= reading.length * MIB, 120_000)
    for (const socket of reading) socket.destroy()
    await until(() => descriptors() <= fds + 20, 20_000)
    expect(await pageStatus()).toBe(200)
  })
})
