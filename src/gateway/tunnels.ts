import type { Socket } from 'node:net'
import type { Asked, Corridor } from './authorize.ts'
import { closeFrame } from './web-socket.ts'

/** One open WebSocket. */
export interface Tunnel {
  client: Socket
  upstream: Socket
  /** What it was opened with. */
  asked: Asked
  signedIn: boolean
}

/** All open WebSockets: none outlives the right to it by more than a second or two. */
export interface Tunnels {
  add(tunnel: Tunnel): void
  has(client: Socket): boolean
  closeAll(): void
}

const LOOK_EVERY_MS = 1_000
/** For the close frame to be read. */
const LINGER_MS = 500

/** Asks again and again whether each may stay open: sessions end, users are disabled, groups change. */
export function createTunnels(corridor: Corridor): Tunnels {
  const open = new Map<Socket, Tunnel>()
  let timer: NodeJS.Timeout | undefined

  const look = () => {
    for (const tunnel of open.values()) {
      if (tunnel.signedIn && !mayStay(corridor, tunnel)) close(tunnel, 1008)
    }
  }

  return {
    add(tunnel) {
      open.set(tunnel.client, tunnel)
      timer ??= setInterval(look, LOOK_EVERY_MS).unref()
      tunnel.upstream.once('close', () => tunnel.client.destroySoon())
      tunnel.client.once('close', () => {
        tunnel.upstream.destroy()
        open.delete(tunnel.client)
        if (open.size > 0) return
        clearInterval(timer)
        timer = undefined
      })
    },
    has: (client) => open.has(client),
    closeAll() {
      for (const tunnel of open.values()) close(tunnel, 1001)
    },
  }
}

function mayStay(corridor: Corridor, { asked }: Tunnel): boolean {
  try {
    return corridor.reconsider(asked).kind === 'allow'
  } catch {
    // Who cannot be checked cannot stay.
    return false
  }
}

function close({ client, upstream }: Tunnel, code: 1001 | 1008): void {
  upstream.unpipe(client)
  client.end(closeFrame(code))
  upstream.destroy()
  setTimeout(() => client.destroy(), LINGER_MS).unref()
}
