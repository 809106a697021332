import { createServer, type Server } from 'node:http'

/** For whoever watches over the gateway: is it alive, and does it take requests? */
export interface Health {
  server: Server
  /** From now on not ready: the gateway is about to stop. */
  leave(): void
}

/**
 * @param fault Why requests cannot be answered; throws when the store, which every one of them needs,
 * does not answer.
 */
export function createHealth(fault: () => string | undefined): Health {
  let leaving = false

  const ready = (): { status: 200 | 503; body: string } => {
    if (leaving) return { status: 503, body: 'stopping' }
    try {
      const why = fault()
      return why === undefined ? { status: 200, body: 'ready' } : { status: 503, body: why }
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
