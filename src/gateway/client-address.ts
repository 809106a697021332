import { canonicalAddress, type Networks } from '../base/net.ts'

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
