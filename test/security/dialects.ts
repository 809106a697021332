import type { HeaderLine } from '../../src/gateway/request.ts'
import type { RawAnswer } from '../support/raw.ts'

/** The two ways in which proxies ask; each has its endpoint, its headers and its statuses. */
export const DIALECTS = ['forward-auth', 'auth-request'] as const

export type Dialect = (typeof DIALECTS)[number]

export const verifyPath = (dialect: Dialect): string => `/api/authz/${dialect}`

const CONTEXT = /^X-Forwarded-(Method|Proto|Host|Uri)$/

/** The same question in another dialect; cases are written down as forward-auth. */
export function inDialect(dialect: Dialect, headers: readonly HeaderLine[]): HeaderLine[] {
  if (dialect === 'forward-auth') return [...headers]
  return [...contextOf(headers), ...headers.filter(([name]) => !CONTEXT.test(name))]
}

/** What stands twice among the one family stands twice among the other. */
function contextOf(headers: readonly HeaderLine[]): HeaderLine[] {
  const told = (name: string) =>
    headers.filter(([other]) => other === `X-Forwarded-${name}`).map(([, value]) => value)
  const [methods = [], ...parts] = ['Method', 'Proto', 'Host', 'Uri'].map(told)
  const asksByUrl = parts.every((values) => values.length === 0)
  const count = Math.max(...parts.map((values) => values.length))
  const part = (values: readonly string[], at: number) => values[at] ?? values[0] ?? ''
  const urls = Array.from({ length: count }, (_, at) => {
    const [proto, host, uri] = parts.map((values) => part(values, at))
    return `${proto}://${host}${uri}`
  })
  return [
    ...(asksByUrl ? ['GET'] : methods).map((value): HeaderLine => ['X-Original-Method', value]),
    ...urls.map((value): HeaderLine => ['X-Original-URL', value]),
  ]
}

/** The same for a whole message without a body. */
export function messageInDialect(dialect: Dialect, message: string): string {
  const [requestLine = '', ...lines] = message.trimEnd().split('\r\n')
  const headers = lines.map((line): HeaderLine => {
    const [name = '', ...value] = line.split(': ')
    return [name, value.join(': ')]
  })
  const asked = inDialect(dialect, headers).map(([name, value]) => `${name}: ${value}`)
  return `${[requestLine, ...asked].join('\r\n')}\r\n\r\n`
}

/**
 * nginx takes every answer but 2xx, 401 and 403 for a fault of ours: there a redirect is a 401, and
 * a question that makes no sense is a 403. What is no HTTP at all is refused without being looked at.
 */
export function statusesIn(
  dialect: Dialect,
  statuses: readonly number[],
  answer: Pick<RawAnswer, 'all'>,
): number[] {
  if (dialect === 'forward-auth') return [...statuses]
  const isUnread = answer.all('content-type').length === 0
  const spoken = new Map([[302, 401], [303, 401], ...(isUnread ? [] : [[400, 403] as const])])
  return statuses.map((status) => spoken.get(status) ?? status)
}
