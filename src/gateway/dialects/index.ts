import { authRequest, authRequestPage, extAuthz, forwardAuth, verify } from './authelia.ts'
import type { CompatConfig } from './config.ts'
import type { Dialect } from './contract.ts'
import { oauth2Proxy } from './oauth2-proxy.ts'
import { tinyauthEnvoy, tinyauthForwarded, tinyauthNginx } from './tinyauth.ts'

/** The dialects in which proxies may ask, each at addresses of its own on every host. */
export interface Dialects {
  /** @param target Path and query, byte for byte. @returns `undefined` where nobody asks. */
  at(target: string): Dialect | undefined
}

const EXT_AUTHZ = '/api/authz/ext-authz'

/** The list of all dialects. Paths are Authelia's; those of others are off until they are named. */
export function createDialects({
  authelia_verify,
  oauth2_proxy,
  tinyauth,
}: CompatConfig): Dialects {
  const byPath = new Map<string, Dialect>([
    ['/api/authz/forward-auth', forwardAuth],
    ['/api/authz/auth-request', authRequest],
    ['/api/authz/auth-request/page', authRequestPage],
    ...(authelia_verify ? [['/api/verify', verify(authelia_verify.proxy)] as const] : []),
    ...(oauth2_proxy ? [['/oauth2/auth', oauth2Proxy(oauth2_proxy.proxy)] as const] : []),
    ...(tinyauth
      ? [
          ['/api/auth/traefik', tinyauthForwarded] as const,
          ['/api/auth/caddy', tinyauthForwarded] as const,
          ['/api/auth/nginx', tinyauthNginx] as const,
          ['/api/auth/envoy', tinyauthEnvoy('/api/auth/envoy?path=')] as const,
        ]
      : []),
  ])
  const envoy = extAuthz(EXT_AUTHZ)

  return {
    at: (target) =>
      target.startsWith(`${EXT_AUTHZ}/`) ? envoy : byPath.get(target.split('?', 1)[0] ?? ''),
  }
}
