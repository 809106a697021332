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
  /** The corridor that let it in. */
  allowedBy: Corridor
}

/** All open WebSockets: none outlives the right to it by more than a second or two. */
export interface Tunnels {
  add(tunnel: Tunnel): void
  has(client: Socket): boolean
  /** From here on this corridor decides who may stay; it looks at all of them at once. */
  obey(corridor: Corridor): void
  /** Ends all: the gateway goes away. */
  closeAll(): void
}

const LOOK_EVERY_MS = 1_000
/** For the close frame to be read. */
const LINGER_MS = 500

/** Asks again and again whether each may stay open: sessions end, users are disabled, groups change. */
export function createTunnels(): Tunnels {
  const open = new Map<Socket, Tunnel>()
  let current: Corridor | undefined
  let timer: NodeJS.Timeout | undefined

  const look = () => {
    for (const tunnel of open.values()) {
      const corridor = current ?? tunnel.allowedBy
      // Under the same rules nobody loses what everybody has.
      if (!tunnel.signedIn && tunnel.allowedBy === corridor) continue
      if (mayStay(corridor, tunnel)) tunnel.allowedBy = corridor
      else close(tunnel, 1008)
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
    obey(corridor) {
      current = corridor
      look()
    },
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
