import { describe, expect, it } from 'vitest'
import { createRealms } from '../../../src/session/realms.ts'

type Case = [portal: string, hosts: string[], wanted: string | undefined, expected: object]

const found = (portal: string, hosts: string[], wanted?: string) => {
  const result = createRealms(new URL(portal), hosts, wanted)
  if (!result.ok) return result.message
  const { realms } = result
  const written = ({ name, scope }: typeof realms.home) =>
    `${name} ${scope.kind === 'host' ? 'host' : scope.domain}`.trim()
  return Object.fromEntries([
    ['home', written(realms.home)],
    ...hosts.map((host) => [host, written(realms.of(host))]),
  ])
}

describe('the realms', () => {
  it.each<Case>([
    ['https://auth.example.com', [], undefined, { home: 'host' }],
    [
      'https://example.com/.gatehouse/',
      ['example.com'],
      undefined,
      { home: 'host', 'example.com': 'host' },
    ],
    [
      'https://auth.example.com',
      ['wiki.example.com'],
      undefined,
      { home: 'example.com', 'wiki.example.com': 'example.com' },
    ],
    [
      'https://auth.corp.example.com',
      ['wiki.corp.example.com', 'a.b.corp.example.com'],
      undefined,
      {
        home: 'corp.example.com',
        'wiki.corp.example.com': 'corp.example.com',
        'a.b.corp.example.com': 'corp.example.com',
      },
    ],
    [
      'https://auth.corp.example.com',
      ['wiki.corp.example.com'],
      'example.com',
      { home: 'example.com', 'wiki.corp.example.com': 'example.com' },
    ],
    [
      'https://auth.example.com',
      ['wiki.example.com', 'app.other.org', 'a.third.net', 'b.c.third.net'],
      undefined,
      {
        home: 'example.com',
        'wiki.example.com': 'example.com',
        'app.other.org': 'app.other.org host',
        'a.third.net': 'third.net third.net',
        'b.c.third.net': 'third.net third.net',
      },
    ],
    // Neighbors on a suffix that is shared by strangers are strangers to each other.
    [
      'https://auth.github.io',
      ['wiki.github.io'],
      undefined,
      { home: 'host', 'wiki.github.io': 'wiki.github.io host' },
    ],
    [
      'https://auth.example.co.uk',
      ['other.co.uk'],
      undefined,
      { home: 'host', 'other.co.uk': 'other.co.uk host' },
    ],
    ['https://10.0.0.1', ['10.0.0.2'], undefined, { home: 'host', '10.0.0.2': '10.0.0.2 host' }],
    [
      'http://localhost:9091/.gatehouse/',
      ['localhost', 'app.localhost'],
      undefined,
      { home: 'host', localhost: 'host', 'app.localhost': 'app.localhost host' },
    ],
    // A cookie for example.com would reach the portal's own hosts too.
    [
      'https://auth.corp.example.com',
      ['wiki.corp.example.com', 'www.example.com', 'shop.example.com'],
      'corp.example.com',
      {
        home: 'corp.example.com',
        'wiki.corp.example.com': 'corp.example.com',
        'www.example.com': 'www.example.com host',
        'shop.example.com': 'shop.example.com host',
      },
    ],
    [
      'https://auth.example.com',
      ['*.example.com', '*.other.org'],
      undefined,
      { home: 'example.com', '*.example.com': 'example.com', '*.other.org': 'other.org other.org' },
    ],
  ])('of %s with %j and %j are %j', (portal, hosts, wanted, expected) => {
    expect(found(portal, hosts, wanted)).toEqual(expected)
  })

  it.each(['xample.com', 'wiki.example.com'])('cannot leave out the portal: %s', (wanted) => {
    expect(found('https://auth.example.com', [], wanted)).toContain('does not lie under')
  })

  it('of a wildcard are those of every host below it', () => {
    const result = createRealms(new URL('https://auth.example.com'), ['*.other.org'])
    const { of } = result.ok ? result.realms : { of: () => undefined }
    expect(of('blog.other.org')?.name).toBe('other.org')
    expect(of('a.b.other.org')?.name).toBe('')
  })
})
