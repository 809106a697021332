import type { HeaderLine } from '../../src/gateway/request.ts'

/** The two ways in which proxies ask; each has its endpoint, its headers and its statuses. */
export const DIALECTS = ['forward-auth', 'auth-request'] as const

export type Dialect = (typeof DIALECTS)[number]

export const verifyPath = (dialect: Dialect): string => `/api/authz/${dialect}`

/** The same question in another dialect; cases are written down as forward-auth. */
export function inDialect(dialect: Dialect, headers: readonly HeaderLine[]): HeaderLine[] {
  if (dialect === 'forward-auth') return [...headers]
  const told = (name: string) => headers.find(([other]) => other === `X-Forwarded-${name}`)?.[1]
  const [method, proto, host, uri] = ['Method', 'Proto', 'Host', 'Uri'].map(told)
  const others = headers.filter(([name]) => !/^X-Forwarded-(Method|Proto|Host|Uri)$/.test(name))
  return [
    ['X-Original-Method', method ?? ''],
    ['X-Original-URL', `${proto ?? ''}://${host ?? ''}${uri ?? ''}`],
    ...others,
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
 * a question that makes no sense is a 403.
 */
export function statusesIn(dialect: Dialect, statuses: readonly number[]): number[] {
  if (dialect === 'forward-auth') return [...statuses]
  const spoken = new Map([
    [302, 401],
    [303, 401],
    [400, 403],
  ])
  return statuses.map((status) => spoken.get(status) ?? status)
}
