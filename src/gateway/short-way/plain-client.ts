import type { Socket } from 'node:net'
import type { Answer } from '../answers.ts'
import type { Client, ClientEars } from '../client.ts'
import type { HeaderLine } from '../request.ts'
import type { Piece } from '../wire/answer-reader.ts'
import { isName, isValue } from '../wire/grammar.ts'

/** A client on a connection of our own, for one request; nothing of it reaches the next one. */
export interface PlainClient extends Client {
  /** The connection takes more again. */
  drained(): void
  /** The connection is closed. */
  gone(): void
}

/** What one request needs of its connection. */
export interface ClientLine {
  socket: Socket
  /** Does the connection stay, after this answer? Asked once, before it is said. */
  lasts(): boolean
  /** Writes an answer of our own, with all that is said of connections in it. */
  bytesOf(answer: Answer, lasts: boolean): Buffer
  /** The answer has been written to its end. */
  done(lasts: boolean): void
  /** How it is said that the connection stays. */
  stays: string
}

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const LAST_CHUNK = '0\r\n\r\n'
const CLOSE = 'Connection: close\r\n'

/** @see RFC 9112, sections 6 and 7: how long a body is. */
export function createPlainClient(line: ClientLine): PlainClient {
  const { socket } = line
  let ears: ClientEars | undefined
  let isOver = false
  let hasHead = false
  /** The head, until something goes out with it. */
  let unsent = ''
  let lasts = true
  let isChunked = false
  /** Bytes of the body that have been promised. */
  let missing = 0
  let isAnswered = false

  const close = (answered: boolean) => {
    if (isOver) return
    isOver = true
    isAnswered = answered
    ears?.closed(isAnswered)
  }
  /** Text goes out in one go with what has waited for it. */
  const send = (before: string, piece: Piece, after: string): boolean => {
    const opening = unsent + before
    unsent = ''
    if (typeof piece === 'string') return socket.write(opening + piece + after, 'latin1')
    socket.cork()
    if (opening !== '') socket.write(opening, 'latin1')
    const isTaken = socket.write(piece)
    if (after !== '') socket.write(after, 'latin1')
    socket.uncork()
    return isTaken
  }
  const sendPiece = (piece: Piece, end: string): boolean => {
    // An empty chunk would be the last one.
    if (piece.length === 0) return send('', '', end)
    if (isChunked) return send(`${piece.length.toString(16)}\r\n`, piece, `\r\n${end}`)
    missing -= piece.length
    // What is too much would be taken for the beginning of the next answer.
    if (missing < 0) throw new RangeError('a body that is longer than its head says')
    return send('', piece, '')
  }

  return {
    hasHead: () => hasHead,
    isOver: () => isOver,
    answer(answer) {
      if (isOver || hasHead) return
      const stays = line.lasts() && !answer.headers.some(isConnection)
      socket.write(line.bytesOf(answer, stays))
      close(true)
      line.done(stays)
    },
    head(status, reason, headers) {
      if (isOver || hasHead) return
      const { text, length } = headText(status, reason, headers)
      const isBodiless = status === 204 || status === 304
      isChunked = !isBodiless && length === undefined
      missing = isBodiless ? 0 : (length ?? 0)
      lasts = line.lasts()
      unsent = `${text}${isChunked ? CHUNKED : ''}${lasts ? line.stays : CLOSE}\r\n`
      hasHead = true
    },
    flush() {
      if (!isOver && unsent !== '') send('', '', '')
    },
    write: (piece) => isOver || sendPiece(piece, ''),
    end(last) {
      if (isOver) return
      const end = isChunked ? LAST_CHUNK : ''
      if (last !== undefined || end !== '' || unsent !== '') sendPiece(last ?? '', end)
      if (missing > 0) return void socket.destroy()
      close(true)
      line.done(lasts)
    },
    breakOff: () => void socket.destroy(),
    hear(given) {
      ears = given
      if (isOver) given.closed(isAnswered)
    },
    drained: () => ears?.drained(),
    gone: () => close(false),
  }
}

/** @throws {TypeError} when a line would not end where it should. */
function headText(status: number, reason: string, headers: readonly HeaderLine[]) {
  if (!isValue(reason)) throw new TypeError('no reason')
  let text = `HTTP/1.1 ${status} ${reason}\r\n`
  let length: number | undefined
  for (const [name, value] of headers) {
    if (!isName(name) || !isValue(value)) throw new TypeError(`not a header line: ${name}`)
    if (name.length === LENGTH.length && name.toLowerCase() === LENGTH) length = Number(value)
    text += `${name}: ${value}\r\n`
  }
  return { text, length }
}

const LENGTH = 'content-length'
const isConnection = ([name]: HeaderLine) => name === 'Connection'
