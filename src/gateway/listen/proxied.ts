import type { Server, Socket } from 'node:net'
import { canonicalAddress } from '../../base/net.ts'
import type { Peer } from './peer.ts'
import { takeProxyHeader } from './proxy-protocol.ts'

/** Decides about connections of proxies. */
export interface ProxiedDeps {
  /** The address of the proxy itself. */
  proxyOf(socket: Socket): string
  /** May this peer say who its clients are? */
  trusts(address: string): boolean
  /** Writes down that a connection was not taken. */
  note(reason: string, address: string): void
  /** Takes a connection whose header has been read. */
  accept(socket: Socket, peer: Peer): void
}

/** From a proxy this comes with the first packet. */
const HEADER_SECONDS = 10

/** Lets a server take only connections that begin with a header of the PROXY protocol. */
export function behindProxy(server: Server, { proxyOf, trusts, note, accept }: ProxiedDeps): void {
  const take = async (socket: Socket) => {
    const proxy = proxyOf(socket)
    if (!trusts(proxy)) {
      note('untrusted_proxy', proxy)
      return void socket.destroy()
    }
    const header = await takeProxyHeader(socket, HEADER_SECONDS)
    if (typeof header === 'string') {
      if (header !== 'gone') note(`proxy_header_${header}`, proxy)
      return void socket.destroy()
    }
    const { source } = header
    const address = source === undefined ? undefined : canonicalAddress(source)
    // A connection of the proxy's own, or of somebody without an address: no client, and no proxy either.
    const peer =
      address === undefined
        ? { address: proxy, mayBeTrusted: false }
        : { address, mayBeTrusted: true }
    accept(socket, peer)
  }
  server.removeAllListeners('connection')
  server.on('connection', (socket) => {
    void take(socket)
  })
}
