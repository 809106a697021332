import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type Http1Message, readHead, takeMessage, valuesOf } from './http1.ts'
import { portOf } from './ports.ts'

/**
 * An application behind the gate that writes down, byte for byte, what reaches it, and says so in
 * its answers. Some paths make it misbehave:
 *
 *     /set-cookie?name=N&domain=D   sets a cookie N, with every prefix, for D
 *     /bad-framing                  states two lengths at once
 *     /slow                         answers in two halves, a quarter of a second apart
 *     /early-response               answers as soon as it has the head
 *     /close                        closes without an answer
 */
export interface Recorder {
  port: number
  /** In the order in which they began. */
  messages(): RecordedMessage[]
  /** Forgets what came so far. */
  clear(): void
  close(): Promise<void>
}

export interface RecordedMessage extends Http1Message {
  requestLine: string
  /** Which connection it came on, counted from 1. */
  connection: number
  /** `false` for bytes at the end of a connection that never became a whole message. */
  complete: boolean
}

export async function openRecorder(): Promise<Recorder> {
  const sockets = new Set<Socket>()
  let recorded: RecordedMessage[] = []
  let connections = 0

  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    listen(socket, connections, (message) => recorded.push(message))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: portOf(server),
    messages: () => [...recorded],
    clear: () => {
      recorded = []
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function listen(socket: Socket, connection: number, record: (message: RecordedMessage) => void) {
  let pending = Buffer.alloc(0)
  let answeredEarly = false
  let upgraded = false

  socket.on('data', (bytes) => {
    if (upgraded) return void socket.write(bytes)
    pending = Buffer.concat([pending, Buffer.from(bytes)])
    if (!answeredEarly && pathOf(readHead(pending)?.startLine) === '/early-response') {
      answeredEarly = true
      answer(socket, 'early')
    }
    for (
      let taken = takeMessage(pending, 'request');
      taken;
      taken = takeMessage(pending, 'request')
    ) {
      pending = Buffer.from(taken.rest)
      const { message } = taken
      const recordedMessage = {
        ...message,
        requestLine: message.startLine,
        connection,
        complete: true,
      }
      record(recordedMessage)
      if (isUpgrade(message)) {
        upgraded = true
        return accept(socket, message)
      }
      if (!answeredEarly) reply(socket, recordedMessage)
      answeredEarly = false
    }
  })

  socket.on('close', () => {
    if (pending.length === 0) return
    const { startLine = '', headers = [] } = readHead(pending) ?? {}
    const rest = { raw: pending, startLine, requestLine: startLine, headers, body: Buffer.alloc(0) }
    record({ ...rest, connection, complete: false })
  })
}

function reply(socket: Socket, message: RecordedMessage) {
  const url = new URL(targetOf(message.startLine), 'http://recorder.test')
  switch (pathOf(message.startLine)) {
    case '/set-cookie':
      return answer(socket, 'cookie', cookieLines(url.searchParams))
    case '/bad-framing':
      return void socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\nhello',
      )
    case '/slow':
      return answerSlowly(socket)
    case '/close':
      return void socket.destroy()
    default:
      return answer(socket, describe(message), [], message.startLine.startsWith('HEAD '))
  }
}

function answer(socket: Socket, body: string, lines: readonly string[] = [], headOnly = false) {
  const head = ['HTTP/1.1 200 OK', 'Content-Type: application/json', ...lines]
  head.push(`Content-Length: ${Buffer.byteLength(body)}`)
  socket.write(`${head.join('\r\n')}\r\n\r\n${headOnly ? '' : body}`)
}

function answerSlowly(socket: Socket) {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
  setTimeout(() => socket.write('later'), 250)
}

function describe({ requestLine, headers, body, connection }: RecordedMessage): string {
  return JSON.stringify({ connection, requestLine, headers, body: body.toString('latin1') })
}

function cookieLines(query: URLSearchParams): string[] {
  const name = query.get('name') ?? 'cookie'
  const domain = query.get('domain')
  const bare = name.replace(/^__(Host|Secure)-/, '')
  const attributes = `Path=/; Secure${domain ? `; Domain=${domain}` : ''}`
  return [name, bare, `__Host-${bare}`, `__Secure-${bare}`, bare.toUpperCase(), ` ${name}`]
    .map((each) => `Set-Cookie: ${each}=tossed; ${attributes}`)
    .concat('Set-Cookie: innocent=kept; Path=/')
}

const isUpgrade = ({ headers }: Http1Message): boolean =>
  valuesOf(headers, 'upgrade').join().toLowerCase().includes('websocket')

// RFC 6455, section 4.2.2: the answer proves that the server understood the question.
function accept(socket: Socket, { headers }: Http1Message) {
  const key = `${valuesOf(headers, 'sec-websocket-key')[0] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const proof = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`,
  )
}

const targetOf = (startLine: string): string => {
  const target = startLine.split(' ')[1] ?? '/'
  return target.startsWith('/') && URL.canParse(target, 'http://recorder.test') ? target : '/'
}

const pathOf = (startLine: string | undefined): string | undefined =>
  startLine === undefined ? undefined : targetOf(startLine).split('?')[0]
