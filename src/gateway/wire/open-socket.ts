import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { UpstreamServer } from '../destination.ts'
import { lookup } from './lookup.ts'

/** Where a server is, and what is remembered of it between two connections. */
export interface Address {
  host: string
  port: number
  tls: UpstreamServer['tls']
  /** Of the last TLS session, so that the next one need not begin at the beginning. */
  session: Buffer | undefined
}

export function addressOf({ origin, tls }: UpstreamServer): Address {
  const { hostname, port } = new URL(origin)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (tls ? 443 : 80)),
    tls,
    session: undefined,
  }
}

const KEEP_ALIVE_AFTER_MS = 60_000

// All plain connections read into this one: whoever is told of bytes takes a copy of what is to stay.
const READ = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * Opens a connection.
 *
 * @param take Told of the bytes that come; they are only valid during the call.
 * @param ready Told once it is open, and the server known to be who it should be.
 */
export function openSocket(
  address: Address,
  take: (bytes: Buffer) => void,
  ready: () => void,
): Socket {
  const { host, port, tls } = address
  const options = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
    lookup,
  }
  if (!tls) {
    const callback = (count: number) => {
      take(READ.subarray(0, count))
      return true
    }
    return connectPlain({ ...options, onread: { buffer: READ, callback } }, ready)
  }
  const socket = connectTls(
    {
      ...options,
      // The name in the configuration; never the browser's name for the application.
      servername: tls.serverName,
      rejectUnauthorized: tls.verify,
      ALPNProtocols: ['http/1.1'],
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(address.session ? { session: address.session } : {}),
    },
    ready,
  )
  socket.on('session', (session) => {
    address.session = session
  })
  return socket.on('data', take)
}
