import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { Server as NetServer, type Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { isSecond } from './http2.ts'
import { type Certificates, loadCertificates } from './listen/certificates.ts'
import type { ListenerConfig } from './listen/config.ts'
import { SESSION_OPTIONS, tendSession } from './listen/http2-session.ts'
import { addressOf, LOCAL_PEER, peerOf, setPeer } from './listen/peer.ts'
import { behindProxy } from './listen/proxied.ts'
import { isTlsFault, secure, secureContext, tlsOptions } from './listen/tls.ts'
import type { Listener, PlainListener } from './listener.ts'
import type { Refusals } from './refusals.ts'
import { createShortWay, type ShortWay } from './short-way/short-way.ts'
import type { Streams } from './streams.ts'
import type { UpgradeDoor } from './upgrade.ts'

/** The servers that browsers, and proxies in front, reach: one for each place where they come in. */
export interface GatewayServers {
  /**
   * Makes the server for one place; it does not listen yet.
   *
   * @throws {OperatorError} when a certificate cannot be used.
   */
  open(place: Place): Server
  /** How long connections may be silent from now on, in seconds. */
  limit(longestSilence: number): void
  /** Reads all certificates anew. */
  reloadCertificates(): void
  /**
   * Stops: takes no new connection, lets what is under way finish, and ends whatever is left.
   *
   * @param seconds How long to wait for it.
   */
  drain(seconds: number): Promise<void>
}

/** What is spoken at a place. */
export type Place = Pick<
  ListenerConfig,
  'tls' | 'http2' | 'redirect_to_https' | 'proxy_protocol'
> & { isUnix: boolean }

/** HTTP/1.1 over TCP, as it comes. */
export const PLAIN: Place = {
  http2: false,
  redirect_to_https: false,
  proxy_protocol: false,
  isUnix: false,
}

export interface GatewayServersDeps {
  listener: Listener
  /** Takes requests that are plain enough to be read without a server. */
  plain: PlainListener
  /** Takes requests where all that there is is the way to https. */
  redirect: Listener
  upgrade: UpgradeDoor
  streams: Pick<Streams, 'goAway'>
  /** Does a proxy ask by this target? Then there is nothing to upgrade. */
  isQuestion(target: string): boolean
  refusals: Pick<Refusals, 'note'>
  /** May this peer say who its clients are? */
  trusts(address: string): boolean
  /** How long a connection may be silent, in seconds. */
  longestSilence: number
  clock: Clock
  log: Log
}

const MAX_HEAD_BYTES = 16 * 1024
/** For a whole head; uploads may take as long as they need. */
const HEAD_TIMEOUT_MS = 15_000
/** By then nobody is let in any more who has come after the word to stop. */
const CLOSED_AFTER_MS = 100
/** Whoever asks time and again on a kept connection has asked once more by then, and was told that it ends. */
const LAST_REQUEST_MS = 300
/** Longer than proxies in front keep a connection, so that they never send on one that we just closed. */
const KEEP_ALIVE_MS = 75_000

const HTTP1_OPTIONS = {
  requireHostHeader: true,
  insecureHTTPParser: false,
  maxHeaderSize: MAX_HEAD_BYTES,
  headersTimeout: HEAD_TIMEOUT_MS,
  requestTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: 5_000,
}

/**
 * A proxy that asks about a WebSocket wants an ordinary answer. Java's client asks for HTTP/2 in
 * passing, and is content with an answer in HTTP/1.1.
 */
const upgradesIf =
  ({ isQuestion }: Pick<GatewayServersDeps, 'isQuestion'>) =>
  ({ url = '', headers: { upgrade: to = '' } }: IncomingMessage) =>
    !isQuestion(url) && to.toLowerCase() !== 'h2c'

/** What the servers of `node:http`, `node:https` and `node:http2` have in common. */
type AnyServer = Server & {
  timeout: number
  maxHeadersCount: number | null
  closeIdleConnections(): void
  /** Is HTTP/2 spoken, too? Its own way of closing tells every connection to ask no more. */
  isSecond?: boolean
  /** There where TLS is spoken. */
  setSecureContext?(options: SecureContextOptions): void
}

export function createGatewayServers(deps: GatewayServersDeps): GatewayServers {
  let isLeaving = false
  const earsFor = (listener: Listener) => createEars(listener, deps, () => isLeaving)
  const ears = earsFor(deps.listener)
  const redirectingEars = earsFor(deps.redirect)
  const shortWay = createShortWay({
    listener: deps.plain,
    isLeaving: () => isLeaving,
    maxHeadBytes: MAX_HEAD_BYTES,
    headTimeoutMs: HEAD_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    silenceMs: () => silenceMs,
    log: deps.log,
  })
  const doors: Door[] = []
  let silenceMs = deps.longestSilence * 1000

  return {
    open(place) {
      const door = createDoor(place, {
        ...deps,
        ears: place.redirect_to_https ? redirectingEars : ears,
        shortWay,
      })
      door.server.timeout = silenceMs
      doors.push(door)
      return door.server
    },
    limit(longestSilence) {
      silenceMs = longestSilence * 1000
      for (const { server } of doors) server.timeout = silenceMs
    },
    reloadCertificates() {
      for (const { certificates } of doors) certificates?.reload()
    },
    async drain(seconds) {
      for (const { certificates } of doors) certificates?.stop()
      const closed = doors.map(({ server }) => closing(server))
      deps.streams.goAway()
      // Whoever is told that a connection ends comes back over a new one: only once the door is known to be
      // closed, also in the process that holds it for several others.
      const leaving = setTimeout(() => {
        isLeaving = true
      }, CLOSED_AFTER_MS)
      // Kept connections become idle one by one, as their requests end. Not at once: a request may be on its
      // way on one of them.
      const idle = setTimeout(function end() {
        shortWay.endIdle()
        for (const { server } of doors) server.closeIdleConnections()
        idle.refresh()
      }, CLOSED_AFTER_MS + LAST_REQUEST_MS)
      const deadline = setTimeout(() => {
        for (const { sockets } of doors) for (const socket of sockets) socket.destroy()
      }, seconds * 1000)
      await Promise.all(closed)
      clearTimeout(leaving)
      clearTimeout(idle)
      clearTimeout(deadline)
    },
  }
}

// The error says that it never listened. Taking no more is what every server does in the same way; that of
// HTTP/1 would also end kept connections, with whatever is on its way on them.
const closing = (server: AnyServer) =>
  new Promise<void>((resolve) => {
    const close = server.isSecond ? server.close : NetServer.prototype.close
    close.call(server, () => resolve())
  })

/** One server, and what hangs on it. */
interface Door {
  server: AnyServer
  certificates: Certificates | undefined
  /** All connections, also those that the server does not count among its own any more. */
  sockets: Set<Duplex>
}

/** Shows what a server hears to the doors behind it. */
interface Ears {
  take(message: IncomingMessage, response: ServerResponse): void
  fail(error: Error, socket: Duplex): void
}

function createEars(
  listener: Listener,
  { refusals }: GatewayServersDeps,
  isLeaving: () => boolean,
): Ears {
  const answering = new WeakMap<Duplex, ServerResponse>()
  return {
    take(message, response) {
      answering.set(message.socket, response)
      // What an ignored upgrade drags behind it on the same connection is not read.
      if (message.headers.upgrade?.toLowerCase() === 'h2c') response.shouldKeepAlive = false
      if (isLeaving()) response.shouldKeepAlive = false
      listener(message, response)
    },
    fail(error, socket) {
      // It has been said no already, and is on its way out.
      if (socket.writableEnded) return
      const response = answering.get(socket)
      // A second answer must never run into one that is on its way.
      const midway = response?.headersSent === true && !response.writableFinished
      const isDeaf = hasCode(error, 'ECONNRESET') || isTlsFault(error) || !socket.writable
      if (midway || isDeaf) return void socket.destroy()
      const address = socket instanceof Socket ? addressOf(socket) : ''
      refusals.note('malformed', address, { code: codeOf(error) })
      end(socket, statusOf(error))
    },
  }
}

type DoorDeps = GatewayServersDeps & { ears: Ears; shortWay: ShortWay }

function createDoor(place: Place, deps: DoorDeps): Door {
  const { upgrade, ears, shortWay, clock, log } = deps
  const [first, ...others] = place.tls ?? []
  const certificates =
    first &&
    loadCertificates({
      files: [first, ...others],
      // Whoever asks for no name gets what the server itself has.
      changed: () => certificates && server.setSecureContext?.(secureContext(certificates)),
      clock,
      log,
    })
  const server = createAnyServer(place, certificates, upgradesIf(deps))
  const sockets = new Set<Duplex>()

  // Bounded by the size of the head. A count would drop lines without a word, and with them meaning.
  server.maxHeadersCount = 0
  server.on('request', ears.take)
  server.on('checkContinue', ears.take)
  // Refused by the one reading, as everything that is not exactly `100-continue`.
  server.on('checkExpectation', ears.take)
  server.on('connect', (message: IncomingMessage, other: Duplex | ServerResponse) => {
    if (other instanceof ServerResponse || isSecond(message))
      ears.take(message, other as ServerResponse)
    else end(other, '405 Method Not Allowed')
  })
  // Where nobody can have a WebSocket, asking for one is asking for a page.
  if (!place.redirect_to_https) server.on('upgrade', upgrade.take)
  server.on('clientError', ears.fail)

  if (place.proxy_protocol) letProxiesIn(server, place, certificates, deps)
  else if (!certificates && !place.redirect_to_https) shortWay.before(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (place.isUnix) setPeer(socket, LOCAL_PEER)
  })
  if (place.isUnix && !place.proxy_protocol) {
    server.on('secureConnection', (socket: Socket) => setPeer(socket, LOCAL_PEER))
  }
  return { server, certificates, sockets }
}

/** Takes connections only with the header that tells whose they are. */
function letProxiesIn(
  server: AnyServer,
  { isUnix, http2 }: Place,
  certificates: Certificates | undefined,
  { trusts, refusals }: GatewayServersDeps,
): void {
  const [accept] = server.listeners('connection')
  const protocols = http2 ? ['h2', 'http/1.1'] : ['http/1.1']
  behindProxy(server, {
    proxyOf: (socket) => (isUnix ? LOCAL_PEER : peerOf(socket)).address,
    trusts,
    note: refusals.note,
    accept(socket, peer) {
      setPeer(socket, peer)
      if (certificates) return setPeer(secure(socket, { server, certificates, protocols }), peer)
      accept?.call(server, socket)
      // It was held back behind the header.
      socket.resume()
    },
  })
}

function createAnyServer(
  place: Place,
  certificates: Certificates | undefined,
  shouldUpgradeCallback: (message: IncomingMessage) => boolean,
): AnyServer {
  if (place.redirect_to_https) return createServer(HTTP1_OPTIONS)
  if (!certificates) return createServer({ ...HTTP1_OPTIONS, shouldUpgradeCallback })
  const tls = tlsOptions(certificates)
  if (!place.http2) return createHttpsServer({ ...HTTP1_OPTIONS, ...tls, shouldUpgradeCallback })
  const server = createSecureServer({
    ...SESSION_OPTIONS,
    ...tls,
    allowHTTP1: true,
    http1Options: HTTP1_OPTIONS,
  })
  server.on('session', tendSession)
  // What it has for its HTTP/1 connections, its type and its options leave out.
  return Object.assign(server, { shouldUpgradeCallback, isSecond: true }) as unknown as AnyServer
}

function statusOf(error: Error): string {
  if (hasCode(error, 'HPE_HEADER_OVERFLOW')) return '431 Request Header Fields Too Large'
  if (hasCode(error, 'ERR_HTTP_REQUEST_TIMEOUT')) return '408 Request Timeout'
  return '400 Bad Request'
}

/** Says no on a bare socket and lets go of it. */
function end(socket: Duplex, status: string): void {
  socket.on('error', () => undefined)
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.once('finish', () => socket.destroy())
}

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
