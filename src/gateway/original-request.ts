import type { HostAndPort } from './host.ts'
import { parseHost } from './host.ts'
import { type GatewayRequest, headerOf } from './request.ts'
import { parseTarget, splitUrl, type Target } from './target.ts'

/** The request that a proxy holds at its own door and asks about. */
export interface OriginalRequest extends HostAndPort, Target {
  method: string
  scheme: 'http' | 'https'
}

type Asking = Pick<GatewayRequest, 'headers'>

const METHOD = /^[A-Z]{1,20}$/
const SCHEMES: Readonly<Record<string, 'http' | 'https'>> = {
  http: 'http',
  https: 'https',
  // Traefik names the scheme of a WebSocket so.
  ws: 'http',
  wss: 'https',
}

/**
 * Reads `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`.
 *
 * @returns `undefined` when one is missing or malformed, or when the other family of headers, which
 * this proxy does not speak, is there and tells a different story.
 */
export function forwardedRequest(asking: Asking): OriginalRequest | undefined {
  const told = claim({
    method: headerOf(asking, 'x-forwarded-method'),
    scheme: headerOf(asking, 'x-forwarded-proto'),
    host: headerOf(asking, 'x-forwarded-host'),
    target: headerOf(asking, 'x-forwarded-uri'),
  })
  if (!told) return undefined
  const others = [
    differs(headerOf(asking, 'x-original-method'), told.method),
    differs(headerOf(asking, 'x-original-uri'), told.target),
    differs(headerOf(asking, 'x-original-url'), urlOf(told, headerOf(asking, 'x-forwarded-host'))),
  ]
  return others.includes(true) ? undefined : told
}

/** The same from `X-Original-Method` and `X-Original-URL`, as nginx is told to send them. */
export function originalRequest(asking: Asking): OriginalRequest | undefined {
  const [, scheme, host, target] = splitUrl(headerOf(asking, 'x-original-url') ?? '') ?? []
  const told = claim({ method: headerOf(asking, 'x-original-method'), scheme, host, target })
  if (!told) return undefined
  const others = [
    differs(headerOf(asking, 'x-forwarded-method'), told.method),
    differs(headerOf(asking, 'x-forwarded-uri'), told.target),
    differs(headerOf(asking, 'x-original-uri'), told.target),
    differs(hostIn(headerOf(asking, 'x-forwarded-host')), told.host),
  ]
  return others.includes(true) ? undefined : told
}

interface Claim {
  method: string | undefined
  scheme: string | undefined
  host: string | undefined
  target: string | undefined
}

function claim({ method = '', scheme = '', host = '', target = '' }: Claim) {
  const place = parseHost(host)
  const parsed = parseTarget(target)
  const knownScheme = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (!METHOD.test(method) || !knownScheme || !place || !parsed) return undefined
  return { method, scheme: knownScheme, ...place, ...parsed }
}

const differs = (claimed: string | undefined, known: string): boolean =>
  claimed !== undefined && claimed !== known

const urlOf = ({ scheme, target }: OriginalRequest, host = ''): string =>
  `${scheme}://${host}${target}`

const hostIn = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : (parseHost(value)?.host ?? '')
