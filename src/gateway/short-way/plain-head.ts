import { remembering } from '../../base/memo.ts'
import { isName } from '../wire/grammar.ts'

/** The head of a request that has no body, and nothing to say about its connection. */
export interface PlainHead {
  method: 'GET'
  url: string
  /** Names and values by turns, as they came. */
  rawHeaders: string[]
}

/** ASCII without control characters, in lines that end as they should. */
const PLAIN = /^(?:[\t\x20-\x7e]|\r\n)+$/
const METHOD = 'GET '
const VERSION = ' HTTP/1.1'
const END = '\r\n\r\n'

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
 * Reads what came over a connection as one whole, plain head, or not at all. It takes far less than
 * HTTP/1.1 allows (RFC 9112, sections 2 to 5), so that there is one way only to read what it takes.
 *
 * @returns `undefined` when it is anything else: half a head, more than one, a body, an odd byte.
 */
export function readPlainHead(bytes: Buffer, maxBytes: number): PlainHead | undefined {
  if (bytes.length > maxBytes) return undefined
  const text = bytes.toString('latin1')
  if (!text.startsWith(METHOD) || text.indexOf(END) !== text.length - END.length) return undefined
  if (!PLAIN.test(text)) return undefined

  const lines = text.slice(0, -END.length).split('\r\n')
  const [first = ''] = lines
  if (!first.endsWith(VERSION)) return undefined
  const rawHeaders: string[] = []
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon))
    const value = line.slice(colon + 1).trim()
    if (!isPlainName(name) && !isKeepAlive(name, value)) return undefined
    rawHeaders.push(name, value)
  }
  return { method: 'GET', url: first.slice(METHOD.length, -VERSION.length), rawHeaders }
}

/** Says what is so anyway. */
const isKeepAlive = (name: string, value: string) =>
  name.toLowerCase() === 'connection' && value.toLowerCase() === 'keep-alive'
