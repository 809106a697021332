import { type GatewayRequest, headerOf } from './request.ts'

/** Does a person wait for a page, or a program for data? */
export type RequestKind = 'navigation' | 'programmatic'

/**
 * Tells the two apart; the first mark that is there decides. Browsers state it themselves
 * (Fetch Metadata), everything after that is for older ones and for programs.
 */
export function kindOf(request: Pick<GatewayRequest, 'headers'>, method: string): RequestKind {
  const header = (name: string) => headerOf(request, name)?.toLowerCase()
  const mode = header('sec-fetch-mode')
  if (mode === 'navigate') return 'navigation'
  if (/^(document|iframe)$/.test(header('sec-fetch-dest') ?? '')) return 'navigation'
  if (mode !== undefined) return 'programmatic'
  if (header('sec-websocket-key') !== undefined) return 'programmatic'
  if (header('upgrade') === 'websocket') return 'programmatic'
  const accept = header('accept') ?? ''
  if (accept.includes('text/event-stream')) return 'programmatic'
  if (header('x-requested-with') !== undefined) return 'programmatic'
  if (/^(bearer|dpop) /.test(header('authorization') ?? '')) return 'programmatic'
  const reads = method === 'GET' || method === 'HEAD'
  return reads && accept.includes('text/html') ? 'navigation' : 'programmatic'
}
