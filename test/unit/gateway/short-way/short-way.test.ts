import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openUpstream, type PlainUpstream, until } from '../../../support/plain-upstream.ts'
import { type RawAnswer, sendRaw } from '../../../support/raw.ts'
import { type Gate, openGate } from '../gate.ts'

let gate: Gate
let upstream: PlainUpstream
let cookie: string
/** What the server of HTTP got to read. */
let served: string[]

const open = (trusted: readonly string[]) =>
  openGate({
    trusted,
    routes: [
      { host: 'app.gw.test', upstream: upstream.origin, rules: [{ require: 'two_factor' }] },
    ],
  })

beforeEach(async () => {
  upstream = await openUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npage\n')
  })
  gate = await open(['127.0.0.1'])
  listen()
})
afterEach(async () => {
  upstream.close()
  await gate.close()
})

function listen(): void {
  served = []
  gate.front.server.on('request', ({ url }) => served.push(url))
  cookie = gate.signIn('alice')
}

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const about = (target: string) => [
  'Host: gatehouse.internal',
  'X-Forwarded-Method: GET',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: app.gw.test',
  `X-Forwarded-Uri: ${target}`,
  `Cookie: ${cookie}`,
]
const PATH = '/api/authz/forward-auth'
const question = (target = '/', ...lines: string[]) =>
  head(`GET ${PATH} HTTP/1.1`, ...about(target), ...lines)
const page = () => head('GET /page HTTP/1.1', 'Host: app.gw.test', `Cookie: ${cookie}`)

/** One connection, on which one thing is said after the other. */
async function talk() {
  const socket = connect(gate.port, '127.0.0.1')
  await once(socket, 'connect')
  let got = ''
  socket.on('data', (bytes) => {
    got += bytes.toString('latin1')
  })
  const statuses = () => [...got.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status)
  return {
    socket,
    statuses,
    got: () => got,
    async ask(bytes: string) {
      const before = statuses().length
      socket.write(bytes)
      await until(() => statuses().length > before)
      return statuses().at(-1)
    },
  }
}

describe('a trusted proxy', () => {
  it('is answered time and again on one connection, without the server', async () => {
    const { ask, socket } = await talk()
    for (const target of ['/', '/a?b', '/c']) expect(await ask(question(target))).toBe('200')
    expect(served).toEqual([])
    socket.destroy()
  })

  it('is answered each time as things are at that moment', async () => {
    const { ask, socket } = await talk()
    expect(await ask(question())).toBe('200')
    gate.end(cookie)
    expect(await ask(question())).toBe('401')
    cookie = gate.signIn('alice')
    gate.swap({ routes: [{ host: 'app.gw.test', rules: [{ require: 'deny' }] }] })
    expect(await ask(question())).toBe('403')
    expect(served).toEqual([])
    socket.destroy()
  })

  it.each([
    ['somebody who is signed in', [], 200],
    ['nobody', ['Accept: text/html'], 302],
    ['a request that is none', ['X-Original-Url: https://other.gw.test/'], 400],
  ])('gets the same answer as from the server: %s', async (_, lines, status) => {
    if (status === 302) cookie = 'a=b'
    const short = await sendRaw(gate.port, question('/', ...lines))
    expect(served).toEqual([])
    const long = await sendRaw(gate.port, question('/', ...lines, 'Content-Length: 0'))
    expect(served).toEqual([PATH])
    expect(short.status).toBe(status)
    expect(comparable(short)).toEqual(comparable(long))
  })

  it('may ask in pieces, or twice at once: then the server reads it', async () => {
    const { ask, socket, statuses } = await talk()
    socket.write(question().slice(0, 20))
    // The first piece is read before the second is sent: both ends are at home in this process.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await ask(question().slice(20))).toBe('200')
    expect(served).toEqual([PATH])
    socket.destroy()

    const other = await talk()
    other.socket.write(question() + question())
    await until(() => other.statuses().length === 2)
    expect([...statuses(), ...other.statuses()]).toEqual(['200', '200', '200'])
    other.socket.destroy()
  })

  it('may send requests on over the same connection, and then ask again', async () => {
    const { ask, socket } = await talk()
    expect(await ask(question())).toBe('200')
    expect(await ask(page())).toBe('200')
    expect(await ask(question())).toBe('200')
    expect(served).toEqual([])
    socket.destroy()
  })

  it('gets what is malformed refused, and its connection closed', async () => {
    const { ask, socket, got } = await talk()
    expect(await ask(question())).toBe('200')
    const closed = once(socket, 'close')
    expect(await ask(question('/', 'Content-Length: 3', 'Transfer-Encoding: chunked'))).toBe('400')
    await closed
    expect(got()).toContain('Connection: close')
  })

  it('is answered, though it says that it has nothing more to say', async () => {
    const { socket, statuses } = await talk()
    socket.end(question())
    await once(socket, 'close')
    expect(statuses()).toEqual(['200'])
  })

  it('may go away before its answer', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { socket } = await talk()
      socket.write(question())
      socket.resetAndDestroy()
    }
    const { ask, socket } = await talk()
    expect(await ask(question())).toBe('200')
    socket.destroy()
  })

  it('is asked for no more while it does not listen', async () => {
    const socket = connect(gate.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.pause()
    const asked = question('/', `X-Filler: ${'x'.repeat(8_000)}`)
    // Far more than the buffers of a connection hold; each is sent when the one before has been taken.
    let sent = 0
    while (sent < 20_000 && (await takenIn(socket, asked))) sent += 1
    const before = gate.reads()
    expect(sent).toBeLessThan(20_000)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(gate.reads()).toBe(before)
    socket.destroy()
  }, 60_000)

  it('gets its last answer when everything ends', async () => {
    const { ask, socket, got } = await talk()
    expect(await ask(question())).toBe('200')
    const closing = gate.close()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await ask(question())).toBe('200')
    expect(got().split('HTTP/1.1 200')[2]).toContain('Connection: close')
    if (!socket.closed) await once(socket, 'close')
    await closing
  })
})

it('answers nobody else', async () => {
  await gate.close()
  gate = await open(['192.0.2.1'])
  listen()
  expect((await sendRaw(gate.port, question())).status).toBe(403)
})

/** All that does not differ from one moment to the next, or is said of a connection. */
const comparable = ({ status, headers, body }: RawAnswer) => ({
  status,
  headers: headers
    .filter(([name]) => !/^(date|connection|keep-alive|x-gatehouse-assertion)$/i.test(name))
    .toSorted(),
  body: body.replace(/"reference":"[^"]*"/, ''),
})

/** @returns Whether the other side has taken it within a moment. */
const takenIn = (socket: Socket, text: string): Promise<boolean> =>
  new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), 500)
    socket.write(text, () => {
      clearTimeout(late)
      resolve(true)
    })
  })
