import { hmac, sameBytes } from '../base/bytes.ts'

/** Proves that a form was filled in on our own page, in this very browser. */
export interface Csrf {
  /** The value of the form's hidden field, for one browser. */
  token(browser: string): string
  /**
   * Three proofs, each enough against most attacks, together against sibling hosts too: the browser
   * says that the request comes from our own origin, the media type is one that a form has, and the
   * hidden field belongs to the browser's own cookie.
   *
   * @returns Why the request is refused, or `undefined` when it is not.
   */
  fault(request: FormRequest, browser: string | undefined): CsrfFault | undefined
}

export type CsrfFault = 'foreign_origin' | 'media_type' | 'stale_form'

export interface FormRequest {
  header(name: string): string | undefined
  /** The hidden field as sent; may be hostile. */
  token: string
}

export interface CsrfDeps {
  key: Uint8Array
  /** The portal's own origin. */
  origin: string
}

export const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded'

export function createCsrf({ key, origin }: CsrfDeps): Csrf {
  const digest = (browser: string) => hmac(key, browser)

  return {
    token: (browser) => digest(browser).toString('base64url'),

    fault({ header, token }, browser) {
      if (!comesFrom(origin, header('origin'), header('sec-fetch-site'))) return 'foreign_origin'
      const type = header('content-type')?.split(';')[0]?.trim().toLowerCase()
      if (type !== FORM_MEDIA_TYPE) return 'media_type'
      if (browser === undefined) return 'stale_form'
      return sameBytes(Buffer.from(token, 'base64url'), digest(browser)) ? undefined : 'stale_form'
    },
  }
}

/** Every browser sends Origin with a POST; where it is missing, Sec-Fetch-Site must say the same. */
function comesFrom(own: string, origin: string | undefined, site: string | undefined): boolean {
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined ? site === 'same-origin' : origin === own
}
