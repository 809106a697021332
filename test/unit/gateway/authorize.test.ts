import { describe, expect, it } from 'vitest'
import { createCorridor } from '../../../src/gateway/authorize.ts'
import { gatewayConfig } from '../../../src/gateway/config.ts'
import { compileRoutes } from '../../../src/gateway/routes.ts'
import type { SignedIn } from '../../../src/model/session.ts'
import { aSession, aUser } from '../../support/builders.ts'
import { stillClock } from '../../support/still-clock.ts'

const routes = compileRoutes(
  gatewayConfig.routes.parse([
    {
      host: 'app.gw.test',
      rules: [
        { name: 'public', paths: ['/public/**'], require: 'bypass' },
        { name: 'admin', paths: ['/admin/**'], require: 'two_factor', groups: ['admins'] },
        { name: 'rest', require: 'one_factor' },
      ],
    },
    {
      host: 'files.gw.test',
      rules: [
        { name: 'shared', paths: ['/Shared/**'], require: 'bypass' },
        { name: 'rest', require: 'one_factor' },
      ],
    },
    { host: 'plain.gw.test', rules: [{ require: 'one_factor', max_age: '1h' }] },
    { host: 'auth.gw.test', rules: [{ require: 'bypass' }] },
  ]),
  new URL('https://auth.gw.test:8443/portal/'),
)

const alice: SignedIn = { user: aUser(), session: aSession({ aal: 2 }) }
let reads = 0
const corridor = createCorridor({
  routes,
  clock: stillClock(alice.session.authenticatedAt),
  sessions: {
    read: (token) => {
      reads += 1
      return token === 'alice' ? alice : undefined
    },
    peek: (token) => (token === 'alice' ? alice : undefined),
  },
})

const asked = (given: Partial<Parameters<typeof corridor.authorize>[0]> = {}) => ({
  method: 'GET',
  host: 'app.gw.test',
  port: 8443,
  rawPath: '/',
  address: '192.0.2.1',
  sessionToken: undefined,
  ...given,
})
const said = (given: Parameters<typeof asked>[0]): string => {
  const decision = corridor.authorize(asked(given))
  return `${decision.kind} ${decision.kind === 'no_route' ? decision.reason : decision.rule}`
}

describe('the corridor', () => {
  it.each([
    [{ rawPath: '/public/a' }, 'allow public'],
    [{ rawPath: '/%70ublic/a' }, 'allow public'],
    // A server that folds case would read another path than the rules do.
    [{ rawPath: '/ADMIN/x', sessionToken: 'alice' }, 'no_route ambiguous_path'],
    [{ rawPath: '/Public/a' }, 'no_route ambiguous_path'],
    [{ rawPath: '/public/ADMIN' }, 'allow public'],
    [{ rawPath: '/Other/A', sessionToken: 'alice' }, 'allow rest'],
    [{ host: 'files.gw.test', rawPath: '/Shared/A' }, 'allow shared'],
    [{ host: 'files.gw.test', rawPath: '/shared/a' }, 'no_route ambiguous_path'],
    [{ host: 'files.gw.test', rawPath: '/a', sessionToken: 'alice' }, 'allow rest'],
    [{ rawPath: '/admin./x', sessionToken: 'alice' }, 'no_route ambiguous_path'],
    [{}, 'authenticate rest'],
    [{ sessionToken: 'alice' }, 'allow rest'],
    [{ sessionToken: 'mallory' }, 'authenticate rest'],
    [{ sessionToken: 'alice', rawPath: '/admin' }, 'deny admin'],
    // Where all readings fall under one rule, the spelling does not matter.
    [{ rawPath: '/public//a' }, 'allow public'],
    [{ rawPath: '/public/a;b=c' }, 'allow public'],
    [{ rawPath: '/public;/../admin' }, 'no_route ambiguous_path'],
    [{ rawPath: '/public/..;/admin' }, 'no_route ambiguous_path'],
    [{ rawPath: '//public/a' }, 'no_route ambiguous_path'],
    [{ rawPath: '/admin;x/y' }, 'no_route ambiguous_path'],
    [{ rawPath: '/admin%3F/../public' }, 'no_route ambiguous_path'],
    [{ host: 'evil.test' }, 'no_route unknown_host'],
    [{ host: 'app.gw.test.' }, 'no_route unknown_host'],
    [{ port: undefined }, 'no_route unknown_host'],
    [{ port: 443 }, 'no_route unknown_host'],
    // No rule of this route looks at paths: none can mislead it.
    [{ host: 'plain.gw.test', rawPath: '/a%2f..//b' }, 'authenticate rule 1'],
    [{ host: 'constructor' }, 'no_route unknown_host'],
  ])('says of %j: %s', (given, expected) => {
    expect(said(given)).toBe(expected)
  })

  it('leaves no trace in a session when it looks again', () => {
    const before = reads
    expect(corridor.reconsider(asked({ sessionToken: 'alice' })).kind).toBe('allow')
    expect(reads).toBe(before)
  })

  it('says what a page takes', () => {
    const page = (host: string, rawPath: string) =>
      corridor.requirementOf({ method: 'GET', host, port: 8443, rawPath, address: '' })
    expect(page('app.gw.test', '/admin/x')).toEqual({ aal: 2, phishingResistant: false })
    expect(page('plain.gw.test', '/')).toMatchObject({ aal: 1, maxAgeSeconds: 3600 })
    expect(page('app.gw.test', '/public/x')).toBeUndefined()
    expect(page('evil.test', '/')).toBeUndefined()
  })
})

it('knows the portal by host and port, and routes by their origin', () => {
  expect(routes.isPortal({ host: 'auth.gw.test', port: 8443 })).toBe(true)
  expect(routes.isPortal({ host: 'auth.gw.test', port: undefined })).toBe(false)
  expect(routes.all[0]?.origin).toBe('https://app.gw.test:8443')
})
