import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../../src/base/errors.ts'
import { type Log, silentLog } from '../../../../src/base/log.ts'
import { type AuthenticatorTraits, createAuthenticator } from '../../../support/authenticator.ts'
import type { Cbor } from '../../../support/cbor.ts'
import { metadataFile, type TestMetadata } from '../../../support/metadata-file.ts'
import { enrollWith, passkeyBench, spoken } from '../../../support/passkeys.ts'
import { createRoot, type IssueOptions, type TestCertificate } from '../../../support/x509.ts'

const FINGER = '11111111-2222-3333-4444-555555555555'
const FACE = '22222222-2222-3333-4444-555555555555'
const PIN = '33333333-2222-3333-4444-555555555555'
const BROKEN = '44444444-2222-3333-4444-555555555555'
const UNLISTED = '55555555-2222-3333-4444-555555555555'
const NOT_ADMITTED = { ok: false, reason: 'not_admitted' }
const SUBJECT = 'C=SE, O=Test Keys, OU=Authenticator Attestation, CN=Test key'

let folder: string
let publisher: TestCertificate
let signer: TestCertificate
let maker: TestCertificate
let files: { file: string; root: string }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-mds-'))
  publisher = await createRoot('CN=Metadata root')
  signer = await publisher.issue('CN=mds.example')
  maker = await createRoot('CN=Maker root')
  files = { file: written('mds.jwt', aFile()), root: written('root.pem', publisher.pem) }
})
afterAll(() => rmSync(folder, { recursive: true }))

function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const aFile = (given: Partial<TestMetadata> = {}) =>
  metadataFile({
    key: signer.key,
    chain: [signer],
    models: [
      {
        aaguid: FINGER,
        description: 'Finger key',
        roots: [maker],
        verification: [['passcode_external'], ['fingerprint_internal', 'presence_internal']],
      },
      { aaguid: FACE, roots: [maker], verification: [['faceprint_internal']] },
      { aaguid: PIN, roots: [maker], verification: [['passcode_external']] },
      { aaguid: BROKEN, roots: [maker], statuses: ['FIDO_CERTIFIED', 'REVOKED'] },
    ],
    ...given,
  })

/** An authenticator of a model, with a certificate of its maker. */
async function attested(aaguid: string, given: IssueOptions = {}): Promise<AuthenticatorTraits> {
  const leaf = await maker.issue(SUBJECT, { aaguid, ...given })
  return { aaguid, attestation: { key: leaf.key, chain: [leaf.der] } }
}

const benchWith = (given: object) => passkeyBench({ metadata: files, ...given })

describe('an authenticator that proves its model', () => {
  it('is asked for the proof, and admitted', async () => {
    const bench = benchWith({ attestation: 'direct' })
    expect((await bench.beginEnrollment()).options).toMatchObject({ attestation: 'direct' })
    expect(await enrollWith(bench, await attested(FINGER))).toMatchObject({
      ok: true,
      label: 'Finger key',
      data: { attested: true, model: 'Finger key' },
    })
  })

  it('may have certificates between its own and the root', async () => {
    const between = await maker.issue('CN=Batch 7', { authority: true })
    const leaf = await between.issue(SUBJECT, { aaguid: FINGER })
    const attestation = { key: leaf.key, chain: [leaf.der, between.der] }
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, { aaguid: FINGER, attestation })).toMatchObject({ ok: true })
    // In another order they lead nowhere.
    const mixed = { ...attestation, chain: [leaf.der, maker.der, between.der] }
    expect(await enrollWith(bench, { aaguid: FINGER, attestation: mixed })).toEqual(NOT_ADMITTED)
  })

  it('is asked by the policy alone', async () => {
    const bench = benchWith({ admit: { aaguids: [FINGER] } })
    expect((await bench.beginEnrollment()).options).toMatchObject({ attestation: 'direct' })
    expect(await enrollWith(bench, await attested(FINGER))).toMatchObject({ ok: true })
    expect(await enrollWith(bench, await attested(FACE))).toEqual(NOT_ADMITTED)
  })

  it.each([
    [['fingerprint'], [FINGER]],
    [['face'], [FACE]],
    [
      ['fingerprint', 'face'],
      [FINGER, FACE],
    ],
    [['voice'], []],
  ])('is admitted by its match: %s', async (biometric, expected) => {
    const bench = benchWith({ admit: { biometric } })
    const admitted: string[] = []
    for (const aaguid of [FINGER, FACE, PIN]) {
      const verdict = await enrollWith(bench, await attested(aaguid))
      if (verdict.ok) admitted.push(aaguid)
    }
    expect(admitted).toEqual(expected)
  })

  it('has to verify its user where a match is asked for', async () => {
    const bench = benchWith({ admit: { biometric: ['fingerprint'] } })
    expect((await bench.beginEnrollment()).options).toMatchObject({
      authenticatorSelection: { userVerification: 'required' },
    })
    const traits = { ...(await attested(FINGER)), verifies: false }
    expect(await enrollWith(bench, traits)).toEqual({ ok: false, reason: 'wrong' })
  })

  it('has to fit every part of the policy', async () => {
    const bench = benchWith({
      admit: { aaguids: [FINGER, PIN], biometric: ['fingerprint', 'face'] },
    })
    expect(await enrollWith(bench, await attested(FINGER))).toMatchObject({ ok: true })
    expect(await enrollWith(bench, await attested(FACE))).toEqual(NOT_ADMITTED)
    expect(await enrollWith(bench, await attested(PIN))).toEqual(NOT_ADMITTED)
  })
})

describe('an authenticator that does not', () => {
  it('is not admitted without a statement', async () => {
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, { aaguid: FINGER })).toEqual(NOT_ADMITTED)
  })

  it('is not admitted when it vouches for itself', async () => {
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, { aaguid: FINGER, selfAttests: true })).toEqual(NOT_ADMITTED)
  })

  it('is not admitted with a root that signs itself', async () => {
    const bench = benchWith({ attestation: 'direct' })
    const other = await createRoot('CN=Maker root')
    const leaf = await other.issue(SUBJECT, { aaguid: FINGER })
    const chain = [leaf.der, other.der]
    const attestation = { key: leaf.key, chain }
    expect(await enrollWith(bench, { aaguid: FINGER, attestation })).toEqual(NOT_ADMITTED)
  })

  it('is not admitted with a certificate that may not sign others', async () => {
    const between = await maker.issue('CN=Somebody')
    const leaf = await between.issue(SUBJECT, { aaguid: FINGER })
    const attestation = { key: leaf.key, chain: [leaf.der, between.der] }
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, { aaguid: FINGER, attestation })).toEqual(NOT_ADMITTED)
  })

  it('is not admitted with a certificate between that is out of force', async () => {
    const until = new Date('2021-01-01')
    const between = await maker.issue('CN=Batch 1', { authority: true, until })
    const leaf = await between.issue(SUBJECT, { aaguid: FINGER })
    const attestation = { key: leaf.key, chain: [leaf.der, between.der] }
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, { aaguid: FINGER, attestation })).toEqual(NOT_ADMITTED)
  })

  it('is not admitted with a model that nobody lists', async () => {
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, await attested(UNLISTED))).toEqual(NOT_ADMITTED)
  })

  it('is wrong about its model when its certificate names another', async () => {
    const traits = { ...(await attested(PIN)), aaguid: FINGER }
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, traits)).toEqual({ ok: false, reason: 'wrong' })
  })

  it('is wrong when another key has signed', async () => {
    const [one, two] = [await attested(FINGER), await attested(FINGER)]
    const attestation = { key: two.attestation?.key, chain: one.attestation?.chain }
    const traits = { aaguid: FINGER, attestation } as AuthenticatorTraits
    const bench = benchWith({ attestation: 'direct' })
    expect(await enrollWith(bench, traits)).toEqual({ ok: false, reason: 'wrong' })
  })

  it('is wrong with certificates that are none', async () => {
    const { attestation } = await attested(FINGER)
    const bench = benchWith({ attestation: 'direct' })
    for (const chain of [[], [Buffer.from('certificate')]]) {
      const traits = { aaguid: FINGER, attestation: { key: maker.key, ...attestation, chain } }
      expect((await enrollWith(bench, traits)).ok).toBe(false)
    }
  })
})

describe('a broken model', () => {
  it('is not admitted, proved or not', async () => {
    expect(await enrollWith(benchWith({}), { aaguid: BROKEN })).toEqual(NOT_ADMITTED)
    const strict = benchWith({ attestation: 'direct' })
    expect(await enrollWith(strict, await attested(BROKEN))).toEqual(NOT_ADMITTED)
  })
})

describe('what nobody asked for', () => {
  it('is not looked at: a statement where none is wanted', async () => {
    const bench = passkeyBench()
    const { attestation } = await attested(FINGER)
    const chain = [Buffer.from('no certificate')]
    const traits = { aaguid: FINGER, attestation: { key: maker.key, ...attestation, chain } }
    expect(await enrollWith(bench, traits)).toMatchObject({ ok: true, data: { attested: false } })
  })

  it('gives names from the metadata file', async () => {
    expect(await enrollWith(benchWith({}), { aaguid: FINGER })).toMatchObject({
      ok: true,
      label: 'Finger key',
    })
  })
})

describe('certificates of a stranger', () => {
  it('make the gateway fetch nothing', async () => {
    let asked = 0
    const server = createServer((_, response) => {
      asked++
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const revocations = `http://127.0.0.1:${(server.address() as AddressInfo).port}/crl`
    const root = await createRoot('CN=Mallory')
    const leaf = await root.issue(SUBJECT, { aaguid: FINGER, revocations })
    const own = await maker.issue(SUBJECT, { aaguid: FINGER, revocations })
    const bench = benchWith({ attestation: 'direct' })
    try {
      for (const format of [
        'packed',
        'tpm',
        'android-key',
        'android-safetynet',
        'apple',
        'fido-u2f',
      ]) {
        const { options, ...request } = await bench.beginEnrollment()
        const attestation = { key: leaf.key, chain: [leaf.der, root.der] }
        const authenticator = createAuthenticator({ aaguid: FINGER, attestation })
        const answer = authenticator.create(options, { format })
        expect(await bench.factor.verify(request, spoken(answer))).toMatchObject({ ok: false })
      }
      const attestation = { key: own.key, chain: [own.der] }
      expect(await enrollWith(bench, { aaguid: FINGER, attestation })).toMatchObject({ ok: true })
      expect(asked).toBe(0)
    } finally {
      server.close()
    }
  })

  it('are no statement in a form that nobody knows', async () => {
    const bench = benchWith({ attestation: 'direct' })
    const statement = new Map<string, Cbor>([['x5c', [maker.der]]])
    for (const format of ['telepathy', 'android-key']) {
      const verdict = await enrollWith(bench, { aaguid: FINGER }, { format, statement })
      expect(verdict).toEqual(NOT_ADMITTED)
    }
  })
})

describe('a statement of another form than packed and tpm', () => {
  const FORMS = ['android-key', 'android-safetynet', 'apple', 'fido-u2f', 'compound']

  it.each(FORMS)('proves no model, even of a maker who is listed: %s', async (format) => {
    for (const policy of [
      { attestation: 'direct' },
      { admit: { aaguids: [FINGER] } },
      { admit: { biometric: ['fingerprint'] } },
    ]) {
      const traits = await attested(FINGER)
      // In the form that counts it does.
      expect(await enrollWith(benchWith(policy), traits)).toMatchObject({ ok: true })
      const again = await attested(FINGER)
      expect(await enrollWith(benchWith(policy), again, { format })).toEqual(NOT_ADMITTED)
    }
  })

  it.each(FORMS)('is not looked at where nobody asks for one: %s', async (format) => {
    const verdict = await enrollWith(passkeyBench({}), await attested(FINGER), { format })
    expect(verdict).toMatchObject({ ok: true, data: { attested: false } })
  })
})

describe('a metadata file', () => {
  const open = (file: string, root: string | undefined = files.root, log: Log = silentLog) =>
    passkeyBench({ metadata: root === undefined ? { file } : { file, root } }, { log })

  it('may be signed through certificates between', async () => {
    const between = await publisher.issue('CN=Between', { authority: true })
    const leaf = await between.issue('CN=Signer')
    const text = aFile({ key: leaf.key, chain: [leaf, between] })
    expect(() => open(written('between.jwt', text))).not.toThrow()
  })

  it('is told of when its time is up', () => {
    const told: string[] = []
    const log = { ...silentLog, warn: (_: object, message: string) => told.push(message) }
    open(written('old.jwt', aFile({ nextUpdate: '2024-02-01' })), files.root, log)
    expect(told).toHaveLength(1)
  })

  it.each<[string, () => Promise<string> | string]>([
    ['that is empty', () => ''],
    ['that is no JWT', () => 'metadata'],
    ['that nobody signed', () => aFile().replace(/\.[^.]+$/, '.')],
    ['that another key signed', async () => aFile({ key: (await createRoot('CN=x')).key })],
    ['that says it is not signed', () => aFile({ algorithm: 'none' })],
    ['that says it is signed otherwise', () => aFile({ algorithm: 'RS256' })],
    ['that was changed', () => changed(aFile())],
    ['with no certificate', () => aFile({ chain: [] })],
    ['signed by a stranger', async () => signedBy(await createRoot('CN=Metadata root'))],
    ['signed by one who is out of force', async () => signedBy(await outOfForce())],
    ['with a part too many', () => `${aFile()}.more`],
  ])('is refused %s', async (_name, text) => {
    const file = written('bad.jwt', await text())
    expect(() => open(file)).toThrow(OperatorError)
  })

  it('is refused from anybody but the FIDO Alliance when no root is given', () => {
    expect(() => passkeyBench({ metadata: { file: files.file } })).toThrow(OperatorError)
  })

  it('is refused when it, or its root, cannot be read', () => {
    expect(() => open(join(folder, 'nothing.jwt'))).toThrow(/metadata.file/)
    expect(() => open(files.file, join(folder, 'nothing.pem'))).toThrow(/metadata.root/)
    expect(() => open(files.file, files.file)).toThrow(/holds no certificate/)
  })

  const outOfForce = () => publisher.issue('CN=Old', { until: new Date('2021-01-01') })
  const signedBy = (who: TestCertificate) => aFile({ key: who.key, chain: [who] })
  const changed = (text: string) => {
    const [head, body = '', signature] = text.split('.')
    const other = Buffer.from(body, 'base64url').toString().replace('Finger key', 'Pinger key')
    return [head, Buffer.from(other).toString('base64url'), signature].join('.')
  }
})
