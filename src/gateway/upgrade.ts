import { Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type httpProxy from 'http-proxy'
import type { AccessNotes } from '../audit/access.ts'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { DoorCookies } from '../session/cookie.ts'
import type { Assertions } from './assertion/assertions.ts'
import type { Allowed, Asked, Corridor, Decision } from './authorize.ts'
import { clientHeaders } from './client-headers.ts'
import type { Timeouts } from './config.ts'
import { connectTo } from './connect.ts'
import {
  type Destination,
  headFor,
  type Limits,
  targetFor,
  type UpstreamServer,
} from './destination.ts'
import { type Dispatch, MAX_TRIES } from './dispatch.ts'
import { askedBy, identityOf } from './door.ts'
import { UpstreamTooSlow } from './errors.ts'
import type { IdentityHeaders } from './identity-headers.ts'
import { peerOf } from './listen/peer.ts'
import type { GatewayMeters } from './meters.ts'
import { REFERENCE_HEADER } from './reference.ts'
import type { Refusals } from './refusals.ts'
import { type GatewayRequest, type HeaderLine, isRefusal, type RequestReader } from './request.ts'
import type { Standing } from './standing.ts'
import type { Streams } from './streams.ts'
import { openTunnel } from './tunnels.ts'
import { accepts, comesFromOwnPage, handshakeFault } from './web-socket.ts'

/** Door three: WebSockets through us. */
export interface UpgradeDoor {
  /** Takes the server's `upgrade` event. */
  take(message: IncomingMessage, socket: Duplex, head: Buffer): void
}

export interface UpgradeDoorDeps {
  readRequest: RequestReader
  corridor: Corridor
  access: Pick<AccessNotes, 'allowed'>
  cookies: DoorCookies
  identityHeaders: IdentityHeaders
  assertions: Assertions
  dispatch: Pick<Dispatch, 'choose' | 'unreachable'>
  meters: Pick<GatewayMeters, 'answered'>
  refusals: Refusals
  timeouts: Timeouts
  standing: Standing
  streams: Streams
  log: Log
}

/** What is said on the socket in the place of a handshake. */
type No = [status: string, ...headers: HeaderLine[]]

export function createUpgradeDoor(deps: UpgradeDoorDeps): UpgradeDoor {
  const { corridor, cookies, readRequest, refusals, log } = deps
  let forwarder: Forward | undefined
  // Its library is read with the first WebSocket: many gateways never see one.
  const forward: Forward = (...given) => {
    forwarder ??= createForwarder(deps)
    forwarder(...given)
  }

  const open = async (passage: Passage) => {
    const { socket, request, allowed } = passage
    try {
      const identity = await identityOf(deps.assertions, allowed)
      if (socket.destroyed) return
      const line = await reach(deps, passage)
      if (typeof line === 'string')
        return refuse(socket, badGateway(deps, passage, UNREACHABLE, line))
      if (socket.destroyed) return void line.connection.destroy()
      forward(passage, line, deps.identityHeaders.forUpstream(request, allowed.route, identity))
    } catch (cause) {
      log.error({ error: String(cause), host: request.host }, 'gateway: upgrade failed')
      const number = refusals.note('unavailable', request.address, { host: request.host })
      refuse(socket, ['503 Service Unavailable', [REFERENCE_HEADER, number]])
    }
  }

  const take = (message: IncomingMessage, socket: Socket, head: Buffer) => {
    const request = readRequest(message)
    if (isRefusal(request)) {
      const number = refusals.note(request.reason, peerOf(socket).address)
      return refuse(socket, ['400 Bad Request', [REFERENCE_HEADER, number]])
    }
    // Nobody may speak before the handshake is over; what comes early was meant for somebody else.
    const fault = head.length > 0 ? 'not_a_websocket' : handshakeFault(request)
    if (fault === 'version') {
      return refuse(socket, ['426 Upgrade Required', ['Sec-WebSocket-Version', '13']])
    }
    if (fault) {
      const number = refusals.note(fault, request.address, { host: request.host })
      return refuse(socket, ['400 Bad Request', [REFERENCE_HEADER, number]])
    }

    const asked = {
      ...askedBy(request),
      sessionToken: cookies.sessionAt(request.host).read(request.cookie),
    }
    const decision = corridor.authorize(asked)
    if (decision.kind !== 'allow') return refuse(socket, noTo(deps, request, decision))
    const { upstream } = decision.route
    if (upstream === undefined) {
      const number = refusals.note('unknown_host', request.address, { host: request.host })
      return refuse(socket, ['421 Misdirected Request', [REFERENCE_HEADER, number]])
    }
    const target = targetFor(upstream, request.target)
    if (target === undefined) {
      const number = refusals.note('outside_prefix', request.address, { host: request.host })
      return refuse(socket, ['404 Not Found', [REFERENCE_HEADER, number]])
    }
    if (!comesFromOwnPage(request, decision.route)) {
      const number = refusals.note('foreign_origin', request.address, { host: request.host })
      return refuse(socket, ['403 Forbidden', [REFERENCE_HEADER, number]])
    }
    deps.access.allowed(decision, asked)
    const allowed = decision
    const askedAt = performance.now()
    void open({
      ...{ message, socket, request, asked, allowed, upstream, target, askedAt },
      isOpen: false,
    })
  }

  return {
    take(message, socket, head) {
      socket.on('error', () => socket.destroy())
      // Node wraps the socket of an upgrade that has a body, and none that we take has one.
      if (!(socket instanceof Socket)) return refuse(socket, ['400 Bad Request'])
      try {
        take(message, socket, head)
      } catch (cause) {
        log.error({ error: String(cause) }, 'gateway: upgrade failed')
        refuse(socket, ['503 Service Unavailable'])
      }
    },
  }
}

function noTo(
  { refusals }: UpgradeDoorDeps,
  request: GatewayRequest,
  decision: Exclude<Decision, Allowed>,
): No {
  const { address, method, rawPath } = request
  switch (decision.kind) {
    case 'authenticate':
      return ['401 Unauthorized', ['WWW-Authenticate', `Gatehouse realm="${decision.route.host}"`]]
    case 'deny': {
      const url = decision.route.origin + request.target
      const visit = { address, method, rawPath, kind: 'programmatic', url } as const
      const { headers } = refusals.denied(visit, decision)
      return ['403 Forbidden', ...headers.filter(([name]) => name === REFERENCE_HEADER)]
    }
    case 'no_route': {
      const number = refusals.note(decision.reason, address, { host: request.host })
      const status =
        decision.reason === 'unknown_host' ? '421 Misdirected Request' : '400 Bad Request'
      return [status, [REFERENCE_HEADER, number]]
    }
  }
}

const UNREACHABLE = 'upstream_unreachable'

const codeOf = (cause: Error) => (cause instanceof AppError ? cause.code : UNREACHABLE)

/** The application has failed: counted, and written down under a number. */
function badGateway(
  { refusals }: Pick<UpgradeDoorDeps, 'refusals'>,
  { allowed }: Passage,
  code: string,
  detail: string,
): No {
  const number = refusals.noteUpstream(allowed.route, { code, detail })
  return ['502 Bad Gateway', [REFERENCE_HEADER, number]]
}

/** Says no and lets go; no cookie, no body. */
function refuse(socket: Duplex, [status, ...headers]: No): void {
  const lines = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Length: 0',
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n`)
  socket.once('finish', () => socket.destroy())
}

interface Passage {
  message: IncomingMessage
  socket: Socket
  request: GatewayRequest
  asked: Asked
  allowed: Allowed
  upstream: Destination
  /** What goes out, byte for byte. */
  target: string
  /** Has the application taken it? */
  isOpen: boolean
  /** When it was asked, by the clock that only goes forward, in milliseconds. */
  askedAt: number
}

/** Where the library believes to connect to. */
const ANYWHERE = { protocol: 'http:', host: 'application', port: 80 }
const NOTHING = Buffer.alloc(0)

/** A connection to an application. */
interface Line {
  server: UpstreamServer
  connection: Socket
}

/** Connects to the server whose turn it is, or to another one. @returns Why not, if that came to nothing. */
async function reach(
  { dispatch, timeouts, log }: UpgradeDoorDeps,
  { upstream, request }: Passage,
): Promise<Line | string> {
  let why = 'no server is left to be tried'
  const tried = new Set<UpstreamServer>()
  while (tried.size < MAX_TRIES) {
    const server = dispatch.choose(upstream, tried)
    if (tried.has(server)) return why
    tried.add(server)
    try {
      const connection = await connectTo(server, server.limits.connect ?? timeouts.connect)
      return { server, connection }
    } catch (cause) {
      dispatch.unreachable(upstream, server)
      why = String(cause)
      log.warn({ error: String(cause), host: request.host }, 'gateway: application failed')
    }
  }
  return why
}

type Forward = (passage: Passage, line: Line, lines: readonly HeaderLine[]) => void

function createForwarder(deps: UpgradeDoorDeps): Forward {
  const { log } = deps
  const { createProxyServer } = loadHttpProxy()
  const proxy = createProxyServer({ toProxy: true })
  const passages = new WeakMap<IncomingMessage, [Passage, UpstreamServer]>()
  // To the library every connection is a plain one; it is open already, and handed through its options.
  const agent = Object.assign(new Agent(), {
    createConnection: (options: { connection?: Socket }) => options.connection,
  })

  proxy.on('proxyReqWs', (outgoing, message, socket) => {
    const [passage, server] = passages.get(message) ?? []
    if (!passage || !server) return void socket.destroy()
    // The library has put the path together anew by now; it goes out as it came.
    outgoing.path = passage.target
    watch(outgoing, passage, { ...deps, limits: { ...deps.timeouts, ...server.limits } })
  })

  return (passage, { server, connection }, lines) => {
    const { message, socket, request } = passage
    passages.set(message, [passage, server])
    message.headers = {
      ...grouped(headFor(server, lines)),
      connection: 'Upgrade',
      upgrade: 'websocket',
    }
    const failed = (cause: Error) => {
      log.warn({ error: cause.message, host: request.host }, 'gateway: application failed')
      if (passage.isOpen) socket.destroy()
      else refuse(socket, badGateway(deps, passage, codeOf(cause), cause.message))
    }
    const options = { target: ANYWHERE, agent, ssl: { connection } }
    proxy.ws(message, socket, NOTHING, options, failed)
  }
}

/** Sees to it that the answer is a true one, in time, and holds nothing of ours. */
function watch(
  outgoing: ClientRequest,
  passage: Passage,
  deps: UpgradeDoorDeps & { limits: Limits },
): void {
  const { cookies, meters, standing, streams } = deps
  const { head, idle } = deps.limits
  const answered = () =>
    meters.answered(passage.allowed.route, (performance.now() - passage.askedAt) / 1000)
  const { socket, request, asked, allowed } = passage
  const late = setTimeout(
    () => outgoing.destroy(new UpstreamTooSlow({ detail: 'no answer in time' })),
    head * 1000,
  )
  const gone = () => void outgoing.destroy()
  socket.once('close', gone)
  outgoing.once('close', () => clearTimeout(late))

  // These run before the library's own listeners, which are added after this.
  outgoing.on('upgrade', (answer: IncomingMessage, upstream: Socket) => {
    clearTimeout(late)
    const key = request.headers.find(([name]) => /^sec-websocket-key$/i.test(name))?.[1]
    if (!accepts(key, answer.headers['sec-websocket-accept'])) {
      refuse(socket, badGateway(deps, passage, 'upstream_broken', 'no handshake of a WebSocket'))
      return void upstream.destroy()
    }
    const kept = grouped(clientHeaders(linesOf(answer.rawHeaders), cookies))
    answer.headers = { ...kept, connection: 'Upgrade', upgrade: 'websocket' }
    passage.isOpen = true
    socket.off('close', gone)
    answered()
    openTunnel(streams, {
      client: socket,
      upstream,
      asked,
      sessionId: allowed.signedIn?.session.id,
      allowedBy: standing,
    })
    // After the library, which takes all timeouts off, and has read all of what was said.
    setImmediate(() => {
      for (const end of [socket, upstream]) end.setTimeout(idle * 1000, () => end.destroy())
      for (const said of [passage.message, answer]) forget(said)
      outgoing.removeAllListeners('response').removeAllListeners('upgrade')
    })
  })
  outgoing.on('response', (answer: IncomingMessage) => {
    clearTimeout(late)
    answered()
    // No tunnel then: the answer goes to the client, and the connection with it.
    const kept = grouped(clientHeaders(linesOf(answer.rawHeaders), cookies))
    answer.headers = { ...kept, connection: 'close' }
    answer.once('end', () => socket.end())
    answer.once('error', () => socket.destroy())
    socket.once('finish', () => socket.destroy())
    socket.setTimeout(idle * 1000, () => socket.destroy())
  })
}

/** Of ten thousand open sockets, what was said when they opened would be most of what they take. */
function forget(said: IncomingMessage): void {
  said.headers = {}
  said.rawHeaders = []
}

/** Lines of one name, in any spelling, become one entry: the library speaks in objects. */
function grouped(lines: readonly HeaderLine[]): Record<string, string | string[]> {
  const byName = new Map<string, { name: string; values: string[] }>()
  for (const [name, value] of lines) {
    const known = byName.get(name.toLowerCase())
    if (known) known.values.push(value)
    else byName.set(name.toLowerCase(), { name, values: [value] })
  }
  return Object.fromEntries(
    Array.from(byName.values(), ({ name, values }) => [
      name,
      values.length === 1 ? (values[0] ?? '') : values,
    ]),
  )
}

function linesOf(raw: readonly string[]): HeaderLine[] {
  const lines: HeaderLine[] = []
  for (let at = 0; at < raw.length; at += 2) lines.push([raw[at] ?? '', raw[at + 1] ?? ''])
  return lines
}

/**
 * http-proxy takes `util._extend` at load time, and Node warns on every start about it. It gets a
 * stand-in while it loads; other warnings are nobody's to hide.
 */
function loadHttpProxy(): typeof httpProxy {
  const require = createRequire(import.meta.url)
  const util: { _extend: unknown } = require('node:util')
  const original = Object.getOwnPropertyDescriptor(util, '_extend')
  Object.defineProperty(util, '_extend', { ...original, value: Object.assign })
  try {
    return require('http-proxy')
  } finally {
    if (original) Object.defineProperty(util, '_extend', original)
  }
}
