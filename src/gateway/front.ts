import type { Server } from 'node:http'
import type { Gateway } from './gateway.ts'
import { createGatewayServer } from './server.ts'
import type { Tunnels } from './tunnels.ts'

/** The server that browsers, and proxies in front, reach; it stays while the gateway behind it changes. */
export interface Front {
  server: Server
  /**
   * Shows everything new to another gateway. A request is one gateway's from its first line to its end:
   * what is under way goes on where it began, and kept connections bring their next request to the new
   * one. WebSockets stay where the new one would have let them in.
   */
  swap(next: Gateway): void
  /** Lets what is under way finish within the time that is configured for it, then ends it. */
  close(): Promise<void>
}

export interface FrontDeps {
  first: Gateway
  tunnels: Tunnels
}

/** Between a decision and the sending on there are a few milliseconds, and never this long. */
const RETIRE_AFTER_MS = 60_000

export function createFront({ first, tunnels }: FrontDeps): Front {
  let current = first
  const leaving = new Set<Gateway>()
  tunnels.obey(first.corridor)

  const { server, limit, drain } = createGatewayServer({
    listener: (message, response) => current.listener(message, response),
    upgrade: { take: (message, socket, head) => current.upgrade.take(message, socket, head) },
    isQuestion: (target) => current.isQuestion(target),
    refusals: { note: (...about) => current.refusals.note(...about) },
    tunnels,
    longestSilence: first.longestSilence,
  })

  const retire = (gateway: Gateway) => {
    leaving.add(gateway)
    const forget = () => leaving.delete(gateway)
    // Not at once: a request that it has just let in is about to be sent on.
    setTimeout(() => gateway.retire().then(forget, forget), RETIRE_AFTER_MS).unref()
  }

  return {
    server,
    swap(next) {
      const before = current
      current = next
      limit(next.longestSilence)
      tunnels.obey(next.corridor)
      retire(before)
    },
    async close() {
      await drain(current.timeouts.drain)
      await Promise.all([current, ...leaving].map((gateway) => gateway.close()))
    },
  }
}
