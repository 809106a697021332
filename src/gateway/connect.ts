import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { UpstreamServer } from './destination.ts'
import { lookup } from './wire/lookup.ts'

/**
 * Opens a connection to an application, for what is no plain request.
 *
 * @param seconds How long to wait for it.
 * @throws {Error} when none comes about in time, or the application is not who it should be.
 */
export function connectTo({ origin, tls }: UpstreamServer, seconds: number): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = tls
    ? connectTls({
        host,
        lookup,
        port: Number(port || 443),
        servername: tls.serverName,
        rejectUnauthorized: tls.verify,
        ALPNProtocols: ['http/1.1'],
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      })
    : connectPlain({ host, lookup, port: Number(port || 80) })

  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => socket.destroy(new Error('no connection in time')),
      seconds * 1000,
    )
    socket.once('close', () => clearTimeout(late))
    socket.once('error', reject)
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(late)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
