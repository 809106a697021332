import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeAuthority } from '../../support/certificates.ts'
import { faultsIn, LEAST, load, placesOf } from './files.ts'

const places = (listen: string, rest = '') =>
  load(`${LEAST}listen: ${listen}\n${rest}`).config.listen.map(({ address }) => address)
const faults = (listen: string) => faultsIn(`${LEAST}listen: ${listen}\n`).map(({ path }) => path)

describe('where the gateway listens', () => {
  it('is written as one address, as a section, or as a list of both', () => {
    const any = { host: '0.0.0.0', port: 80 }
    expect(places(':80')).toEqual([any])
    expect(places('{ address: ":80" }')).toEqual([any])
    expect(places('[":80", { address: "[::1]:443" }]')).toEqual([any, { host: '::1', port: 443 }])
    expect(places('unix:/run/gatehouse.sock')).toEqual([{ path: '/run/gatehouse.sock' }])
  })

  it('may come from the environment, one or several', () => {
    const from = (GATEHOUSE_LISTEN: string) =>
      load(LEAST, { GATEHOUSE_LISTEN }).config.listen.map(({ address }) => address)
    expect(from('127.0.0.1:80')).toEqual([{ host: '127.0.0.1', port: 80 }])
    expect(from('127.0.0.1:80, unix:/run/g.sock')).toEqual([
      { host: '127.0.0.1', port: 80 },
      { path: '/run/g.sock' },
    ])
    expect(placesOf(faultsIn(LEAST, { GATEHOUSE_LISTEN: 'nowhere' }))).toEqual([
      'GATEHOUSE_LISTEN listen',
    ])
  })

  it.each([
    ['nowhere', 'listen'],
    ['[]', 'listen'],
    ['[nowhere]', 'listen[0].address'],
    ['unix:run/gatehouse.sock', 'listen'],
    [`unix:/${'x'.repeat(108)}`, 'listen'],
    ['[":80", ":80"]', 'listen[1].address'],
    ['[{ adress: ":80" }]', 'listen[0].address'],
    ['[{ address: unix:/a, mode: 660 }]', 'listen[0].mode'],
    ['[{ address: unix:/a, mode: "999" }]', 'listen[0].mode'],
    ['[{ address: ":443", tls: [] }]', 'listen[0].tls'],
    [
      '[{ address: ":80", redirect_to_https: true, tls: [{ certificate: a, key: b }] }]',
      'listen[0].redirect_to_https',
    ],
  ])('cannot be %s', (listen, place) => {
    expect(faults(listen)).toContain(place)
  })

  it('may have several doors on any free port', () => {
    expect(faults('["127.0.0.1:0", "127.0.0.1:0"]')).toEqual([])
  })
})

describe('a door with TLS', () => {
  const door = (certificate: string, key: string) =>
    `${LEAST}listen:\n  - address: :443\n    tls:\n      - certificate: ${certificate}\n        key: ${key}\n`

  it('has files that cannot be used told with their lines', () => {
    const authority = makeAuthority()
    onTestFinished(authority.remove)
    const [one, two] = [authority.issue(['a.test']), authority.issue(['b.test'])]
    const missing = join(authority.folder, 'missing.pem')
    expect(faultsIn(door(one.certificate, one.key))).toEqual([])
    expect(placesOf(faultsIn(door(missing, one.key)))).toEqual(['5 listen[0].tls[0].certificate'])
    expect(placesOf(faultsIn(door(one.key, one.key)))).toEqual(['5 listen[0].tls[0].certificate'])
    expect(placesOf(faultsIn(door(one.certificate, missing)))).toEqual(['6 listen[0].tls[0].key'])
    expect(placesOf(faultsIn(door(one.certificate, two.key)))).toEqual(['6 listen[0].tls[0].key'])
  })

  it('is looked after: its files belong to what is watched', () => {
    const authority = makeAuthority()
    onTestFinished(authority.remove)
    const { certificate, key } = authority.issue(['a.test'])
    expect(load(door(certificate, key)).files).toEqual(expect.arrayContaining([certificate, key]))
  })
})

describe('it is warned about', () => {
  const warned = (listen: string, rest = '') =>
    load(`${LEAST}listen: ${listen}\n${rest}`).warnings.map(({ path }) => path)

  it('a door to which no proxy may come', () => {
    const proxied = '[{ address: ":80", proxy_protocol: true }]'
    expect(warned(proxied)).toEqual(['listen[0].proxy_protocol'])
    expect(warned(proxied, 'trusted_proxies: [10.0.0.2]')).toEqual([])
    const unix = '[{ address: unix:/a, proxy_protocol: true }]'
    expect(warned(unix, 'trusted_proxies: [10.0.0.2]')).toEqual(['listen[0].proxy_protocol'])
  })

  it('a socket over which nobody has an address', () => {
    expect(warned('unix:/a')).toEqual(['listen[0].address'])
    expect(warned('unix:/a', 'trusted_proxies: [unix]')).toEqual([])
  })
})
