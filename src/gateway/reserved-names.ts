import { remembering } from '../base/memo.ts'

/** The one form in which header names are compared: CGI and WSGI take `Remote_User` for `Remote-User`. */
export const foldName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-')

/** Belong to one connection and never travel on (RFC 9110, 7.6.1), or are answered here. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Names by which some server learns who is there, where from, or what is really asked for. */
const RESERVED = [
  'akamai-client-ip',
  'auth-user',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'front-end-https',
  // gunicorn takes these two for its own variables, from peers on its list.
  'path-info',
  'proxy',
  'script-name',
  'teleport-jwt-assertion',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-email',
  'x-forwarded',
  'x-groups',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-jwt-assertion',
  'x-method-override',
  'x-originating-ip',
  'x-real-ip',
  'x-rewrite-url',
  'x-role',
  'x-roles',
  'x-scheme',
  'x-url-scheme',
  'x-user',
  'x-user-email',
  'x-user-groups',
  'x-user-id',
  'x-user-name',
  'x-user-roles',
  'x-userid',
  'x-username',
]

const RESERVED_FAMILIES = [
  'cf-access-',
  'oidc-claim-',
  'proxy-',
  'remote-',
  'ssl-client-',
  'tailscale-user-',
  'x-accel-',
  'x-amzn-oidc-',
  'x-auth-request-',
  'x-auth-user',
  'x-authenticated-',
  'x-authentik-',
  'x-client-cert',
  'x-consumer-',
  'x-credential-',
  'x-envoy-',
  'x-forwarded-',
  'x-gatehouse-',
  'x-goog-authenticated-user-',
  'x-goog-iap-',
  'x-ms-client-principal',
  'x-original-',
  'x-pomerium-',
  'x-proxy-',
  'x-proxyuser-',
  'x-remote-',
  'x-ssl-client-',
  'x-vouch-',
  'x-webauth-',
]

/** Written anew for every request; a disguise of one of them does not travel at all. */
const REWRITTEN = ['host', 'cookie', 'content-length']

/** Describe the connection or the place of the application; only a client may not say them. */
const CONTEXT = [
  'front-end-https',
  'script-name',
  'x-forwarded-port',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-scheme',
  'x-url-scheme',
]

/**
 * Why an operator cannot have a header sent along; `undefined` when they can. Whatever an application
 * might take for who is there is said by the gateway alone, about one request at a time.
 */
export function extraHeaderFault(name: string): string | undefined {
  const folded = foldName(name)
  if (CONTEXT.includes(folded) || !isNeverPassedOn(folded)) return undefined
  return `${name} belongs to the connection, or is one that applications take for who is there`
}

/** Tells which of a client's header lines no application may see. */
export type IsReserved = (name: string) => boolean

const EXACT = new Set([...HOP_BY_HOP, ...REWRITTEN, ...RESERVED])

const isNeverPassedOn = (folded: string): boolean =>
  EXACT.has(folded) || RESERVED_FAMILIES.some((family) => folded.startsWith(family))

const REMEMBERED = 2_000

/**
 * @param own Names of identity headers of any route: an application that believes in one of them must
 * not hear it from a client either, whichever route the client came by.
 */
export function reservedNames(own: readonly string[]): IsReserved {
  const exact = new Set(own.map(foldName))
  const judge = (name: string): boolean => {
    const folded = foldName(name)
    return exact.has(folded) || isNeverPassedOn(folded)
  }

  return remembering(REMEMBERED, judge)
}
