import { isIP } from 'node:net'
import { getPublicSuffix } from 'tldts'
import { isWithin } from '../session/realms.ts'
import type { Config } from './schema.ts'

/**
 * Finds a domain of passkeys that no browser would take at the portal's host.
 *
 * @see WebAuthn Level 3, section 5.1.3, step 8 (effective domain and RP ID)
 */
export function misplacedPasskeys({ portal, factors }: Pick<Config, 'portal' | 'factors'>) {
  const { passkey } = factors
  if (!passkey) return []
  const { hostname } = portal.url
  const fault = (key: string[], message: string) => [
    { path: ['factors', 'passkey', ...key], message },
  ]
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) {
    return fault([], `passkeys need a name, and the portal stands at the address ${hostname}`)
  }
  const { rp_id: id } = passkey
  if (id === undefined || id === hostname) return []
  if (!isWithin(hostname, id))
    return fault(['rp_id'], `the portal ${hostname} does not lie under ${id}`)
  if (getPublicSuffix(id, { allowPrivateDomains: true }) !== id) return []
  return fault(['rp_id'], `${id} is shared by strangers (Public Suffix List): browsers refuse it`)
}
