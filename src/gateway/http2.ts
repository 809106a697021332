import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'

/*
 * Node gives messages of HTTP/2 nearly the same face as those of HTTP/1, so that everything behind the
 * server can take them for one. The few places where they differ stand here.
 */

/** Is this a message of HTTP/2? An HTTP/1 message may call itself so, and has no stream. */
export const isSecond = (message: object): message is Http2ServerRequest =>
  'stream' in message && 'authority' in message

const streamOf = (response: ServerResponse) =>
  'stream' in response ? (response as unknown as Http2ServerResponse).stream : undefined

/**
 * Asked at the end of a body: did all of it come? A stream of HTTP/2 that is broken off ends its message
 * like one that is whole.
 */
export const isWhole = (message: IncomingMessage): boolean =>
  !isSecond(message) || !(message.aborted || message.stream.closed || message.stream.destroyed)

/** Has the client gone, or the answer ended? */
export const isOver = (response: ServerResponse): boolean =>
  response.destroyed || streamOf(response)?.destroyed === true

/**
 * Writes the head of an answer.
 *
 * @param reason The usual one when absent; HTTP/2 has none.
 * @param lines Names and values by turns.
 */
export function writeHead(
  response: ServerResponse,
  status: number,
  reason: string | undefined,
  lines: string[],
): void {
  if (streamOf(response)) response.writeHead(status, withoutConnection(lines))
  else if (reason === undefined) response.writeHead(status, lines)
  else response.writeHead(status, reason, lines)
}

/** What is said of the connection is said in another way there. */
function withoutConnection(lines: readonly string[]): string[] {
  return lines.filter((_, at) => lines[at - (at % 2)]?.toLowerCase() !== 'connection')
}

/** Ends an answer so that nobody takes what has come of it for the whole. */
export function breakOff(response: ServerResponse): void {
  const stream = streamOf(response)
  if (stream) {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    return
  }
  const { req, socket } = response
  // Where the end of the connection is the end of the answer, only a reset can tell the difference.
  if (req.httpVersionMinor === 0 && socket) reset(socket)
  else socket?.destroy()
}

function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy()
  } catch {
    // TLS has an end of its own, which stays unsaid; a socket of the file system knows no reset.
    socket.destroy()
  }
}

/** Takes no more requests on the connection of an answer; HTTP/1 says so in the head. */
export function endConnection(response: ServerResponse): void {
  streamOf(response)?.session?.close()
}
