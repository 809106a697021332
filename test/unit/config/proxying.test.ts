import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { makeAuthority } from '../../support/certificates.ts'
import { aConfigFile, aFolder, faultsIn, LEAST, load, placesOf } from './files.ts'

const route = (upstream: string, proxy: string, more = '') =>
  `${LEAST}routes:\n  - host: wiki.example.com\n    upstream: ${upstream}\n    proxy: ${proxy}\n    rules: [{ require: bypass }]\n${more}`
const faultsOf = (proxy: string, upstream = 'http://127.0.0.1:3000') =>
  faultsIn(route(upstream, proxy)).map(({ path }) => path.replace('routes[0].', ''))

describe('how requests are sent on', () => {
  it.each([
    ['{ host_header: "a/b" }', 'proxy.host_header'],
    ['{ strip_prefix: wiki }', 'proxy.strip_prefix'],
    ['{ strip_prefix: /wiki/ }', 'proxy.strip_prefix'],
    ['{ strip_prefix: / }', 'proxy.strip_prefix'],
    ['{ strip_prefix: /a/../b }', 'proxy.strip_prefix'],
    ['{ strip_prefix: /a//b }', 'proxy.strip_prefix'],
    ['{ base_path: /a%20b }', 'proxy.base_path'],
    ['{ base_path: "/a?b" }', 'proxy.base_path'],
    ['{ tls: {} }', 'proxy.tls'],
    ['{ origins: ["*"] }', 'proxy.origins[0]'],
    ['{ origins: ["https://a.example.com/"] }', 'proxy.origins[0]'],
    ['{ health: { path: healthz } }', 'proxy.health.path'],
    ['{ health: { path: /healthz, timeout: 1m } }', 'proxy.health.timeout'],
    ['{ basic: { user: "a:b", password: c } }', 'proxy.basic.user'],
    ['{ extra_headers: [{ name: X-A }] }', 'proxy.extra_headers[0]'],
    ['{ extra_headers: [{ name: X-A, value: a, secret: b }] }', 'proxy.extra_headers[0]'],
    ['{ extra_headers: [{ name: X-A, value: "a\\nb" }] }', 'proxy.extra_headers[0].value'],
    ['{ extra_headers: [{ name: "X A", value: a }] }', 'proxy.extra_headers[0].name'],
    [
      '{ extra_headers: [{ name: X-A, value: a }, { name: x-a, value: b }] }',
      'proxy.extra_headers[1].name',
    ],
    [
      '{ basic: { user: a, password: b }, extra_headers: [{ name: Authorization, value: b }] }',
      'proxy.extra_headers[0].name',
    ],
  ])('%s is a fault', (proxy, place) => {
    expect(faultsOf(proxy)).toEqual([place])
  })

  it.each([
    'Remote-User',
    'REMOTE-GROUPS',
    'X-Gatehouse-Assertion',
    'X-Auth-Request-User',
    'X-Forwarded-For',
    'X-Forwarded-User',
    'X-WebAuth-User',
    'Cookie',
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Upgrade',
  ])('never says %s', (name) => {
    expect(faultsOf(`{ extra_headers: [{ name: ${name}, value: a }] }`)).toEqual([
      'proxy.extra_headers[0].name',
    ])
  })

  it('never says what any route takes for who is there', () => {
    const other =
      '  - host: other.example.com\n    headers: { user: X-Wiki-Login }\n    rules: [{ require: bypass }]\n'
    const proxy = '{ extra_headers: [{ name: x-wiki-login, value: alice }] }'
    expect(placesOf(faultsIn(route('http://127.0.0.1:3000', proxy, other)))).toEqual([
      '5 routes[0].proxy.extra_headers[0].name',
    ])
  })

  it('never says what a signed statement is carried in', () => {
    const proxy = '{ extra_headers: [{ name: X-Statement, value: a }] }'
    const yaml = route('http://127.0.0.1:3000', proxy, 'assertion: { header: x-statement }\n')
    expect(placesOf(faultsIn(yaml))).toEqual(['5 routes[0].proxy.extra_headers[0].name'])
  })

  it.each(['{}', '{ origins: ["https://b.example.com"], retry: false }'])(
    'has no meaning where nothing is sent on: %s',
    (proxy) => {
      const yaml = `${LEAST}routes: [{ host: a.example.com, proxy: ${proxy}, rules: [{ require: deny }] }]`
      expect(placesOf(faultsIn(yaml))).toEqual(['2 routes[0].proxy'])
    },
  )

  it('may say also there whose pages open WebSockets', () => {
    const yaml = `${LEAST}routes: [{ host: a.example.com, proxy: { origins: ["https://b.example.com"] }, rules: [{ require: deny }] }]`
    expect(load(yaml).config.routes[0]?.proxy?.origins).toEqual(['https://b.example.com'])
  })

  it('takes secrets from files, and warns about one that stands there itself', () => {
    const file = join(aFolder(), 'password')
    writeFileSync(file, 'hidden\n', { mode: 0o600 })
    const given = `{ basic: { user: gate, password: { file: ${file} } } }`
    const { config, warnings } = load(route('http://127.0.0.1:3000', given))
    expect(config.routes[0]?.proxy?.basic?.password).toBe('hidden')
    expect(warnings).toEqual([])
    const open = '{ basic: { user: gate, password: hidden } }'
    expect(placesOf(load(route('http://127.0.0.1:3000', open)).warnings)).toEqual([
      '5 routes[0].proxy.basic.password',
    ])
  })

  it('warns about credentials that go over the network in the clear', () => {
    const file = join(aFolder(), 'password')
    writeFileSync(file, 'hidden\n', { mode: 0o600 })
    const given = `{ basic: { user: gate, password: { file: ${file} } } }`
    expect(placesOf(load(route('http://10.0.0.7:3000', given)).warnings)).toEqual([
      '5 routes[0].proxy.basic',
    ])
    expect(load(route('https://10.0.0.7:3000', given)).warnings).toEqual([])
  })
})

describe('an application over TLS', () => {
  it('is recognized by a file that starts at the folder of the configuration', () => {
    const authority = makeAuthority()
    onTestFinished(authority.remove)
    const file = join(authority.folder, 'config.yaml')
    writeFileSync(file, route('https://10.0.0.7', '{ tls: { ca: ca.pem } }'))
    expect(loadConfig(file, {}).config.routes[0]?.proxy?.tls?.ca).toBe(authority.ca)
  })

  it('has a file that cannot be used told with its line', () => {
    const missing = route('https://10.0.0.7', '{ tls: { ca: nowhere.pem } }')
    expect(placesOf(faultsIn(missing))).toEqual(['5 routes[0].proxy.tls.ca'])
    const file = aConfigFile(route('https://10.0.0.7', '{ tls: { ca: config.yaml } }'))
    expect(() => loadConfig(file, {})).toThrow(/holds no certificate/)
  })

  it('is warned about when any certificate is taken', () => {
    const { warnings } = load(route('https://10.0.0.7', '{ tls: { verify: false } }'))
    expect(placesOf(warnings)).toEqual(['5 routes[0].proxy.tls.verify'])
  })
})
