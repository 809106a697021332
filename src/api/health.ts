import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Figures } from '../base/metrics.ts'
import type { Store } from '../store/contract.ts'

/** Answers with the figures; a worker that does not tell its own in time costs the answer, not the process. */
function tell({ text, type }: Figures, response: ServerResponse): void {
  text().then(
    (body) => {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    },
    () => response.writeHead(503, { 'content-type': 'text/plain' }).end('figures not complete\n'),
  )
}

/**
 * Why nobody could be let in: the store does not answer as it should.
 *
 * @throws when it does not answer at all.
 */
export function storeFault(store: Pick<Store, 'damage' | 'sessions'>): string | undefined {
  const damage = store.damage()
  if (damage !== undefined) return `the database is damaged: ${damage}`
  // A look-up that finds nothing takes the same way to the store as one that does.
  store.sessions.find('')
  return undefined
}

/** For whoever watches over the gateway: is it alive, and does it take requests? */
export interface Health {
  server: Server
  /** From now on not ready: the gateway is about to stop. */
  leave(): void
}

/**
 * @param fault Why requests cannot be answered; throws when the store, which every one of them needs,
 * does not answer.
 * @param figures Told at `/metrics`.
 */
export function createHealth(fault: () => string | undefined, figures?: Figures): Health {
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
    if (figures && message.method === 'GET' && message.url === '/metrics') {
      return tell(figures, response)
    }
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
