import { constants } from 'node:crypto'
import type { Server, Socket } from 'node:net'
import { type SecureContextOptions, TLSSocket, type TlsOptions } from 'node:tls'
import type { Certificates } from './certificates.ts'

const HANDSHAKE_MS = 15_000

/** For whoever names no host. */
export const secureContext = (certificates: Certificates): SecureContextOptions => ({
  ...certificates.first(),
  minVersion: 'TLSv1.2',
  // A handshake costs us more than whoever asks for it: one a connection.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
})

/** How a server speaks TLS. */
export const tlsOptions = (certificates: Certificates): TlsOptions => ({
  ...secureContext(certificates),
  handshakeTimeout: HANDSHAKE_MS,
  SNICallback: (name, callback) => callback(null, certificates.contextFor(name)),
})

export interface SecureDeps {
  server: Server
  certificates: Certificates
  /** In the order of our preference. */
  protocols: readonly string[]
}

/**
 * Begins TLS on a connection that something was read from already, and hands it to its server once the
 * handshake is done.
 *
 * @returns The encrypted side, at once.
 */
export function secure(plain: Socket, { server, certificates, protocols }: SecureDeps): TLSSocket {
  const socket = new TLSSocket(plain, {
    isServer: true,
    server,
    secureContext: certificates.contextFor(''),
    SNICallback: (name, callback) => callback(null, certificates.contextFor(name)),
    ALPNCallback: ({ protocols: offered }) => protocols.find((it) => offered.includes(it)),
  })
  const give = () => socket.destroy()
  const late = setTimeout(give, HANDSHAKE_MS)
  socket.once('close', () => clearTimeout(late))
  socket.on('error', give)
  socket.once('secure', () => {
    clearTimeout(late)
    socket.off('error', give)
    server.emit('secureConnection', socket)
  })
  return socket
}

/** Did something go wrong before a single byte of HTTP was read? Then nobody could read an answer. */
export const isTlsFault = (error: Error): boolean =>
  'code' in error &&
  typeof error.code === 'string' &&
  /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/.test(error.code)
