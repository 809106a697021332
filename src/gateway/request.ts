import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import { remembering } from '../base/memo.ts'
import type { Networks } from '../base/net.ts'
import { clientAddress } from './client-address.ts'
import { type HostAndPort, parseHost } from './host.ts'
import { isSecond } from './http2.ts'
import { peerOf } from './listen/peer.ts'
import { parseTarget, type Target } from './target.ts'

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

/** A message of HTTP/1.1, as far as the reading of it goes. */
export type Message = Pick<
  IncomingMessage,
  'httpVersionMajor' | 'httpVersionMinor' | 'method' | 'url' | 'socket'
> &
  (Pick<IncomingMessage, 'rawHeaders'> | { lines: readonly HeaderLine[] })

/** Reads a message, or says why it is refused. */
export type RequestReader = (message: Message) => GatewayRequest | Refusal

export const isRefusal = (reading: GatewayRequest | Refusal): reading is Refusal =>
  'refused' in reading

/** The value of a header; of several lines the first. */
export function headerOf({ headers }: Pick<GatewayRequest, 'headers'>, name: string) {
  for (const [written, value] of headers) {
    // Most lines differ in length already.
    if (written.length === name.length && meaningOf(written).lower === name) return value
  }
  return undefined
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
 * @see RFC 9112 (HTTP/1.1), RFC 9113 (HTTP/2), RFC 9110, section 7.2 (Host)
 */
export function createRequestReader(trusted: Networks): RequestReader {
  const readFrom = createReadFrom(trusted)

  return (message) => {
    if (isSecond(message)) {
      const head = readSecond(message)
      return 'refused' in head ? head : readFrom(message.socket, head)
    }
    const { httpVersionMajor: major, httpVersionMinor: minor, method = '' } = message
    // Node reads a request line without a version as 0.9, and goes on to read headers.
    if (major === 0) return refuse(400, 'http_version')
    if (major !== 1 || minor > 1) return refuse(505, 'http_version')
    const wrongMethod = methodFault(method)
    if (wrongMethod) return wrongMethod
    const target = parseTarget(message.url ?? '')
    if (!target) return refuse(400, 'target')

    const lines = readLines('lines' in message ? message.lines : paired(message.rawHeaders))
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

    // HTTP/1.0 knows no interim answer, and would take it for the answer itself (RFC 9110, 10.1.1).
    const expectsContinue = lines.expect !== undefined && minor === 1
    const head = { method, host, target, lines, isUpgrade, hasBody, expectsContinue }
    return readFrom(message.socket, head)
  }
}

/** What was read of a message itself; the rest depends on who has sent it. */
interface Head
  extends Pick<GatewayRequest, 'method' | 'isUpgrade' | 'hasBody' | 'expectsContinue'> {
  host: HostAndPort
  target: Target
  lines: Lines
}

interface TrustedPeer {
  address: string
  isTrusted: boolean
  /** For whom it last spoke, and in which words: mostly it says the same again. */
  words?: string | undefined
  client?: string
}

/** Puts the head of a message together with who has sent it. */
function createReadFrom(trusted: Networks) {
  const peers = new WeakMap<Socket, TrustedPeer>()
  const trustedPeerOf = (socket: Socket): TrustedPeer => {
    const known = peers.get(socket)
    if (known) return known
    const { address, mayBeTrusted } = peerOf(socket)
    const peer = { address, isTrusted: mayBeTrusted && trusted.has(address) }
    peers.set(socket, peer)
    return peer
  }

  const clientOf = (peer: TrustedPeer, words: string | undefined): string => {
    if (peer.client === undefined || peer.words !== words) {
      peer.client = clientAddress(peer.address, words, trusted)
      peer.words = words
    }
    return peer.client
  }

  return (socket: Socket, head: Head): GatewayRequest | Refusal => {
    const { host, target, lines } = head
    const peer = trustedPeerOf(socket)
    const { address, isTrusted } = peer
    // The other end has gone already; rules about addresses would have nothing to look at.
    if (address === '') return refuse(400, 'peer')
    return Object.freeze({
      method: head.method,
      host: host.host,
      port: host.port,
      target: target.target,
      rawPath: target.rawPath,
      address: isTrusted ? clientOf(peer, lines.forwardedFor) : address,
      peerIsTrusted: isTrusted,
      headers: lines.all,
      cookie: lines.cookie,
      userAgent: lines.userAgent ?? '',
      connection: lines.connection,
      isUpgrade: head.isUpgrade,
      hasBody: head.hasBody,
      expectsContinue: head.expectsContinue,
    })
  }
}

/** Belong to a connection, and mean nothing where many requests share one (RFC 9113, 8.2.2). */
const OF_CONNECTIONS = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Reads a message of HTTP/2. What the library below has checked is checked again where it counts. */
function readSecond(message: Http2ServerRequest): Head | Refusal {
  const fields = readFields(message.rawHeaders)
  if ('refused' in fields) return fields
  const { pseudo, raw } = fields

  const method = pseudo.get(':method') ?? ''
  // A tunnel for WebSockets (RFC 8441): never offered, so nobody may ask for one.
  if (pseudo.has(':protocol')) return refuse(501, 'method')
  const wrongMethod = methodFault(method)
  if (wrongMethod) return wrongMethod
  if (pseudo.size !== 4 || pseudo.get(':scheme') !== 'https') return refuse(400, 'pseudo_header')
  const target = parseTarget(pseudo.get(':path') ?? '')
  if (!target) return refuse(400, 'target')

  const lines = readLines(paired(raw))
  if ('refused' in lines) return lines
  const authority = pseudo.get(':authority') ?? ''
  // One request has one host, whichever way it is told.
  if (lines.host !== undefined && lines.host !== authority) return refuse(400, 'host')
  const host = parseHost(authority)
  if (!host) return refuse(400, 'host')
  const framing = framingFault(lines, 1)
  if (framing) return framing
  const hasBody = !message.stream.endAfterHeaders && lines.contentLength !== '0'
  if (!hasBody && Number(lines.contentLength ?? 0) > 0) return refuse(400, 'framing')
  const expectsContinue = lines.expect !== undefined
  return { method, host, target, lines, isUpgrade: false, hasBody, expectsContinue }
}

/** Tells pseudo headers, which stand first and once each, from the rest. */
function readFields(
  fields: readonly string[],
): { pseudo: Map<string, string>; raw: string[] } | Refusal {
  const pseudo = new Map<string, string>()
  const raw: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    const [name = '', value = ''] = [fields[at], fields[at + 1]]
    if (name.startsWith(':')) {
      if (raw.length > 0 || pseudo.has(name)) return refuse(400, 'pseudo_header')
      pseudo.set(name, value)
    } else if (OF_CONNECTIONS.has(name) || (name === 'te' && value !== 'trailers')) {
      return refuse(400, 'connection_header')
    } else {
      raw.push(name, value)
    }
  }
  return { pseudo, raw }
}

const methodFault = (method: string): Refusal | undefined =>
  METHODS.has(method)
    ? undefined
    : refuse(method === 'TRACE' || method === 'CONNECT' ? 405 : 501, 'method')

interface Lines {
  all: readonly HeaderLine[]
  host: string | undefined
  contentLength: string | undefined
  transferEncoding: string | undefined
  expect: string | undefined
  forwardedFor: string | undefined
  cookie: string | undefined
  userAgent: string | undefined
  connection: string | undefined
}

/** Lines that may stand once, and under what they are found. */
const SINGLE = new Map([
  ['host', 'host'],
  ['content-length', 'contentLength'],
  ['transfer-encoding', 'transferEncoding'],
  ['expect', 'expect'],
  ['x-forwarded-for', 'forwardedFor'],
] as const)

/** What a line is about, told from its name. */
interface Meaning {
  lower: string
  single: 'host' | 'contentLength' | 'transferEncoding' | 'expect' | 'forwardedFor' | undefined
  kind: 'cookie' | 'connection' | 'user-agent' | 'context' | 'other'
}

/** The same few names come over and over. */
const meaningOf = remembering(2_000, (name): Meaning => {
  const lower = name.toLowerCase()
  const own = lower === 'cookie' || lower === 'connection' || lower === 'user-agent'
  const isContext = lower.startsWith('x-forwarded-') || lower.startsWith('x-original-')
  const single = SINGLE.get(lower as Parameters<typeof SINGLE.get>[0])
  return { lower, single, kind: own ? lower : isContext ? 'context' : 'other' }
})

/** @param raw Names and values by turns. */
function paired(raw: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let at = 0; at < raw.length; at += 2) lines.push([raw[at] ?? '', raw[at + 1] ?? ''])
  return lines
}

/** Sorts the lines out; a line that may stand once and stands twice is a refusal. */
function readLines(all: readonly HeaderLine[]): Lines | Refusal {
  if (all.length > MAX_LINES) return refuse(431, 'too_many_headers')
  const lines: Lines = {
    all,
    host: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    expect: undefined,
    forwardedFor: undefined,
    cookie: undefined,
    userAgent: undefined,
    connection: undefined,
  }
  /** Few, so that looking through them is cheaper than a set. */
  let context: string[] | undefined

  for (const [name, value] of all) {
    const { lower, single, kind } = meaningOf(name)
    if (single) {
      if (lines[single] !== undefined) return refuse(400, `repeated_${lower}`)
      lines[single] = value
    } else if (kind === 'other') {
      // Most lines are.
    } else if (kind === 'cookie') {
      lines.cookie = lines.cookie === undefined ? value : `${lines.cookie}; ${value}`
    } else if (kind === 'connection') {
      lines.connection = lines.connection === undefined ? value : `${lines.connection}, ${value}`
    } else if (kind === 'user-agent') {
      lines.userAgent ??= value
    } else {
      context ??= []
      if (context.includes(lower)) return refuse(400, `repeated_${lower}`)
      context.push(lower)
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
