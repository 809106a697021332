import { isReference } from '../../base/reference.ts'
import { REFERENCE_HEADER } from '../reference.ts'
import { headerOf } from '../request.ts'
import type { Dialect } from './contract.ts'
import {
  extendedRequest,
  forwardedRequest,
  originalRequest,
  originalUrl,
} from './original-request.ts'

/** Traefik, Caddy, HAProxy and Skipper, which hand on what is answered. */
export const forwardAuth: Dialect = {
  read: forwardedRequest,
  yes: 200,
  malformed: 400,
  redirects: true,
}

/** nginx and its kin. */
export const authRequest: Dialect = {
  read: originalRequest,
  yes: 200,
  malformed: 403,
  redirects: false,
}

/**
 * nginx again: it has dropped the body of a 401 or 403, and asks for what to show in its place. Never a
 * question before a request is let through.
 */
export const authRequestPage: Dialect = {
  ...forwardAuth,
  read: originalRequest,
  afterRefusal: true,
  reference(request) {
    const told = headerOf(request, REFERENCE_HEADER.toLowerCase())
    return told !== undefined && isReference(told) ? told : undefined
  },
}

/**
 * As Authelia was asked at `/api/verify` before it had an address for each kind of proxy. A proxy that
 * names nothing but a URL leaves it to the client to name a method, so none is believed.
 */
export const verify = (proxy: 'nginx' | 'traefik'): Dialect =>
  proxy === 'traefik'
    ? { ...forwardAuth, malformed: 401 }
    : { ...authRequest, read: originalUrl, malformed: 401 }

/** Envoy's `ext_authz` over HTTP. @param prefix What it puts before the path. */
export const extAuthz = (prefix: string): Dialect => ({
  read: (request) => extendedRequest(request, request.target.slice(prefix.length)),
  yes: 200,
  malformed: 400,
  redirects: true,
})
