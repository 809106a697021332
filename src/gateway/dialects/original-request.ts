import type { HostAndPort } from '../host.ts'
import { parseHost } from '../host.ts'
import { type GatewayRequest, headerOf } from '../request.ts'
import { parseTarget, splitUrl, type Target } from '../target.ts'

/** The request that a proxy holds at its own door and asks about. */
export interface OriginalRequest extends HostAndPort, Target {
  /** Absent when this kind of proxy does not tell it: what a client writes there is not believed. */
  method: string | undefined
  /** Absent for the same reason. */
  scheme: 'http' | 'https' | undefined
}

type Asking = Pick<GatewayRequest, 'headers'>

// An application that answers the first two shows what only it should see; the last asks for a tunnel.
const METHOD = /^(?!(?:TRACE|TRACK|CONNECT)$)[A-Z]{1,20}$/
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
  const told = claim({ ...forwarded(asking), method: headerOf(asking, 'x-forwarded-method') ?? '' })
  return told && !contradicted(asking, told) ? told : undefined
}

/** The same without the method, from a proxy that is told to send only the other three. */
export function methodlessRequest(asking: Asking): OriginalRequest | undefined {
  const told = claim({ ...forwarded(asking), method: undefined })
  return told && !contradicted(asking, told) ? told : undefined
}

const forwarded = (asking: Asking) => ({
  scheme: headerOf(asking, 'x-forwarded-proto') ?? '',
  host: headerOf(asking, 'x-forwarded-host') ?? '',
  target: headerOf(asking, 'x-forwarded-uri') ?? '',
})

/** The same from `X-Original-Method` and `X-Original-URL`, as nginx is told to send them. */
export function originalRequest(asking: Asking): OriginalRequest | undefined {
  return atOriginalUrl(asking, headerOf(asking, 'x-original-method') ?? '')
}

/** The same without the method, from a proxy that may have been told to send only `X-Original-URL`. */
export function originalUrl(asking: Asking): OriginalRequest | undefined {
  return atOriginalUrl(asking, undefined)
}

function atOriginalUrl(asking: Asking, method: string | undefined): OriginalRequest | undefined {
  const [, scheme = '', host = '', target = ''] =
    splitUrl(headerOf(asking, 'x-original-url') ?? '') ?? []
  const told = claim({ method, scheme, host, target })
  return told && !contradicted(asking, told) ? told : undefined
}

/**
 * The same from a question that is the request itself, with something before its path: Envoy asks with
 * the same method, and to the same host.
 *
 * @param target What is left of the path and the query.
 */
export function extendedRequest(request: GatewayRequest, target: string) {
  const { method } = request
  const scheme = headerOf(request, 'x-forwarded-proto') ?? ''
  const told = claim({ method, scheme, host: headerOf(request, 'host') ?? '', target })
  return told && !contradicted(request, told) ? told : undefined
}

/** The same from a proxy that keeps the `Host` and tells no more than `X-Forwarded-Uri`. */
export function hostedRequest(asking: Asking): OriginalRequest | undefined {
  const told = claim({
    method: undefined,
    scheme: undefined,
    host: headerOf(asking, 'host') ?? '',
    target: headerOf(asking, 'x-forwarded-uri') ?? '',
  })
  return told && !contradicted(asking, told) ? told : undefined
}

interface Claim {
  method: string | undefined
  scheme: string | undefined
  host: string
  target: string
}

function claim({ method, scheme, host, target }: Claim): OriginalRequest | undefined {
  const place = parseHost(host)
  const parsed = parseTarget(target)
  if (!place || !parsed || (method !== undefined && !METHOD.test(method))) return undefined
  if (scheme === undefined) return { method, scheme, ...place, ...parsed }
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  return known && { method, scheme: known, ...place, ...parsed }
}

/**
 * Does a header that this kind of proxy does not set tell another story? It can only come from the
 * client, who perhaps knows a gateway that would believe it.
 */
function contradicted(asking: Asking, told: OriginalRequest): boolean {
  const differs = (name: string, isKnown: (claimed: string) => boolean) => {
    const claimed = headerOf(asking, name)
    return claimed !== undefined && !isKnown(claimed)
  }
  const isMethod = (claimed: string) => told.method === undefined || claimed === told.method
  const isTarget = (claimed: string) => claimed === told.target
  const isHost = (claimed: string) => parseHost(claimed)?.host === told.host
  const isUrl = (claimed: string) => {
    const [, scheme = '', host = '', target = ''] = splitUrl(claimed) ?? []
    const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
    const isScheme = told.scheme === undefined || known === told.scheme
    return isScheme && isHost(host) && parseHost(host)?.port === told.port && isTarget(target)
  }
  return (
    differs('x-forwarded-method', isMethod) ||
    differs('x-original-method', isMethod) ||
    differs('x-forwarded-uri', isTarget) ||
    differs('x-original-uri', isTarget) ||
    differs('x-forwarded-host', isHost) ||
    differs('x-original-url', isUrl)
  )
}
