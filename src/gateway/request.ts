import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Networks, plainAddress } from '../base/net.ts'
import { clientAddress } from './client-address.ts'
import { parseHost } from './host.ts'
import { parseTarget } from './target.ts'

/** One header line, as it came. */
export type HeaderLine = readonly [name: string, value: string]

/** A message, read once and strictly. What is decided on is what is forwarded. */
export interface GatewayRequest {
  method: string
  /** Lower case, without the port. */
  host: string
  port: number | undefined
  /** The request target, byte for byte. */
  target: string
  /** The target up to the `?`. */
  rawPath: string
  /** The client's address: the socket's, or what a trusted proxy says. */
  address: string
  peerIsTrusted: boolean
  headers: readonly HeaderLine[]
  /** All Cookie lines as one (RFC 9113, 8.2.3), so that a second cookie of one name is seen. */
  cookie: string | undefined
  userAgent: string
  /** The Connection lines as one. */
  connection: string | undefined
  isUpgrade: boolean
  hasBody: boolean
  expectsContinue: boolean
}

/** Why a message is not taken. Its connection is closed: what follows on it cannot be trusted. */
export interface Refusal {
  refused: true
  status: 400 | 405 | 417 | 431 | 501 | 505
  reason: string
}

/** Reads a message, or says why it is refused. */
export type RequestReader = (message: IncomingMessage) => GatewayRequest | Refusal

export const isRefusal = (reading: GatewayRequest | Refusal): reading is Refusal =>
  'refused' in reading

/** The value of a header; of several lines the first. */
export function headerOf({ headers }: Pick<GatewayRequest, 'headers'>, name: string) {
  return headers.find((line) => line[0].toLowerCase() === name)?.[1]
}

const METHODS = new Set(
  (
    'GET HEAD POST PUT PATCH DELETE OPTIONS ' +
    // WebDAV and its kin.
    'PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH MKCALENDAR'
  ).split(' '),
)
const MAX_LINES = 256

/**
 * Makes the one reading of a message that everything in the gateway relies on. Whatever two servers
 * might read in two ways is refused here: the parser of Node is more patient than is safe.
 *
 * @see RFC 9112 (HTTP/1.1), RFC 9110, section 7.2 (Host)
 */
export function createRequestReader(trusted: Networks): RequestReader {
  const peers = new WeakMap<Socket, Peer>()
  const peerOf = (socket: Socket): Peer => {
    const known = peers.get(socket)
    if (known) return known
    const address = plainAddress(socket.remoteAddress ?? '')
    const peer = { address, isTrusted: trusted.has(address) }
    peers.set(socket, peer)
    return peer
  }

  return (message) => {
    const { httpVersionMajor: major, httpVersionMinor: minor, method = '' } = message
    // Node reads a request line without a version as 0.9, and goes on to read headers.
    if (major === 0) return refuse(400, 'http_version')
    if (major !== 1 || minor > 1) return refuse(505, 'http_version')
    if (!METHODS.has(method)) {
      return refuse(method === 'TRACE' || method === 'CONNECT' ? 405 : 501, 'method')
    }
    const target = parseTarget(message.url ?? '')
    if (!target) return refuse(400, 'target')

    const lines = readLines(message.rawHeaders)
    if ('refused' in lines) return lines
    const host = lines.host === undefined ? undefined : parseHost(lines.host)
    if (!host) return refuse(400, 'host')
    const framing = framingFault(lines, minor)
    if (framing) return framing
    const hasBody = lines.transferEncoding !== undefined || Number(lines.contentLength ?? 0) > 0
    const isUpgrade = 'upgrade' in message && message.upgrade === true
    if (isUpgrade && (method !== 'GET' || minor === 0)) return refuse(400, 'upgrade')
    // A length is suspicious even when it is 0: a WebSocket handshake has none.
    if (isUpgrade && (hasBody || lines.contentLength !== undefined)) return refuse(400, 'upgrade')

    const peer = peerOf(message.socket)
    // The other end has gone already; rules about addresses would have nothing to look at.
    if (peer.address === '') return refuse(400, 'peer')
    return Object.freeze({
      method,
      ...host,
      ...target,
      address: peer.isTrusted
        ? clientAddress(peer.address, lines.forwardedFor, trusted)
        : peer.address,
      peerIsTrusted: peer.isTrusted,
      headers: lines.all,
      cookie: lines.cookie,
      userAgent: lines.userAgent ?? '',
      connection: lines.connection,
      isUpgrade,
      hasBody,
      // HTTP/1.0 knows no interim answer, and would take it for the answer itself (RFC 9110, 10.1.1).
      expectsContinue: lines.expect !== undefined && minor === 1,
    })
  }
}

interface Peer {
  address: string
  isTrusted: boolean
}

interface Lines {
  all: HeaderLine[]
  host?: string
  contentLength?: string
  transferEncoding?: string
  expect?: string
  forwardedFor?: string
  cookie?: string
  userAgent?: string
  connection?: string
}

const SINGLE = {
  host: 'host',
  'content-length': 'contentLength',
  'transfer-encoding': 'transferEncoding',
  expect: 'expect',
  'x-forwarded-for': 'forwardedFor',
} as const satisfies Record<string, keyof Lines>

const isSingle = (name: string): name is keyof typeof SINGLE => Object.hasOwn(SINGLE, name)

/** Sorts the lines out; a line that may stand once and stands twice is a refusal. */
function readLines(raw: readonly string[]): Lines | Refusal {
  if (raw.length > MAX_LINES * 2) return refuse(431, 'too_many_headers')
  const lines: Lines = { all: [] }
  let context: Set<string> | undefined

  for (let at = 0; at < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    lines.all.push([name, value])
    const lower = name.toLowerCase()
    if (isSingle(lower)) {
      const key = SINGLE[lower]
      if (lines[key] !== undefined) return refuse(400, `repeated_${lower}`)
      lines[key] = value
    } else if (lower === 'cookie') {
      lines.cookie = lines.cookie === undefined ? value : `${lines.cookie}; ${value}`
    } else if (lower === 'connection') {
      lines.connection = lines.connection === undefined ? value : `${lines.connection}, ${value}`
    } else if (lower === 'user-agent') {
      lines.userAgent ??= value
    } else if (lower.startsWith('x-forwarded-') || lower.startsWith('x-original-')) {
      context ??= new Set()
      if (context.has(lower)) return refuse(400, `repeated_${lower}`)
      context.add(lower)
    }
  }
  return lines
}

// No longer than a number that is exact: what is longer would be rounded on its way.
const LENGTH = /^(?:0|[1-9]\d{0,14})$/

function framingFault(lines: Lines, minor: number): Refusal | undefined {
  const { contentLength, transferEncoding, expect } = lines
  if (transferEncoding !== undefined) {
    if (minor === 0 || contentLength !== undefined) return refuse(400, 'framing')
    if (transferEncoding.toLowerCase() !== 'chunked') return refuse(400, 'framing')
  }
  if (contentLength !== undefined && !LENGTH.test(contentLength)) {
    return refuse(400, 'framing')
  }
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return refuse(417, 'expect')
  return undefined
}

const refuse = (status: Refusal['status'], reason: string): Refusal => ({
  refused: true,
  status,
  reason,
})
