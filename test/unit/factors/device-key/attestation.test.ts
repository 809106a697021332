import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../../src/base/errors.ts'
import { createAttestation } from '../../../../src/factors/device-key/attestation.ts'
import { deviceKeyConfig } from '../../../../src/factors/device-key/config.ts'
import {
  type AndroidKey,
  type Authority,
  attest,
  type CertificateOptions,
  certify,
  createAuthority,
  extension,
  keyDescription,
  pem,
  sequence,
} from '../../../support/android.ts'

const NOW = 1_800_000_000
const challenge = randomBytes(32)
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const root = createAuthority('Root')
const batch = createAuthority('Batch', root)

let folder: string
const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function attestation(more: object = {}, now = NOW) {
  const roots = [file('roots.pem', `# ours\n${pem(root.certificate)}`)]
  const { android_attestation: config } = deviceKeyConfig.parse({
    android_attestation: { roots, ...more },
  })
  if (!config) throw new Error('no configuration')
  return createAttestation({ config, now: () => now })
}

function chainFor(key: Partial<AndroidKey> = {}, issuer: Authority = batch): Buffer[] {
  return [
    attest({ publicKey, challenge, ...key }, issuer),
    issuer.certificate,
    ...(issuer === root ? [] : [root.certificate]),
  ]
}

const check = (chain: readonly Buffer[], more: object = {}, now = NOW) =>
  attestation(more, now).check(publicKey, challenge, chain)

describe('a device’s statement about a key', () => {
  it('holds when hardware made the key, keeps it, and asks for a finger each time', () => {
    expect(check(chainFor())).toBe('tee')
    expect(check(chainFor({ attestedBy: 2, keptBy: 2 }))).toBe('strongbox')
  })

  it('is written in certificates that others can read', () => {
    const path = file('own.pem', pem(chainFor()[0] ?? Buffer.of()))
    const text = execFileSync('openssl', ['x509', '-in', path, '-noout', '-text']).toString()
    expect(text).toContain('1.3.6.1.4.1.11129.2.1.17')
  })

  it('may end before the root or with it', () => {
    expect(check(chainFor().slice(0, 2))).toBe('tee')
  })

  it.each<[string, Partial<AndroidKey>]>([
    ['is about another question', { challenge: randomBytes(32) }],
    ['comes from software', { attestedBy: 0 }],
    ['is about a key in software', { keptBy: 0 }],
    ['needs nobody’s finger', { noAuthRequired: true }],
    ['does not say who may use it', { userAuthType: undefined }],
    ['is content with a PIN', { userAuthType: 1 }],
    ['counts one finger for a while', { authTimeout: 30 }],
    ['may decrypt as well', { purposes: [1, 2] }],
    ['may not sign', { purposes: [] }],
    ['is about RSA', { algorithm: 1 }],
    ['is about another curve', { curve: 2 }],
    ['is about a key that was brought in', { origin: 2 }],
    ['lets every application use the key', { allApplications: true }],
    ['comes from an unlocked device', { locked: false }],
    ['comes from a system of somebody’s own', { bootState: 1 }],
    ['rests on software for what matters', { inSoftware: true }],
    ['is torn', { cut: 1 }],
  ])('does not hold when it %s', (_, lie) => {
    expect(check(chainFor(lie))).toBeUndefined()
  })

  it('does not hold for another key', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(check(chainFor({ publicKey: other.publicKey }))).toBeUndefined()
  })

  it('has to come from the better hardware where that is asked for', () => {
    const strict = { level: 'strongbox' }
    expect(check(chainFor(), strict)).toBeUndefined()
    expect(check(chainFor({ attestedBy: 2 }), strict)).toBeUndefined()
    expect(check(chainFor({ attestedBy: 2, keptBy: 2 }), strict)).toBe('strongbox')
  })

  it('has to be about an application of ours where they are named', () => {
    const signer = Buffer.alloc(32, 5)
    const apps = [{ package: 'com.example.app', signers: [signer.toString('hex')] }]
    expect(check(chainFor(), { apps })).toBe('tee')
    expect(check(chainFor({ packages: ['com.evil.app'] }), { apps })).toBeUndefined()
    const both = ['com.example.app', 'com.evil.app']
    expect(check(chainFor({ packages: both }), { apps })).toBeUndefined()
    expect(check(chainFor({ packages: [] }), { apps })).toBeUndefined()
    expect(check(chainFor({ signer: Buffer.alloc(32, 6) }), { apps })).toBeUndefined()
  })
})

describe('a chain of certificates', () => {
  const leaf = (issuer: Authority, options?: CertificateOptions) =>
    attest({ publicKey, challenge }, issuer, options)

  it('has to lead to a root that is trusted, and not to one of the same name', () => {
    const [fake, fakeBatch] = [createAuthority('Root'), createAuthority('Batch', undefined)]
    expect(check([leaf(fake), fake.certificate])).toBeUndefined()
    expect(check([leaf(fakeBatch), fakeBatch.certificate, root.certificate])).toBeUndefined()
  })

  it('has to hang together', () => {
    const [own = Buffer.of(), middle = Buffer.of(), top = Buffer.of()] = chainFor()
    expect(check([own, top, middle])).toBeUndefined()
    expect(check([own, top])).toBeUndefined()
    expect(check([own])).toBeUndefined()
    expect(check([])).toBeUndefined()
    expect(check([own, Buffer.from('no certificate')])).toBeUndefined()
    expect(check([own, ...Array<Buffer>(8).fill(middle)])).toBeUndefined()
  })

  it('is made by authorities alone: a key that was attested attests no other', () => {
    const attested: Authority = {
      name: 'Android Keystore Key',
      keys: { publicKey, privateKey },
      certificate: leaf(batch),
    }
    const chain = [leaf(attested), attested.certificate, batch.certificate, root.certificate]
    expect(check(chain)).toBeUndefined()
  })

  it('holds one statement only', () => {
    const doubtful = createAuthority('Doubtful', batch, {
      extensions: [keyDescription({ publicKey, challenge })],
    })
    const chain = [leaf(doubtful), doubtful.certificate, batch.certificate, root.certificate]
    expect(check(chain)).toBeUndefined()
    const twice = [
      keyDescription({ publicKey, challenge }),
      keyDescription({ publicKey, challenge }),
    ]
    expect(check([leaf(batch, { extensions: twice }), batch.certificate])).toBeUndefined()
    expect(check([leaf(batch, { extensions: [] }), batch.certificate])).toBeUndefined()
    const empty = extension([1, 3, 6, 1, 4, 1, 11129, 2, 1, 17], sequence())
    expect(check([leaf(batch, { extensions: [empty] }), batch.certificate])).toBeUndefined()
  })

  it('has to be valid at this moment', () => {
    const past = { to: new Date('2021-01-01Z') }
    expect(check([leaf(batch, past), batch.certificate])).toBeUndefined()
    const stale = createAuthority('Stale', root, past)
    expect(check([leaf(stale), stale.certificate])).toBeUndefined()
    expect(check(chainFor(), {}, 1_000_000_000)).toBeUndefined()
  })

  it('is refused when any of it was revoked', () => {
    const serial = Buffer.from('0bc0ffee', 'hex')
    const revoked = createAuthority('Revoked', root, { serial })
    const list = file(
      'revoked.json',
      JSON.stringify({ entries: { bc0ffee: { status: 'REVOKED' } } }),
    )
    const chain = [leaf(revoked), revoked.certificate]
    expect(check(chain)).toBe('tee')
    expect(check(chain, { revoked: list })).toBeUndefined()
    expect(check(chainFor(), { revoked: list })).toBe('tee')
  })

  it('is signed with its issuer’s key, and with no other', () => {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const forged = certify('Batch', batch.keys.publicKey, { name: 'Root', keys }, { ca: true })
    expect(check([leaf(batch), forged, root.certificate])).toBeUndefined()
  })
})

describe('a file of the configuration', () => {
  it.each([
    ['is not there', { roots: ['/nowhere/roots.pem'] }],
    ['holds no list', { revoked: '/nowhere/list.json' }],
  ])('stops the start when it %s', (_, more) => {
    expect(() => attestation(more)).toThrow(OperatorError)
  })

  it('stops the start when it holds something else', () => {
    expect(() => attestation({ roots: [file('empty.pem', 'nothing')] })).toThrow(OperatorError)
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    expect(() => attestation({ roots: [file('broken.pem', broken)] })).toThrow(OperatorError)
    expect(() => attestation({ revoked: file('broken.json', '{"entries":[') })).toThrow(
      OperatorError,
    )
  })
})
