import { remembering } from '../base/memo.ts'
import type { DoorCookies } from '../session/cookie.ts'
import type { HeaderLine } from './request.ts'

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The same few names come over and over. */
const lowerCase = remembering(1_000, (name) => name.toLowerCase())

/** Says of an answer how long it may be kept, and by whom. */
const SAYS_WHO_KEEPS_IT = new Set(['cache-control', 'expires', 'pragma'])

/**
 * Keeps an answer to somebody from being handed to somebody else by a cache in front: where the
 * application says nothing, some caches choose for themselves.
 */
export const privately = (headers: readonly HeaderLine[]): readonly HeaderLine[] =>
  headers.some(([name]) => SAYS_WHO_KEEPS_IT.has(lowerCase(name)))
    ? headers
    : [...headers, ['Cache-Control', 'private']]

/**
 * What of an application's answer goes to the client: not what belongs to the connection, and no
 * cookie under a name of ours, by which it could sign people in or out.
 */
export function clientHeaders(
  headers: readonly HeaderLine[],
  cookies: Pick<DoorCookies, 'isOurs'>,
): HeaderLine[] {
  let named: Set<string> | undefined
  for (const [name, value] of headers) {
    if (lowerCase(name) !== 'connection' || /^(?:keep-alive|close)$/i.test(value)) continue
    named ??= new Set()
    for (const token of value.split(',')) named.add(token.trim().toLowerCase())
  }
  return headers.filter(([name, value]) => {
    const lower = lowerCase(name)
    if (lower === 'set-cookie') return !cookies.isOurs(value)
    if (HOP_BY_HOP.has(lower)) return false
    return !named?.has(lower) || lower === 'content-length'
  })
}
