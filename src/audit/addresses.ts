import { networkOf } from '../base/net.ts'
import type { PrivacyConfig } from './config.ts'
import type { Sink } from './record.ts'

/** What is written down of an address. */
export type AddressForm = PrivacyConfig['addresses']

/** @returns The address as it may be written down; `''` for none. */
export function writtenAddress(address: string, form: AddressForm): string {
  if (form === 'full') return address
  return form === 'cut' ? networkOf(address) : ''
}

/** Lets a sink hear no more of addresses than may be written down. */
export const withAddresses =
  (form: AddressForm, sink: Sink): Sink =>
  ({ address, ...event }) => {
    const written = address === undefined ? '' : writtenAddress(address, form)
    sink(written === '' ? event : { ...event, address: written })
  }
