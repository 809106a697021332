import { remembering } from '../../base/memo.ts'
import type { HeaderLine } from '../request.ts'
import { isName } from '../wire/grammar.ts'

/** The head of a request that has no body, and nothing to say about its connection. */
export interface PlainHead {
  method: 'GET'
  url: string
  /** As they came. */
  lines: readonly HeaderLine[]
}

/**
 * Reads what came over a connection as one whole, plain head, or not at all. It takes far less than
 * HTTP/1.1 allows (RFC 9112, sections 2 to 5), so that there is one way only to read what it takes.
 *
 * @returns `undefined` when it is anything else: half a head, more than one, a body, an odd byte.
 */
export type PlainReader = (bytes: Buffer) => PlainHead | undefined

/** A header line, as far as it has been understood. */
interface Line {
  /** With its end. */
  text: string
  read: HeaderLine
}

/** ASCII without control characters. */
const PLAIN = /^[\t\x20-\x7e]*$/
const METHOD = 'GET '
const VERSION = ' HTTP/1.1'
const NEW_LINE = '\r\n'
const END = '\r\n\r\n'
/** No line begins so. */
const NONE = NEW_LINE

/** About a body, an interim answer, another protocol or the connection: nothing for a short way. */
const COMPLICATED = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const isPlainName = remembering(
  1_000,
  (name) => isName(name) && !COMPLICATED.has(name.toLowerCase()),
)

/**
 * Makes the reader of one connection. Whoever asks again says most of it again, in the same order: a line
 * that is, byte for byte, the one that stood there before has been understood already.
 */
export function createPlainReader(maxBytes: number): PlainReader {
  const before: Line[] = []
  let firstLine = NONE
  let url = ''

  return (bytes) => {
    if (bytes.length > maxBytes) return undefined
    const text = bytes.toString('latin1')
    const end = text.length - END.length
    if (!text.startsWith(METHOD) || text.indexOf(END) !== end) return undefined

    if (!text.startsWith(firstLine)) {
      const line = text.slice(0, text.indexOf(NEW_LINE))
      if (!line.endsWith(VERSION) || !PLAIN.test(line)) return undefined
      firstLine = line + NEW_LINE
      url = line.slice(METHOD.length, -VERSION.length)
    }
    let at = firstLine.length
    const lines: HeaderLine[] = []
    for (let position = 0; at <= end; position += 1) {
      const known = before[position]
      const line = known && text.startsWith(known.text, at) ? known : readLine(text, at)
      if (!line) return undefined
      before[position] = line
      lines.push(line.read)
      at += line.text.length
    }
    return { method: 'GET', url, lines }
  }
}

function readLine(text: string, from: number): Line | undefined {
  const end = text.indexOf(NEW_LINE, from)
  const line = text.slice(from, end)
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  const value = line.slice(colon + 1).trim()
  if (!PLAIN.test(line) || !(isPlainName(name) || isKeepAlive(name, value))) return undefined
  return { text: text.slice(from, end + NEW_LINE.length), read: [name, value] }
}

/** Says what is so anyway. */
const isKeepAlive = (name: string, value: string) =>
  name.toLowerCase() === 'connection' && value.toLowerCase() === 'keep-alive'
