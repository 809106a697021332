import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { faultsIn, load } from './files.ts'

const at = (url: string, passkey: string) =>
  `portal: { url: ${url} }\nfactors: { passkey: ${passkey} }\n`

describe('the domain of passkeys', () => {
  it.each([
    ['https://auth.example.com', '{}'],
    ['https://auth.example.com', '{ rp_id: auth.example.com }'],
    ['https://auth.example.com', '{ rp_id: example.com }'],
    ['https://example.com/.gatehouse/', '{}'],
    ['http://localhost:9091', '{}'],
    ['https://auth', '{}'],
  ])('may be the portal’s host or lie above it: %s with %s', (url, passkey) => {
    expect(load(at(url, passkey)).config.factors.passkey).toBeDefined()
  })

  it.each([
    ['https://auth.example.com', '{ rp_id: example.org }', 'factors.passkey.rp_id'],
    ['https://auth.example.com', '{ rp_id: ample.com }', 'factors.passkey.rp_id'],
    ['https://auth.example.com', '{ rp_id: wiki.auth.example.com }', 'factors.passkey.rp_id'],
    ['https://auth.example.com', '{ rp_id: com }', 'factors.passkey.rp_id'],
    ['https://auth.example.co.uk', '{ rp_id: co.uk }', 'factors.passkey.rp_id'],
    ['https://me.github.io', '{ rp_id: github.io }', 'factors.passkey.rp_id'],
    ['http://127.0.0.1:9091', '{}', 'factors.passkey'],
    ["'https://[::1]:9091'", '{}', 'factors.passkey'],
  ])('is refused anywhere else: %s with %s', (url, passkey, path) => {
    expect(faultsIn(at(url, passkey)).map((fault) => fault.path)).toEqual([path])
  })
})

describe('the policy of passkeys', () => {
  // Whether it is genuine is seen at the start.
  const METADATA = `metadata: { file: ${fileURLToPath(import.meta.url)} }`

  it.each([
    [`{ attestation: direct, ${METADATA} }`],
    [`{ admit: { biometric: [face] }, ${METADATA} }`],
    [`{ admit: {}, attestation: enterprise, ${METADATA} }`],
    ['{ attestation: none }'],
  ])('may be %s', (passkey) => {
    expect(load(at('https://auth.example.com', passkey)).config.factors.passkey).toBeDefined()
  })

  it('may not name a metadata file that is not there, nor a root that is none', () => {
    const passkey = '{ metadata: { file: nowhere.jwt, root: config.yaml } }'
    const faults = faultsIn(at('https://auth.example.com', passkey))
    expect(faults.map((fault) => fault.path)).toEqual([
      'factors.passkey.metadata.file',
      'factors.passkey.metadata.root',
    ])
  })

  it.each([
    ['{ attestation: direct }', 'factors.passkey.attestation'],
    ['{ admit: { biometric: [face] } }', 'factors.passkey.admit'],
    [`{ admit: {}, attestation: none, ${METADATA} }`, 'factors.passkey.attestation'],
    [`{ admit: { aaguids: [] }, ${METADATA} }`, 'factors.passkey.admit.aaguids'],
    [`{ admit: { aaguids: [yubikey] }, ${METADATA} }`, 'factors.passkey.admit.aaguids[0]'],
    ['{ origins: [http://login.example.org] }', 'factors.passkey.origins[0]'],
    ['{ origins: [https://login.example.org/] }', 'factors.passkey.origins[0]'],
    ['{ android: [{ package: app, fingerprints: [AB] }] }', 'factors.passkey.android[0].package'],
    ['{ ios: { app_ids: [com.example.app] } }', 'factors.passkey.ios.app_ids[0]'],
  ])('may not be %s', (passkey, path) => {
    const faults = faultsIn(at('https://auth.example.com', passkey))
    expect(faults.map((fault) => fault.path)).toContain(path)
  })
})

describe('the domain of an application’s passkeys', () => {
  const of = (passkey: string) => `
portal: { url: https://auth.example.com }
api: { applications: [{ id: shop, passkey: ${passkey} }] }
`
  it.each([
    ['{ rp_id: shop.example.org, origins: [https://shop.example.org] }'],
    ['{ rp_id: example.org, origins: [https://shop.example.org, "https://example.net:8443"] }'],
    ['{ rp_id: localhost, origins: ["http://localhost:8080"] }'],
    [`{ rp_id: example.org, origins: ["android:apk-key-hash:${'A'.repeat(43)}"] }`],
  ])('is the host of one of its origins, or lies above it: %s', (passkey) => {
    expect(load(of(passkey)).config.api?.applications[0]?.passkey).toBeDefined()
  })

  it.each([
    ['{ rp_id: example.net, origins: [https://shop.example.org] }', 'rp_id'],
    ['{ rp_id: org, origins: [https://shop.example.org] }', 'rp_id'],
    ['{ rp_id: 127.0.0.1, origins: [https://127.0.0.1] }', 'rp_id'],
    ['{ rp_id: example.org, origins: [http://example.org] }', 'origins[0]'],
    ['{ rp_id: example.org, origins: [https://example.org/] }', 'origins[0]'],
    ['{ rp_id: example.org, origins: ["http://localhost.example.org"] }', 'origins[0]'],
    ['{ rp_id: example.org, origins: [] }', 'origins'],
  ])('is refused anywhere else: %s', (passkey, path) => {
    expect(faultsIn(of(passkey)).map((fault) => fault.path)).toEqual([
      `api.applications[0].passkey.${path}`,
    ])
  })
})
