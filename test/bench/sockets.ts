import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Where WebSockets are asked for. */
export interface Place {
  port: number
  host: string
  cookie?: string
}

const handshake = ({ host, cookie }: Place) =>
  `${[
    'GET /echo HTTP/1.1',
    `Host: ${host}`,
    `Origin: http://${host}`,
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ].join('\r\n')}\r\n\r\n`

/** Opens one WebSocket. @throws when it is refused. */
export async function openSocket(place: Place): Promise<Socket> {
  const socket = connect(place.port, '127.0.0.1').setNoDelay(true)
  socket.write(handshake(place))
  const [head] = await once(socket, 'data')
  if (!String(head).startsWith('HTTP/1.1 101')) throw new Error(`no WebSocket: ${head}`)
  return socket
}

/** Opens many, some at a time. */
export async function openSockets(place: Place, count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const batch = Math.min(100, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => openSocket(place)))))
  }
  return sockets
}

// A masked text frame of 64 bytes; the application sends it back as it is.
const FRAME = Buffer.concat([Buffer.from([0x81, 0x80 | 58, 1, 2, 3, 4]), Buffer.alloc(58, 'x')])

/** Sends a message on each and waits for its echo, over and over. @returns How many came back. */
export async function echo(sockets: readonly Socket[], seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1_000
  let echoes = 0
  const one = (socket: Socket) =>
    new Promise<void>((resolve, reject) => {
      let missing = FRAME.length
      const read = (bytes: Buffer) => {
        missing -= bytes.length
        if (missing > 0) return
        echoes += 1
        missing = FRAME.length
        if (performance.now() < end) return void socket.write(FRAME)
        socket.off('data', read)
        resolve()
      }
      socket.on('data', read)
      socket.once('close', () => reject(new Error('a WebSocket was closed')))
      socket.write(FRAME)
    })
  await Promise.all(sockets.map(one))
  return echoes
}
