import { UpstreamBroken } from '../errors.ts'
import { type AnswerHead, readAnswerHead } from './answer-head.ts'
import { isName, isValue } from './grammar.ts'

/** Bytes of a body. As text, each sign is one byte: Latin-1. */
export type Piece = Buffer | string

/** Hears one answer: head, data …, end. Interim answers (1xx) come before. */
export interface AnswerEars {
  interim(): void
  head(head: AnswerHead): void
  data(piece: Piece): void
  /** @param isClean Did nothing follow that nobody has asked for? */
  end(isClean: boolean): void
}

/** Reads the answers that come over one connection, one after the other. */
export interface AnswerReader {
  /** A request goes out, and its answer is the next to come. */
  expect(method: string): void
  /**
   * Reads what has come.
   *
   * @param bytes Only valid during the call; what is told of them is a copy.
   * @throws {UpstreamBroken} when it is no answer, or not the one that was asked for.
   */
  read(bytes: Buffer): void
  /** The other side says no more. @returns `false` when that leaves an answer unfinished. */
  finish(): boolean
}

const MAX_HEAD_BYTES = 64 * 1024
/** More interim answers than anybody has a use for. */
const MAX_INTERIM_ANSWERS = 16
/** With extensions, which nobody uses. */
const MAX_LINE_BYTES = 1024
/** Up to here a piece is told as text, which goes out in one go with its head. */
const SHORT = 16 * 1024

type State =
  | 'silent'
  | 'head'
  | 'body'
  | 'until_end'
  | 'chunk_line'
  | 'chunk'
  | 'chunk_end'
  | 'trailers'

const HEAD_END = '\r\n\r\n'
const NEW_LINE = 0x0a
const RETURN = 0x0d

/** @see RFC 9112, sections 6 and 7 */
export function createAnswerReader(ears: AnswerEars): AnswerReader {
  let state: State = 'silent'
  let method = ''
  let interim = 0
  /** The beginning of a head, or of a line, of which the rest is still to come. */
  let held = ''
  /** Bytes that are missing from the body, or from the chunk. */
  let missing = 0

  const end = (isClean: boolean) => {
    state = 'silent'
    ears.end(isClean)
  }

  const begin = (text: string, isLast: boolean) => {
    const head = readAnswerHead(text, method)
    const { status, framing } = head
    if (status === 101) throw broken('an upgrade that nobody asked for')
    if (status < 200) {
      interim += 1
      if (interim > MAX_INTERIM_ANSWERS) throw broken('interim answers without end')
      return ears.interim()
    }
    ears.head(head)
    if (framing === 0) return end(isLast)
    if (framing === 'chunked') state = 'chunk_line'
    else if (framing === 'until_end') state = 'until_end'
    else {
      state = 'body'
      missing = framing
    }
  }

  /** @returns Where the head ends; the end of the bytes when the rest is still to come. */
  const readHead = (bytes: Buffer, from: number): number => {
    // The end may have been cut in two.
    const seen = held.slice(-3)
    const text = seen + textOf(bytes, from, Math.min(bytes.length, from + MAX_HEAD_BYTES))
    const at = text.indexOf(HEAD_END)
    if (at < 0) {
      held += text.slice(seen.length)
      if (held.length >= MAX_HEAD_BYTES) throw broken('a head without end')
      if (hasBareLine(held)) throw broken('a line that ends in another way')
      return bytes.length
    }
    const whole = held.slice(0, held.length - seen.length) + text.slice(0, at)
    const to = from + at + HEAD_END.length - seen.length
    if (whole.length > MAX_HEAD_BYTES) throw broken('a head without end')
    held = ''
    begin(whole, to === bytes.length)
    return to
  }

  const readBody = (bytes: Buffer, from: number): number => {
    const to = Math.min(bytes.length, from + missing)
    missing -= to - from
    ears.data(pieceOf(bytes, from, to))
    if (missing > 0) return to
    if (state === 'chunk') state = 'chunk_end'
    else end(to === bytes.length)
    return to
  }

  /** @returns The line without its end; `undefined` when the rest of it is still to come. */
  const takeLine = (bytes: Buffer, from: number, limit: number): string | undefined => {
    const at = bytes.indexOf(NEW_LINE, from)
    const to = at < 0 ? bytes.length : at + 1
    if (held.length + to - from > limit) throw broken('a line without end')
    held += textOf(bytes, from, to)
    if (at < 0) return undefined
    const line = held
    held = ''
    if (line.charCodeAt(line.length - 2) !== RETURN) {
      throw broken('a line that ends in another way')
    }
    return line.slice(0, -2)
  }

  let trailerBytes = 0
  const readLine = (bytes: Buffer, from: number): number => {
    const line = takeLine(bytes, from, state === 'trailers' ? MAX_HEAD_BYTES : MAX_LINE_BYTES)
    const before = bytes.indexOf(NEW_LINE, from) + 1
    if (line === undefined) return bytes.length
    if (state === 'chunk_line') {
      missing = chunkSizeIn(line)
      trailerBytes = 0
      state = missing === 0 ? 'trailers' : 'chunk'
    } else if (state === 'chunk_end') {
      if (line !== '') throw broken('a chunk that is longer than it says')
      state = 'chunk_line'
    } else if (line === '') {
      end(before === bytes.length)
    } else {
      trailerBytes += line.length
      if (trailerBytes > MAX_HEAD_BYTES || !isTrailer(line)) throw broken('no trailer')
    }
    return before
  }

  const readSome = (bytes: Buffer, from: number): number => {
    switch (state) {
      case 'head':
        return readHead(bytes, from)
      case 'body':
      case 'chunk':
        return readBody(bytes, from)
      case 'until_end':
        ears.data(pieceOf(bytes, from, bytes.length))
        return bytes.length
      case 'silent':
        // What follows a whole answer was told with its end.
        return bytes.length
      default:
        return readLine(bytes, from)
    }
  }

  return {
    expect(asked) {
      state = 'head'
      method = asked
      interim = 0
      held = ''
    },
    read(bytes) {
      let at = 0
      while (at < bytes.length) at = readSome(bytes, at)
    },
    finish() {
      if (state === 'until_end') end(false)
      return state === 'silent'
    },
  }
}

const textOf = (bytes: Buffer, from: number, to: number): string =>
  bytes.toString('latin1', from, to)

const pieceOf = (bytes: Buffer, from: number, to: number): Piece =>
  to - from <= SHORT ? textOf(bytes, from, to) : Buffer.from(bytes.subarray(from, to))

/** Lines end with CR LF; who ends them otherwise is not waited for. */
const hasBareLine = (text: string): boolean => /(?:^|[^\r])\n|\r[^\n]/.test(text)

/** With extensions, of which none is known (RFC 9112, 7.1.1). */
const CHUNK =
  /^([0-9a-f]{1,12})(?:;[!#$%&'*+\-.^_`|~0-9a-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9a-z]+|"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*$/i

function chunkSizeIn(line: string): number {
  const [, digits] = CHUNK.exec(line) ?? []
  if (digits === undefined) throw broken('no size of a chunk')
  return Number.parseInt(digits, 16)
}

function isTrailer(line: string): boolean {
  const colon = line.indexOf(':')
  return isName(line.slice(0, Math.max(colon, 0))) && isValue(line.slice(colon + 1))
}

const broken = (detail: string) => new UpstreamBroken({ detail })
