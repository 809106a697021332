/**
 * Cookies as a browser keeps them: by name, with the host or the parent domain that they belong to. A
 * name that several domains use stands once for each, first plain, then as `name @domain`.
 */
export interface CookieJar extends Map<string, Cookie> {
  /** The Cookie header that goes to a host; empty when there is none. */
  headerFor(host: string): string
  /** Takes a Set-Cookie line of a host. */
  take(host: string, line: string): void
}

export interface Cookie {
  value: string
  /** The host that set it, or the domain it named. */
  domain: string
  hostOnly: boolean
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>()
  return Object.assign(cookies, {
    headerFor: (host: string) =>
      [...cookies]
        .filter(([, cookie]) => isFor(host, cookie))
        .map(([key, { value }]) => `${key.replace(/ @.*/, '')}=${value}`)
        .join('; '),

    take(host: string, line: string) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      const domain = attributes.find((it) => /^domain=/i.test(it))?.slice('domain='.length)
      const cookie = { value, domain: domain ?? host, hostOnly: domain === undefined }
      const taken = cookies.get(name)
      const key = taken && taken.domain !== cookie.domain ? `${name} @${cookie.domain}` : name
      if (attributes.some((it) => /^max-age=0$/i.test(it))) cookies.delete(key)
      else cookies.set(key, cookie)
    },
  })
}

const isFor = (host: string, { domain, hostOnly }: Cookie): boolean =>
  host === domain || (!hostOnly && host.endsWith(`.${domain}`))
