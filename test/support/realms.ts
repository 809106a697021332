import { type CookieScope, createRealms, type Realms } from '../../src/session/realms.ts'

/** One realm for all hosts. */
export const oneRealm = (scope: CookieScope): Realms => {
  const home = { name: '', scope }
  return { home, of: () => home }
}

/** The realms of some hosts; a test that gives impossible ones is wrong. */
export function realmsOf(portal: URL, hosts: readonly string[], wanted?: string): Realms {
  const result = createRealms(portal, hosts, wanted)
  if (!result.ok) throw new Error(result.message)
  return result.realms
}
