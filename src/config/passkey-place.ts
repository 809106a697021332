import { isIP } from 'node:net'
import { getPublicSuffix } from 'tldts'
import { isWithin } from '../session/realms.ts'
import type { Config } from './schema.ts'

/**
 * Finds a domain of passkeys that no browser would take at the portal's host, or at an application's.
 *
 * @see WebAuthn Level 3, section 5.1.3, step 8 (effective domain and RP ID)
 */
export function misplacedPasskeys(config: Pick<Config, 'portal' | 'factors' | 'api'>) {
  return [...atThePortal(config), ...(config.api?.applications ?? []).flatMap(atAnApplication)]
}

type Application = NonNullable<Config['api']>['applications'][number]

/** Finds one that no browser would take on any page of the application. */
function atAnApplication({ passkey }: Application, index: number) {
  if (!passkey) return []
  const { rp_id: id, origins } = passkey
  const path = ['api', 'applications', index, 'passkey', 'rp_id']
  const fault = (message: string) => [{ path, message }]
  if (isIP(id) !== 0) return fault('passkeys need a name, and this is an address')
  const hosts = origins.filter((it) => it.startsWith('http')).map((it) => new URL(it).hostname)
  if (hosts.includes(id)) return []
  if (hosts.length > 0 && !hosts.some((host) => isWithin(host, id))) {
    return fault(`none of its origins lies under ${id}`)
  }
  return isSharedByStrangers(id) ? fault(sharedByStrangers(id)) : []
}

const isSharedByStrangers = (id: string) =>
  getPublicSuffix(id, { allowPrivateDomains: true }) === id
const sharedByStrangers = (id: string) =>
  `${id} is shared by strangers (Public Suffix List): browsers refuse it`

function atThePortal({ portal, factors }: Pick<Config, 'portal' | 'factors'>) {
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
  return isSharedByStrangers(id) ? fault(['rp_id'], sharedByStrangers(id)) : []
}
