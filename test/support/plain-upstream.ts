import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { portOf } from './ports.ts'

/** An application that does with a connection whatever the test says. */
export interface PlainUpstream {
  origin: string
  /** Connections so far. */
  sockets: Socket[]
  close(): void
}

/** @param onHead Called once a connection has sent a whole head. */
export async function openUpstream(
  onHead: (socket: Socket, head: string) => void,
): Promise<PlainUpstream> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    let head = ''
    const read = (bytes: Buffer) => {
      head += bytes.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      socket.off('data', read)
      onHead(socket, head)
    }
    socket.on('data', read)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    sockets,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Fulfilled when something has become true. */
export async function until(holds: () => boolean, timeoutMs = 4_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not become true in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
