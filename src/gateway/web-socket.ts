import { createHash } from 'node:crypto'
import { type GatewayRequest, headerOf } from './request.ts'
import type { Route } from './routes.ts'

/** Why a handshake is refused. */
export type HandshakeFault = 'not_a_websocket' | 'version'

// 16 bytes in base64.
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/**
 * Checks a client's opening handshake.
 *
 * @see RFC 6455, section 4.2.1
 */
export function handshakeFault(request: GatewayRequest): HandshakeFault | undefined {
  if (!request.isUpgrade || headerOf(request, 'upgrade')?.toLowerCase() !== 'websocket') {
    return 'not_a_websocket'
  }
  if (headerOf(request, 'sec-websocket-version') !== '13') return 'version'
  return KEY.test(headerOf(request, 'sec-websocket-key') ?? '') ? undefined : 'not_a_websocket'
}

/**
 * Is a request about a WebSocket, as far as it can be told from a proxy's question? Some proxies leave
 * `Upgrade` out of it, and HAProxy makes the key of a client that speaks HTTP/2 only afterwards.
 */
export const isAboutSocket = (request: Pick<GatewayRequest, 'headers'>): boolean =>
  headerOf(request, 'sec-websocket-key') !== undefined ||
  headerOf(request, 'sec-websocket-version') !== undefined ||
  headerOf(request, 'upgrade')?.toLowerCase() === 'websocket'

/** Pages of any site can ask for a WebSocket here, with this person's cookies: only our own page may. */
export const comesFromOwnPage = (
  { headers }: Pick<GatewayRequest, 'headers'>,
  { origin, origins }: Pick<Route, 'origin' | 'origins'>,
): boolean =>
  headers.every(
    ([name, value]) => name.toLowerCase() !== 'origin' || value === origin || origins.has(value),
  )

/** Does a server's 101 belong to this very question? (RFC 6455, section 4.2.2) */
export function accepts(key: string | undefined, accept: string | undefined): boolean {
  const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  return accept === proof.digest('base64')
}

/** A close frame, as a server sends it (RFC 6455, sections 5.5.1 and 7.4.1). */
export function closeFrame(code: 1001 | 1008): Buffer {
  return Buffer.from([0x88, 0x02, code >> 8, code & 0xff])
}
