import { isIP } from 'node:net'
import { sourceOf } from '../base/net.ts'
import type { Place } from './contract.ts'

/**
 * The network that an address belongs to: that of one operator where a database tells, else the first
 * half of an IPv4 address or the first quarter of an IPv6 one.
 *
 * @returns `undefined` for whatever is no address.
 */
export function networkOf(address: string, place: Place | undefined): string | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  if (place?.autonomousSystem !== undefined) return `as ${place.autonomousSystem}`
  return version === 4
    ? address.split('.').slice(0, 2).join('.')
    : sourceOf(address).split(':').slice(0, 2).join(':')
}
