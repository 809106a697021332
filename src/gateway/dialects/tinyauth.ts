import type { Dialect } from './contract.ts'
import { extendedRequest, forwardedRequest, methodlessRequest } from './original-request.ts'

/** As tinyauth is asked by Traefik and Caddy. */
export const tinyauthForwarded: Dialect = {
  read: forwardedRequest,
  yes: 200,
  malformed: 400,
  redirects: true,
}

/** As it is asked by nginx, which does not tell the method. */
export const tinyauthNginx: Dialect = {
  read: methodlessRequest,
  yes: 200,
  malformed: 403,
  redirects: false,
  locationHeader: 'X-Tinyauth-Location',
}

/** As it is asked by Envoy, which puts the path into a query. @param prefix All before the path. */
export const tinyauthEnvoy = (prefix: string): Dialect => ({
  read: (request) =>
    request.target.startsWith(prefix)
      ? extendedRequest(request, request.target.slice(prefix.length))
      : undefined,
  yes: 200,
  malformed: 400,
  redirects: true,
})
