import { type PathPrefix, pathBefore } from './path-prefix.ts'
import type { HeaderLine } from './request.ts'

/** How the place of an application differs from where browsers see it. */
export interface Relocation {
  prefix: PathPrefix
  /** Scheme, host and port as browsers see them. */
  origin: string
  /** Hosts, with port, by which the application may name itself: what stood in its Host line. */
  hosts: readonly string[]
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)([/?#].*)?$/i

/** Rewrites what an application says of its own place in an answer: redirects and paths of cookies. */
export function relocated(relocation: Relocation, lines: readonly HeaderLine[]): HeaderLine[] {
  return lines.map((line) => {
    const [name, value] = line
    switch (name.toLowerCase()) {
      case 'location':
      case 'content-location':
        return [name, locationBefore(relocation, value)]
      case 'set-cookie':
        return [name, cookieBefore(relocation, value)]
      default:
        return line
    }
  })
}

function locationBefore({ prefix, origin, hosts }: Relocation, location: string): string {
  if (/^\/(?!\/)/.test(location)) return pathBefore(prefix, location)
  const [, host, path = '/'] = ABSOLUTE.exec(location) ?? []
  if (host === undefined || !hosts.includes(host.toLowerCase())) return location
  return origin + pathBefore(prefix, path.startsWith('/') ? path : `/${path}`)
}

function cookieBefore({ prefix }: Relocation, cookie: string): string {
  // An application that stands in no folder of its own sets cookies for the whole host, which is right.
  if (prefix.base === '') return cookie
  return cookie.replace(
    /(;[ \t]*path=)(\/[^;]*)/i,
    (_, attribute: string, path: string) => attribute + pathBefore(prefix, path),
  )
}
