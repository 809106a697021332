import { createServer, type Server } from 'node:http'

/** For whoever watches over the gateway: is it alive, and does it take requests? */
export interface Health {
  server: Server
  /** From now on not ready: the gateway is about to stop. */
  leave(): void
}

/** @param works Throws when a part that every request needs does not answer, e.g. the store. */
export function createHealth(works: () => void): Health {
  let leaving = false

  const ready = (): { status: 200 | 503; body: string } => {
    if (leaving) return { status: 503, body: 'stopping' }
    try {
      works()
      return { status: 200, body: 'ready' }
    } catch {
      return { status: 503, body: 'store does not answer' }
    }
  }

  const server = createServer((message, response) => {
    const known: Record<string, () => { status: number; body: string }> = {
      '/health/live': () => ({ status: 200, body: 'live' }),
      '/health/ready': ready,
    }
    const answer =
      message.method === 'GET' || message.method === 'HEAD' ? known[message.url ?? ''] : undefined
    const { status, body } = answer?.() ?? { status: 404, body: 'not found' }
    response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
    response.end(`${body}\n`)
  })
  server.headersTimeout = 5000
  server.requestTimeout = 5000
  return {
    server,
    leave() {
      leaving = true
    },
  }
}
