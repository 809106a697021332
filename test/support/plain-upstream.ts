import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { portOf } from './ports.ts'

/** An application that does with a connection whatever the test says. */
export interface PlainUpstream {
  origin: string
  server: Server
  /** Connections so far. */
  sockets: Socket[]
  close(): void
}

type OnHead = (socket: Socket, head: string) => void

/** @param onHead Called once a connection has sent a whole head. */
export const openUpstream = (onHead: OnHead): Promise<PlainUpstream> =>
  open((socket) => {
    const stop = readHeads(socket, (head) => {
      stop()
      onHead(socket, head)
    })
  })

/** @param onHead Called for every head on a connection; its requests have no bodies. */
export const openKeptUpstream = (onHead: OnHead): Promise<PlainUpstream> =>
  open((socket) => void readHeads(socket, (head) => onHead(socket, head)))

/** @returns What stops it. */
function readHeads(socket: Socket, onHead: (head: string) => void): () => void {
  let head = ''
  const read = (bytes: Buffer) => {
    head += bytes.toString('latin1')
    if (!head.includes('\r\n\r\n')) return
    const whole = head
    head = ''
    onHead(whole)
  }
  socket.on('data', read)
  return () => socket.off('data', read)
}

async function open(onConnection: (socket: Socket) => void): Promise<PlainUpstream> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    server,
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
