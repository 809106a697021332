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
    {
      host: 'query.gw.test',
      rules: [
        {
          name: 'delete',
          query: [{ name: 'action', is: ['delete'] }],
          require: 'two_factor',
          amr: ['hwk'],
        },
        { name: 'ids', patterns: ['^/[a-z]+/[0-9]+$'], require: 'bypass' },
        { name: 'rest', require: 'one_factor' },
      ],
    },
    {
      host: 'bare.gw.test',
      rules: [
        {
          name: 'delete',
          query: [{ name: 'action', is: ['delete'] }],
          require: 'phishing_resistant',
        },
        { name: 'rest', require: 'one_factor' },
      ],
    },
    {
      host: 'trial.gw.test',
      rules: [
        { name: 'closed', paths: ['/Admin/**'], require: 'deny', mode: 'report' },
        { name: 'strong', require: 'phishing_resistant', mode: 'report' },
        { name: 'rest', require: 'one_factor' },
        { name: 'late', require: 'deny', mode: 'report' },
      ],
    },
    {
      hosts: ['*.apps.gw.test', 'apps.gw.test', 'www.gw.test'],
      name: 'Apps',
      rules: [{ name: 'apps', require: 'one_factor' }],
    },
    { host: 'own.apps.gw.test', rules: [{ name: 'own', require: 'bypass' }] },
    { host: '*.gw.test', rules: [{ name: 'any', networks: ['office'], require: 'bypass' }] },
  ]),
  {
    portal: new URL('https://auth.gw.test:8443/portal/'),
    networks: { office: ['192.0.2.0/24', '2001:db8::/32'] },
  },
)
const reported: string[] = []

const alice: SignedIn = { user: aUser(), session: aSession({ aal: 2 }) }
let reads = 0
const corridor = createCorridor({
  routes,
  realmOf: () => '',
  reports: {
    note: ({ rawPath }, { host }, { rule: decidedBy }, reports) => {
      for (const { rule, would } of reports) {
        reported.push(`${host}${rawPath} ${rule}: ${would}, not ${decidedBy}`)
      }
    },
  },
  meters: { decided: () => undefined },
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
  target: given.target ?? given.rawPath ?? '/',
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
    // A name of its own beats a wildcard, which stands for one label.
    [{ host: 'own.apps.gw.test' }, 'allow own'],
    [{ host: 'any.apps.gw.test' }, 'authenticate apps'],
    [{ host: 'apps.gw.test' }, 'authenticate apps'],
    [{ host: 'www.gw.test' }, 'authenticate apps'],
    [{ host: 'a.any.apps.gw.test' }, 'no_route unknown_host'],
    [{ host: '.apps.gw.test' }, 'no_route unknown_host'],
    [{ host: '*.apps.gw.test' }, 'no_route unknown_host'],
    [{ host: 'apps.gw.test.evil.test' }, 'no_route unknown_host'],
    [{ host: 'any.gw.test' }, 'allow any'],
    [{ host: 'any.gw.test', address: '2001:db8::7' }, 'allow any'],
    [{ host: 'any.gw.test', address: '198.51.100.1' }, 'deny none'],
    // The query decides, unless it depends on who reads it.
    [{ host: 'query.gw.test', target: '/?action=delete' }, 'authenticate delete'],
    [
      { host: 'query.gw.test', target: '/?action=delete', sessionToken: 'alice' },
      'authenticate delete',
    ],
    [{ host: 'query.gw.test', target: '/?action=view', sessionToken: 'alice' }, 'allow rest'],
    [
      { host: 'query.gw.test', target: '/?action=view&action=delete', sessionToken: 'alice' },
      'no_route ambiguous_query',
    ],
    [
      { host: 'query.gw.test', target: '/?%61ction=delete', sessionToken: 'alice' },
      'no_route ambiguous_query',
    ],
    // Some servers decode a path first, and then look for a query in it.
    [
      { host: 'bare.gw.test', rawPath: '/a%3faction=delete', sessionToken: 'alice' },
      'no_route ambiguous_query',
    ],
    [
      { host: 'bare.gw.test', rawPath: '/a%3Fx%26action%3Ddelete', sessionToken: 'alice' },
      'no_route ambiguous_query',
    ],
    [
      { host: 'bare.gw.test', rawPath: '/%ff%3Faction%3Ddelete', sessionToken: 'alice' },
      'no_route ambiguous_query',
    ],
    [
      { host: 'bare.gw.test', rawPath: '/a%253faction=delete', sessionToken: 'alice' },
      'no_route ambiguous_query',
    ],
    [
      {
        host: 'bare.gw.test',
        rawPath: '/a%3faction=view',
        target: '/a%3faction=view?action=delete',
        sessionToken: 'alice',
      },
      'no_route ambiguous_query',
    ],
    [{ host: 'bare.gw.test', rawPath: '/What%3F', sessionToken: 'alice' }, 'allow rest'],
    [
      { host: 'bare.gw.test', rawPath: '/What%3F', target: '/What%3F?action=delete' },
      'authenticate delete',
    ],
    // Patterns know the same readings as globs.
    [{ host: 'query.gw.test', rawPath: '/item/7' }, 'allow ids'],
    [{ host: 'query.gw.test', rawPath: '/item/7/' }, 'allow ids'],
    [{ host: 'query.gw.test', rawPath: '/%69tem/7' }, 'allow ids'],
    [{ host: 'query.gw.test', rawPath: '/item/7/x' }, 'authenticate rest'],
    [{ host: 'query.gw.test', rawPath: '/ITEM/7' }, 'no_route ambiguous_path'],
    [{ host: 'query.gw.test', rawPath: '/item//7' }, 'no_route ambiguous_path'],
    [{ host: 'query.gw.test', rawPath: '/item/7;x' }, 'no_route ambiguous_path'],
    [{ host: 'query.gw.test', rawPath: '/x/../item/7' }, 'no_route ambiguous_path'],
    [{ host: 'query.gw.test', rawPath: '/\u{ff49}tem/7' }, 'no_route ambiguous_path'],
    // A rule that only reports closes nothing, and no path is ambiguous for its sake.
    [{ host: 'trial.gw.test', rawPath: '/Admin/x', sessionToken: 'alice' }, 'allow rest'],
    [{ host: 'trial.gw.test', rawPath: '/x/..%2fadmin', sessionToken: 'alice' }, 'allow rest'],
  ])('says of %j: %s', (given, expected) => {
    expect(said(given)).toBe(expected)
  })

  it('leaves no trace in a session when it looks again', () => {
    const before = reads
    expect(corridor.reconsider(asked({ sessionToken: 'alice' })).kind).toBe('allow')
    expect(reads).toBe(before)
  })

  it('says what a page takes', () => {
    const page = (host: string, rawPath: string) => corridor.requirementOf(asked({ host, rawPath }))
    expect(page('app.gw.test', '/admin/x')).toEqual({ aal: 2, phishingResistant: false })
    expect(page('plain.gw.test', '/')).toMatchObject({ aal: 1, maxAgeSeconds: 3600 })
    expect(page('app.gw.test', '/public/x')).toBeUndefined()
    expect(page('evil.test', '/')).toBeUndefined()
  })
})

it('tells what rules under trial would have decided, before the one that did, once a request', () => {
  reported.length = 0
  const visit = { host: 'trial.gw.test', sessionToken: 'alice' }
  corridor.authorize(asked({ ...visit, rawPath: '/Admin/x' }))
  corridor.authorize(asked(visit))
  corridor.reconsider(asked(visit))
  corridor.requirementOf(asked(visit))
  expect(reported).toEqual([
    'trial.gw.test/Admin/x closed: deny, not rest',
    'trial.gw.test/Admin/x strong: authenticate, not rest',
    'trial.gw.test/ strong: authenticate, not rest',
  ])
})

describe('routes', () => {
  it('are for exactly the host that was asked for, also behind a wildcard', () => {
    expect(routes.find({ host: 'x.apps.gw.test', port: 8443 })).toMatchObject({
      host: 'x.apps.gw.test',
      authority: 'x.apps.gw.test:8443',
      origin: 'https://x.apps.gw.test:8443',
      pattern: '*.apps.gw.test',
      name: 'Apps',
    })
    expect(routes.find({ host: 'x.gw.test', port: 8443 })?.name).toBe('x.gw.test')
  })

  it('are known beforehand where they have no wildcard', () => {
    const known = routes.known.map(({ host }) => host)
    expect(known).toContain('www.gw.test')
    expect(known.filter((host) => host.includes('*'))).toEqual([])
    expect(routes.all.map(({ host }) => host)).toContain('*.apps.gw.test')
  })

  it.each([
    ['https://app.gw.test:8443', true],
    ['https://x.apps.gw.test:8443', true],
    ['https://X.apps.gw.test:8443', false],
    ['https://*.apps.gw.test:8443', false],
    ['https://a.b.apps.gw.test:8443', false],
    ['https://x.apps.gw.test', false],
    ['http://x.apps.gw.test:8443', false],
    ['https://x.apps.gw.test:8443/', false],
    ['https://x.apps.gw.test:08443', false],
    ['https://evil.test#.apps.gw.test:8443', false],
    ['https://evil.test/.apps.gw.test:8443', false],
    ['https://user@x.apps.gw.test:8443', false],
    ['javascript:alert(1)', false],
    ['', false],
  ])('know %s for the origin of one: %s', (origin, expected) => {
    expect(routes.hasOrigin(origin)).toBe(expected)
  })

  it('leave the host of a portal alone that has no other path', () => {
    const config = gatewayConfig.routes.parse([
      { host: '*.gw.test', rules: [{ require: 'bypass' }] },
    ])
    const wild = compileRoutes(config, { portal: new URL('https://auth.gw.test/') })
    expect(wild.find({ host: 'auth.gw.test', port: undefined })).toBeUndefined()
    expect(wild.find({ host: 'any.gw.test', port: 443 })?.origin).toBe('https://any.gw.test')
  })
})

it('knows the portal by host and port, and routes by their origin', () => {
  expect(routes.isPortal({ host: 'auth.gw.test', port: 8443 })).toBe(true)
  expect(routes.isPortal({ host: 'auth.gw.test', port: undefined })).toBe(false)
  expect(routes.all[0]?.origin).toBe('https://app.gw.test:8443')
})
