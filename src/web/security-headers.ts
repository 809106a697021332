/** What a page may do beyond showing itself. */
export interface PageRights {
  /** Origins to which its forms may lead, redirects included; `'self'` always counts. */
  formTargets?: readonly string[]
  /** May scripts of ours run on it, and ask our own server? */
  scripts?: boolean
  /** May it start our service worker, and be kept as an application? */
  worker?: boolean
  /** Where its style sheets and pictures come from, besides its own origin. */
  assetsFrom?: string
}

/**
 * Headers of every page: no script unless it is said, no frame, nothing from elsewhere, never stored.
 *
 * `Referrer-Policy: same-origin` and not `no-referrer`: under the latter, browsers send
 * `Origin: null` with our own forms.
 *
 * @param secure Is the page reached by https?
 */
export function securityHeaders(secure: boolean, rights: PageRights = {}) {
  const { formTargets = [], scripts = false, worker = false, assetsFrom } = rights
  const assets = assetsFrom === undefined ? "'self'" : `'self' ${assetsFrom}`
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      ...(scripts ? ["script-src 'self'", "connect-src 'self'"] : []),
      ...(worker ? ["worker-src 'self'", "manifest-src 'self'"] : []),
      `style-src ${assets}`,
      `img-src ${assets}`,
      `form-action ${["'self'", ...formTargets].join(' ')}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    'Cache-Control': 'no-store',
    ...(secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  }
}
