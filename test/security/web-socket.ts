import { once } from 'node:events'
import { connect } from 'node:net'

/** A WebSocket that has been asked for. */
export interface AskedSocket {
  /** 101 when it was accepted. */
  status: number
  /** Sends bytes, and hears what comes back. */
  echo(text: string): Promise<string>
  /** Writes without waiting. */
  write(bytes: Uint8Array | string): void
  /** All that came after the answer to the handshake. */
  received(): Buffer
  /** Fulfilled once the other side has closed. */
  closed: Promise<unknown>
  destroy(): void
}

/** Asks a listener on loopback for a WebSocket, as a browser on a page of that host would. */
export async function askWebSocket(
  port: number,
  { host, cookie, more = [] }: { host: string; cookie: string; more?: readonly string[] },
): Promise<AskedSocket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  const lines = [
    'GET /ws HTTP/1.1',
    `Host: ${host}`,
    `Origin: https://${host}`,
    ...(cookie ? [`Cookie: ${cookie}`] : []),
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [head] = await once(socket, 'data')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(String(head))?.[1] ?? 0),
    async echo(text) {
      socket.write(text)
      const [answer] = await once(socket, 'data')
      return String(answer)
    },
    write: (bytes) => void socket.write(bytes),
    received: () => Buffer.concat(chunks),
    closed,
    destroy: () => socket.destroy(),
  }
}
