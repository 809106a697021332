import { remembering } from '../base/memo.ts'

/** A host as a browser names it. */
export interface HostAndPort {
  /** Lower case; an IPv6 address keeps its brackets. */
  host: string
  port: number | undefined
}

const HOST = /^([a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9.])?|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?$/i

/**
 * Reads a Host value: one plain ASCII name or address, and perhaps a port.
 *
 * @returns `undefined` for anything else: lists, user info, paths, bytes that some server maps to dots.
 */
export const parseHost = remembering(1_000, (text): Readonly<HostAndPort> | undefined => {
  const [, host, port] = HOST.exec(text) ?? []
  if (host === undefined || Number(port ?? 0) > 65_535) return undefined
  // Whoever asks again is shown the same one.
  return Object.freeze({
    host: host.toLowerCase(),
    port: port === undefined ? undefined : Number(port),
  })
})
