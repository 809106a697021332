import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { createVisitor } from '../support/visitor.ts'

const PASSWORD = 'eleven green bottles'
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** Events without end, a file that never comes to its end, and WebSockets that echo. */
const application = createServer((message, response) => {
  const isEvents = message.url === '/events'
  response.writeHead(200, isEvents ? { 'content-type': 'text/event-stream' } : {})
  response.write('first\n')
})
application.on('upgrade', (_, socket) => {
  const accept = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  socket.on('error', () => undefined)
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
  )
})

describe('streams, when another process takes the right to them away', () => {
  let program: Program
  let port: number

  beforeAll(async () => {
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    port = await freePort()
    program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
login: { password: { memory_kib: 19456, passes: 1 } }
routes:
  - host: localhost
    upstream: http://127.0.0.1:${portOf(application)}
    rules: [{ require: one_factor, groups: [staff] }]
store: { path: ./gatehouse.db }
`)
    await program.start()
    const added = program.run(['user', 'add', 'alice', '--groups', 'staff'], `${PASSWORD}\n`)
    expect(added).toMatchObject({ code: 0, err: '' })
  })
  afterAll(async () => {
    await program.end()
    application.closeAllConnections()
    application.close()
  })

  async function signIn(): Promise<string> {
    const visitor = createVisitor(port)
    await visitor.open(`http://localhost:${port}/.gatehouse/login`)
    await visitor.submit({ username: 'alice', password: PASSWORD })
    return visitor.jar.headerFor('localhost')
  }

  /** Opens one, reads its first bytes, and tells when it is over. */
  async function open(cookie: string, path: string, lines: string[] = []) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    const head = [`GET ${path} HTTP/1.1`, `Host: localhost:${port}`, `Cookie: ${cookie}`, ...lines]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const [bytes] = await once(socket, 'data')
    return { head: String(bytes), closed: once(socket, 'close') }
  }

  async function openAll() {
    const cookie = await signIn()
    const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const all = [
      await open(cookie, '/events'),
      await open(cookie, '/file'),
      await open(cookie, '/socket', [...handshake, `Sec-WebSocket-Key: ${KEY}`]),
    ]
    expect(all.map(({ head }) => head.split(' ')[1])).toEqual(['200', '200', '101'])
    return all.map(({ closed }) => closed)
  }

  it.each([
    ['a session is revoked', ['session', 'revoke', 'alice'], []],
    ['the user is disabled', ['user', 'disable', 'alice'], ['user', 'enable', 'alice']],
    ['the user leaves the group', ['user', 'groups', 'alice', ''], []],
  ])('end once %s', async (_, command, undo) => {
    const closed = await openAll()
    expect(program.run(command)).toMatchObject({ code: 0, err: '' })
    await Promise.all(closed)
    if (undo.length > 0) expect(program.run(undo)).toMatchObject({ code: 0 })
  })
})
