import { isIP, SocketAddress } from 'node:net'
import { type Networks, plainAddress } from '../base/net.ts'

/**
 * Finds the client behind trusted proxies: from the right end of `X-Forwarded-For`, past every hop
 * that is trusted. What stands further left, anybody may have written. A malformed entry stops the
 * walk at the last address that is known to be true.
 *
 * @param peer The address at the other end of the socket, which is trusted.
 * @param forwardedFor The raw header; may be absent or hostile.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  trusted: Networks,
): string {
  if (forwardedFor === undefined) return peer
  let known = peer
  for (const entry of forwardedFor.split(',').reverse()) {
    const address = canonicalAddress(entry.replace(/^[ \t]+|[ \t]+$/g, ''))
    if (address === undefined) return known
    known = address
    if (!trusted.has(address)) return known
  }
  return known
}

/** One spelling an address, so that no rule is dodged by another one; `undefined` when it is none. */
function canonicalAddress(text: string): string | undefined {
  const version = isIP(text)
  if (version === 4) return text
  // A zone (`fe80::1%eth0`) names an interface of some other machine.
  if (version === 0 || text.includes('%')) return undefined
  return plainAddress(new SocketAddress({ address: text, family: 'ipv6' }).address)
}
