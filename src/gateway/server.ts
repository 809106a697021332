import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { hasCode } from '../base/errors.ts'
import type { Listener } from './listener.ts'
import type { Refusals } from './refusals.ts'
import type { Tunnels } from './tunnels.ts'
import type { UpgradeDoor } from './upgrade.ts'

/** The server that browsers, and proxies in front, reach. */
export interface GatewayServer {
  server: Server
  /** How long connections may be silent from now on, in seconds. */
  limit(longestSilence: number): void
  /**
   * Stops: takes no new connection, lets what is under way finish, and ends whatever is left.
   *
   * @param seconds How long to wait for it.
   */
  drain(seconds: number): Promise<void>
}

export interface GatewayServerDeps {
  listener: Listener
  upgrade: UpgradeDoor
  tunnels: Pick<Tunnels, 'closeAll'>
  /** Does a proxy ask by this target? Then there is nothing to upgrade. */
  isQuestion(target: string): boolean
  refusals: Pick<Refusals, 'note'>
  /** How long a connection may be silent, in seconds. */
  longestSilence: number
}

const MAX_HEAD_BYTES = 16 * 1024
/** For a whole head; uploads may take as long as they need. */
const HEAD_TIMEOUT_MS = 15_000
/** Longer than proxies in front keep a connection, so that they never send on one that we just closed. */
const KEEP_ALIVE_MS = 75_000

export function createGatewayServer(deps: GatewayServerDeps): GatewayServer {
  const { listener, upgrade, tunnels } = deps
  const answering = new WeakMap<Duplex, ServerResponse>()
  const take: Listener = (message, response) => {
    answering.set(message.socket, response)
    // What an ignored upgrade drags behind it on the same connection is not read.
    if (message.headers.upgrade?.toLowerCase() === 'h2c') response.shouldKeepAlive = false
    listener(message, response)
  }
  const server = createServer(
    {
      requireHostHeader: true,
      insecureHTTPParser: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
      // A proxy that asks about a WebSocket wants an ordinary answer.
      // Java's client asks for HTTP/2 in passing, and is content with an answer in HTTP/1.1.
      shouldUpgradeCallback: ({ url = '', headers: { upgrade: to = '' } }) =>
        !deps.isQuestion(url) && to.toLowerCase() !== 'h2c',
    },
    take,
  )
  // Bounded by the size of the head. A count would drop lines without a word, and with them meaning.
  server.maxHeadersCount = 0
  const limit = (seconds: number) => {
    // The last net under the timeouts of each leg, for clients that no longer read.
    server.timeout = seconds * 1000
  }
  limit(deps.longestSilence)

  server.on('checkContinue', take)
  // Refused by the one reading, as everything that is not exactly `100-continue`.
  server.on('checkExpectation', take)
  server.on('connect', (_, socket) => end(socket, '405 Method Not Allowed'))
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (message, socket, head) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    upgrade.take(message, socket, head)
  })
  server.on('clientError', (error, socket) => {
    // It has been said no already, and is on its way out.
    if (socket.writableEnded) return
    const response = answering.get(socket)
    // A second answer must never run into one that is on its way.
    const midway = response?.headersSent === true && !response.writableFinished
    if (midway || hasCode(error, 'ECONNRESET') || !socket.writable) socket.destroy()
    else {
      deps.refusals.note('malformed', addressOf(socket), { code: codeOf(error) })
      end(socket, statusOf(error))
    }
  })

  return {
    server,
    limit,
    async drain(seconds) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      tunnels.closeAll()
      // Kept connections become idle one by one, as their requests end.
      const idle = setInterval(() => server.closeIdleConnections(), 100)
      const deadline = setTimeout(() => {
        server.closeAllConnections()
        // The server does not count these among its own any more, and still waits for them.
        for (const socket of upgraded) socket.destroy()
      }, seconds * 1000)
      await closed
      clearInterval(idle)
      clearTimeout(deadline)
    },
  }
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

const addressOf = (socket: Duplex): string =>
  'remoteAddress' in socket && typeof socket.remoteAddress === 'string' ? socket.remoteAddress : ''
