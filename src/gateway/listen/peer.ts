import type { Socket } from 'node:net'
import { plainAddress, UNIX_PEER } from '../../base/net.ts'

/** Who is at the other end of a connection, where the socket itself does not tell. */
export interface Peer {
  address: string
  /** May it be among the trusted proxies? */
  mayBeTrusted: boolean
}

/** Whoever comes over a socket of the file system; who that may be, its mode decides. */
export const LOCAL_PEER: Peer = { address: UNIX_PEER, mayBeTrusted: true }

const PEER = Symbol('peer')

/** A socket, or what stands for one in HTTP/2 and hands its properties on. */
type Known = Pick<Socket, 'remoteAddress'> & { [PEER]?: Peer }

/** Notes down who is at the other end. */
export function setPeer(socket: Known, peer: Peer): void {
  socket[PEER] = peer
}

/** Who is at the other end: as noted down, or as the socket says. The address is empty when it is gone. */
export const peerOf = (socket: Known): Peer =>
  socket[PEER] ?? { address: plainAddress(socket.remoteAddress ?? ''), mayBeTrusted: true }

export const addressOf = (socket: Known): string => peerOf(socket).address
