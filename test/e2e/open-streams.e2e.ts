import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

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

beforeAll(() => new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve)))
afterAll(() => void application.close())

describe.each([1, 2])('streams of %i workers, when the right to them is taken away', (workers) => {
  let program: Program
  let port: number

  beforeAll(async () => {
    port = await freePort()
    program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
workers: ${workers}
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
  })

  const page = (name: string) => `http://localhost:${port}/.gatehouse/${name}`

  async function signIn(): Promise<Visitor> {
    const visitor = createVisitor(port)
    await visitor.open(page('login'))
    await visitor.submit({ username: 'alice', password: PASSWORD })
    return visitor
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

  /** Some of each: connections go to the workers in turn. */
  async function openAll(visitor: Visitor) {
    const cookie = visitor.jar.headerFor('localhost')
    const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const all = []
    for (let round = 0; round < workers; round += 1) {
      const events = await open(cookie, '/events')
      const file = await open(cookie, '/file')
      const socket = await open(cookie, '/socket', [...handshake, `Sec-WebSocket-Key: ${KEY}`])
      const heads = [events, file, socket].map(({ head }) => head.split(' ')[1])
      expect(heads).toEqual(['200', '200', '101'])
      all.push(events, file, socket)
    }
    return all.map(({ closed }) => closed)
  }

  it.each([
    ['a session is revoked', ['session', 'revoke', 'alice'], []],
    ['the user is disabled', ['user', 'disable', 'alice'], ['user', 'enable', 'alice']],
    [
      'the user leaves the group',
      ['user', 'groups', 'alice', ''],
      ['user', 'groups', 'alice', 'staff'],
    ],
  ])('end once %s', async (_, command, undo) => {
    const closed = await openAll(await signIn())
    expect(program.run(command)).toMatchObject({ code: 0, err: '' })
    await Promise.all(closed)
    if (undo.length > 0) expect(program.run(undo)).toMatchObject({ code: 0 })
  })

  it('end once the person signs out, and only in that browser', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()]
    const closed = await openAll(here)
    const others = await openAll(elsewhere)
    await here.open(page('logout'))
    await here.submit({})
    await Promise.all(closed)
    // Nothing has happened to these in the meantime.
    expect(await Promise.race([...others, 'open'])).toBe('open')
  })
})
