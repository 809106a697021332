import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { isWhole } from '../http2.ts'

/** A body on its way to an application. */
export interface Upload {
  /** Sends no more of it; what the client still sends is somebody else's business. */
  stop(): void
}

export interface UploadEnds {
  /** Writes the head: the first of the body has come, and goes out with it. */
  begins(): void
  /** All of it has been sent. */
  done(): void
  /** It can never be sent whole. */
  failed(cause: Error): void
  /** The application takes no more for now, or takes more again. */
  waits(doesWait: boolean): void
}

/**
 * Sends the body of a client's message as it comes. The message is only listened to: whatever becomes
 * of the connection to the application, the client's own stays open for an answer. Nothing is sent before
 * the first of the body has been found well-formed.
 *
 * @param length What the head has said of it; in chunks when nothing.
 */
export function sendBody(
  body: IncomingMessage,
  socket: Socket,
  { length, ends }: { length: number | undefined; ends: UploadEnds },
): Upload {
  let missing = length ?? 0
  let hasBegun = false
  const begin = () => {
    if (hasBegun) return
    hasBegun = true
    ends.begins()
  }

  const data = (chunk: Buffer) => {
    if (length !== undefined) {
      missing -= chunk.length
      if (missing < 0) return fail('a body that is longer than it says')
    }
    socket.cork()
    begin()
    const takesMore = length === undefined ? writeChunk(socket, chunk) : socket.write(chunk)
    socket.uncork()
    if (takesMore) return
    body.pause()
    ends.waits(true)
  }
  const drain = () => {
    ends.waits(false)
    body.resume()
  }
  const end = () => {
    // Half a request must not look like a whole one.
    if (!isWhole(body)) return fail('the client is gone')
    if (missing > 0) return fail('a body that is shorter than it says')
    begin()
    if (length === undefined) socket.write('0\r\n\r\n', 'latin1')
    stop()
    ends.done()
  }
  const stop = () => {
    body.off('data', data)
    body.off('end', end)
    socket.off('drain', drain)
  }
  const fail = (why: string) => {
    stop()
    ends.failed(new Error(why))
  }

  body.on('data', data)
  body.once('end', end)
  socket.on('drain', drain)
  return { stop }
}

/** @returns Whether more may come. */
function writeChunk(socket: Socket, chunk: Buffer): boolean {
  socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
  socket.write(chunk)
  return socket.write('\r\n', 'latin1')
}
