import { type HostAndPort, parseHost } from './host.ts'

/** A request target in origin form, taken apart but not decoded. */
export interface Target {
  target: string
  /** Up to the `?`. */
  rawPath: string
}

// Printable ASCII. No `#`, which some server cuts at; no `\` in the path, which some server turns
// around. In a query browsers do send `\` as it is, and nothing is decided by a query.
const TARGET = /^\/[\x21\x22\x24-\x3e\x40-\x5b\x5d-\x7e]*(?:\?[\x21\x22\x24-\x7e]*)?$/

/** @returns `undefined` for absolute, authority and asterisk form, and for bytes that no URL has. */
export function parseTarget(target: string): Target | undefined {
  if (!TARGET.test(target)) return undefined
  const end = target.indexOf('?')
  return { target, rawPath: end < 0 ? target : target.slice(0, end) }
}

/** Cuts an absolute address into scheme, authority and target; nothing of it is looked at yet. */
export function splitUrl(url: string): [whole: string, ...parts: string[]] | undefined {
  const [whole, ...parts] = /^([a-z]+):\/\/([^/?#\\@]*)((?:[/?].*)?)$/.exec(url) ?? []
  return whole === undefined ? undefined : [whole, ...parts]
}

/** Takes the address of a page apart without decoding anything; `undefined` when it is none. */
export function parseUrl(url: string): (HostAndPort & Target) | undefined {
  const [, , authority, rest] = splitUrl(url.replace(/#.*$/, '')) ?? []
  const host = parseHost(authority ?? '')
  // A browser asks for `/` where the address ends with the host.
  const target = parseTarget(rest?.startsWith('/') ? rest : `/${rest ?? ''}`)
  return host && target ? { ...host, ...target } : undefined
}
