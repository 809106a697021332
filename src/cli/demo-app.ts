import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { JSX } from 'hono/jsx/jsx-runtime'
import { DemoAdmin } from '../../views/demo/demo-admin.tsx'
import { DemoClock } from '../../views/demo/demo-clock.tsx'
import { DemoForm } from '../../views/demo/demo-form.tsx'
import type { DemoHeader } from '../../views/demo/demo-headers.tsx'
import { DemoHome } from '../../views/demo/demo-home.tsx'
import { DemoInbox, type DemoInboxProps } from '../../views/demo/demo-inbox.tsx'
import { DemoPublic } from '../../views/demo/demo-public.tsx'
import { DemoStream } from '../../views/demo/demo-stream.tsx'
import { page } from '../../views/page.ts'

/** Makes an application with no sign-in of its own: what stands behind the gate in the demo. */
export function createDemoApp(inbox: () => Promise<DemoInboxProps>): Server {
  const server = createServer((message, response) => {
    answer(message, response, inbox).catch((cause) => {
      response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`${String(cause)}\n`)
    })
  })
  return server.on('upgrade', openClock)
}

const MAX_FORM_BYTES = 64 * 1024
const EVERY_MS = 1000

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  inbox: () => Promise<DemoInboxProps>,
): Promise<void> {
  const [path = '/'] = (message.url ?? '/').split('?')
  const show = (view: JSX.Element, status = 200) => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
    response.end(page(view))
  }
  const user = header(message, 'remote-user')
  const shownName = header(message, 'remote-name')

  switch (path) {
    case '/':
      return show(DemoHome({ headers: received(message), user: shownName }))
    case '/admin':
      return show(DemoAdmin({ user: user ?? '', headers: received(message) }))
    case '/form':
      return show(DemoForm(message.method === 'POST' ? { received: await form(message) } : {}))
    case '/public':
      return show(DemoPublic())
    case '/clock':
      return show(DemoClock())
    case '/stream':
      return show(DemoStream())
    case '/events':
      return stream(message, response)
    case '/inbox':
      return show(DemoInbox(await inbox()))
    case '/assets/demo.css':
      return asset(response, 'demo.css', 'text/css; charset=utf-8')
    case '/assets/demo.js':
      return asset(response, 'demo.js', 'text/javascript; charset=utf-8')
    default:
      return show(
        DemoHome({
          headers: received(message),
          user: shownName,
          note: 'There is no such page here.',
        }),
        404,
      )
  }
}

const OURS = /^(remote-(user|groups|name|email)|x-gatehouse-|x-forwarded-)/i

function received({ rawHeaders }: IncomingMessage): DemoHeader[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [{ name, value: rawHeaders[index + 1] ?? '', ours: OURS.test(name) }] : [],
  )
}

const header = (message: IncomingMessage, name: string): string | undefined => {
  const value = message.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

async function form(message: IncomingMessage): Promise<{ name: string; value: string }[]> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > MAX_FORM_BYTES) throw new Error('That is more than this form takes.')
    chunks.push(chunk)
  }
  const fields = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
  return Array.from(fields, ([name, value]) => ({ name, value }))
}

function asset(response: ServerResponse, name: string, type: string): void {
  const body = readFileSync(new URL(`../../views/assets/${name}`, import.meta.url))
  response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=60' }).end(body)
}

const timeOfDay = () => new Date().toISOString().slice(11, 19)

function stream(message: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const tell = () => response.write(`data: It is ${timeOfDay()} UTC.\n\n`)
  tell()
  const timer = setInterval(tell, EVERY_MS)
  message.socket.once('close', () => clearInterval(timer))
}

/** Speaks as much of RFC 6455 as a clock needs: it shakes hands, tells the time, and never listens. */
function openClock(message: IncomingMessage, socket: Duplex): void {
  const key = header(message, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const tell = () => {
    const text = Buffer.from(timeOfDay())
    socket.write(Buffer.concat([Buffer.of(0x81, text.byteLength), text]))
  }
  tell()
  const timer = setInterval(tell, EVERY_MS)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => clearInterval(timer))
  socket.resume()
}
