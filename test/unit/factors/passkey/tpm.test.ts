import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Vouch } from '../../../support/authenticator.ts'
import { metadataFile } from '../../../support/metadata-file.ts'
import { enrollWith, passkeyBench } from '../../../support/passkeys.ts'
import { type AikLies, makeAik, type TpmLies, vouchByTpm } from '../../../support/tpm.ts'
import { createRoot, type TestCertificate } from '../../../support/x509.ts'

// The model of Windows Hello with hardware.
const HELLO = '08987058-cadc-4b81-b6e1-30de50dcbe96'
const NOT_ADMITTED = { ok: false, reason: 'not_admitted' }
const WRONG = { ok: false, reason: 'wrong' }

let folder: string
let maker: TestCertificate
let files: { file: string; root: string }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-mds-'))
  const publisher = await createRoot('CN=Metadata root')
  maker = await createRoot('CN=TPM maker')
  const models = [
    {
      aaguid: HELLO,
      description: 'Windows Hello',
      roots: [maker],
      verification: [['faceprint_internal']],
    },
  ]
  files = { file: join(folder, 'mds.jwt'), root: join(folder, 'root.pem') }
  writeFileSync(files.file, metadataFile({ models, key: publisher.key, chain: [publisher] }))
  writeFileSync(files.root, publisher.pem)
})
afterAll(() => rmSync(folder, { recursive: true }))

const enroll = (vouch: Vouch, written: object = { attestation: 'direct' }) =>
  enrollWith(passkeyBench({ metadata: files, ...written }), { aaguid: HELLO, vouch })

describe('an authenticator that a TPM vouches for', () => {
  it.each([
    ['that proves its model', { attestation: 'direct' }],
    ['of a model that is listed', { admit: { aaguids: [HELLO] } }],
    ['that matches a face', { admit: { biometric: ['face'] } }],
  ])('is admitted where one is asked for %s', async (_, written) => {
    expect(await enroll(vouchByTpm({ aik: await makeAik(maker) }), written)).toMatchObject({
      ok: true,
      label: 'Windows Hello',
      data: { attested: true, aaguid: HELLO },
    })
  })

  it('is admitted with the certificates between its own and its maker’s', async () => {
    const between = await maker.issue('CN=Batch 3', { authority: true })
    const aik = await makeAik(between)
    expect(await enroll(vouchByTpm({ aik, chain: [between] }))).toMatchObject({ ok: true })
    expect(await enroll(vouchByTpm({ aik }))).toEqual(NOT_ADMITTED)
  })

  it('is not admitted by a maker that nobody lists', async () => {
    const stranger = await createRoot('CN=TPM maker')
    const aik = await makeAik(stranger)
    expect(await enroll(vouchByTpm({ aik, chain: [stranger] }))).toEqual(NOT_ADMITTED)
    expect(await enroll(vouchByTpm({ aik }))).toEqual(NOT_ADMITTED)
  })

  it('is not admitted with a statement that names no certificate', async () => {
    const vouch = vouchByTpm({ aik: await makeAik(maker) }, { statement: { x5c: undefined } })
    expect(await enroll(vouch)).toEqual(NOT_ADMITTED)
  })

  const other = Buffer.alloc(32, 5)
  it.each<[string, TpmLies]>([
    ['another version', { statement: { ver: '1.2' } }],
    ['no version', { statement: { ver: undefined } }],
    ['no signature', { statement: { sig: undefined } }],
    ['an empty signature', { statement: { sig: Buffer.alloc(0) } }],
    ['a signature over something else', { statement: { sig: other } }],
    ['no algorithm', { statement: { alg: undefined } }],
    ['an algorithm of another digest', { statement: { alg: -36 } }],
    ['an algorithm that there is none', { statement: { alg: 0 } }],
    ['no certificate in its list', { statement: { x5c: [] } }],
    ['a certificate that is none', { statement: { x5c: [other] } }],
    ['a certificate that is no list', { statement: { x5c: 'x5c' } }],
    ['nothing attested', { statement: { certInfo: undefined } }],
    ['something attested that ends early', { statement: { certInfo: other } }],
    ['no key', { statement: { pubArea: undefined } }],
    ['a key that ends early', { statement: { pubArea: Buffer.alloc(3) } }],
    ['what was not made in the chip', { magic: 0xff544346 }],
    ['a quote in the place of a key', { attests: 0x8018 }],
    ['a time in the place of a key', { attests: 0x8019 }],
    ['another registration', { extraData: other }],
    ['a longer digest', { extraData: Buffer.alloc(64) }],
    ['no registration', { extraData: Buffer.alloc(0) }],
    ['another name of the key', { name: Buffer.concat([Buffer.of(0, 0x0b), other]) }],
    ['a name by a digest that is too weak', { name: Buffer.concat([Buffer.of(0, 4), other]) }],
    ['a name without a digest', { name: Buffer.alloc(0) }],
    ['the name of another key', { namedArea: { x: other } }],
    ['another key', { publicArea: { x: other } }],
    ['the other half of another key', { publicArea: { y: other } }],
    ['a key of another kind', { publicArea: { type: 1 } }],
    ['a key of no kind', { publicArea: { type: 0x0008 } }],
    ['a key on another curve', { publicArea: { curve: 4 } }],
  ])('is wrong with %s', async (_, lies) => {
    expect(await enroll(vouchByTpm({ aik: await makeAik(maker) }, lies))).toEqual(WRONG)
  })

  it('is admitted with a key of RSA, and with no other than that', async () => {
    const aik = await makeAik(maker)
    const tries: [TpmLies, object][] = [
      [{}, { ok: true, label: 'Windows Hello' }],
      [{ publicArea: { exponent: 65537 } }, { ok: true }],
      [{ publicArea: { exponent: 3 } }, WRONG],
      [{ publicArea: { n: Buffer.alloc(256, 9) } }, WRONG],
      [{ namedArea: { n: Buffer.alloc(256, 9) } }, WRONG],
      [{ publicArea: { type: 0x0023 } }, WRONG],
    ]
    for (const [lies, expected] of tries) {
      const traits = {
        algorithm: 'RS256' as const,
        aaguid: HELLO,
        vouch: vouchByTpm({ aik }, lies),
      }
      const bench = passkeyBench({ metadata: files, attestation: 'direct' })
      expect(await enrollWith(bench, traits)).toMatchObject(expected)
    }
  })

  it('is wrong when another key has signed', async () => {
    const [one, two] = [await makeAik(maker), await makeAik(maker)]
    expect(await enroll(vouchByTpm({ aik: { der: one.der, key: two.key } }))).toEqual(WRONG)
  })

  it.each<[string, AikLies]>([
    ['a subject', { subject: 'CN=Somebody' }],
    ['no chip', { chip: undefined }],
    ['a chip without its version', { chip: ['id:494E5443', 'SPT'] }],
    ['a chip of no maker', { chip: ['id:00000000', 'SPT', 'id:00020000'] }],
    ['no use', { usage: undefined }],
    // id-kp-serverAuth
    ['another use', { usage: Buffer.from('2b06010505070301', 'hex') }],
    ['the right to sign others', { authority: true }],
    ['another model', { aaguid: '11111111-2222-3333-4444-555555555555' }],
  ])('is wrong by a certificate with %s', async (_, lies) => {
    expect(await enroll(vouchByTpm({ aik: await makeAik(maker, lies) }))).toEqual(WRONG)
  })
})

describe('a statement that nobody asked for', () => {
  it('is left alone, whatever it says', async () => {
    const vouch = vouchByTpm({ aik: await makeAik(maker) }, { magic: 0 })
    expect(await enroll(vouch, { attestation: 'none' })).toMatchObject({
      ok: true,
      data: { attested: false },
    })
  })
})
