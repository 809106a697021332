/**
 * Servers without any gateway, to measure against, and the application behind all of them:
 * `empty PORT`, `application PORT`, `proxy PORT APPLICATION`.
 */
import { createHash } from 'node:crypto'
import { Agent, createServer, type RequestListener } from 'node:http'
import httpProxy from 'http-proxy'

const [kind, port, target] = process.argv.slice(2)

/** Answers as large as their path says; a WebSocket gets back what it sends, byte for byte. */
function application() {
  const sizes = new Map([
    ['/1k', Buffer.alloc(1024, 'x')],
    ['/1m', Buffer.alloc(1024 * 1024, 'x')],
  ])
  const server = createServer((message, response) => response.end(sizes.get(message.url ?? '')))
  server.on('upgrade', (message, socket) => {
    const key = `${message.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const proof = createHash('sha1').update(key).digest('base64')
    socket.on('error', () => socket.destroy())
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`,
    )
    socket.pipe(socket)
  })
  return server
}

/** http-proxy at its best: over kept connections. */
function proxy() {
  const agent = new Agent({ keepAlive: true })
  const forward = httpProxy.createProxyServer({ target: `http://127.0.0.1:${target}`, agent })
  // For a socket that goes away there is nobody left to tell.
  forward.on('error', () => undefined)
  const listener: RequestListener = (message, response) => forward.web(message, response)
  const server = createServer(listener)
  server.on('upgrade', (message, socket, head) => forward.ws(message, socket, head))
  return server
}

const servers = {
  empty: () => createServer((_, response) => response.end()),
  application,
  proxy,
}
const open = servers[kind as keyof typeof servers]
open().listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))
