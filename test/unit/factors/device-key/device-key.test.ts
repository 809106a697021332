import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Factor } from '../../../../src/factors/contract.ts'
import { deviceKeyConfig } from '../../../../src/factors/device-key/config.ts'
import { createDeviceKey } from '../../../../src/factors/device-key/index.ts'
import type { Challenge } from '../../../../src/model/challenge.ts'
import type { Credential } from '../../../../src/model/factor.ts'
import { attest, createAuthority, pem } from '../../../support/android.ts'
import { bench } from '../../../support/asked.ts'
import { aUser } from '../../../support/builders.ts'
import {
  createNativeDevice,
  type Invitation,
  type NativeDevice,
  type Question,
} from '../../../support/native-device.ts'
import { stillClock } from '../../../support/still-clock.ts'

const home = new URL('https://auth.gw.test/')
const user = aUser()

let clock = stillClock()
let factor: Factor
let at: ReturnType<typeof bench>
let device: NativeDevice
const use = (config: object = {}) => {
  factor = createDeviceKey({ config: deviceKeyConfig.parse(config), clock, home })
  at = bench(factor, user, clock)
}
beforeEach(() => {
  clock = stillClock()
  device = createNativeDevice()
  use()
})

const ownPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spelledOut = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })
const zeros = Buffer.alloc(32)
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
/** What stands before a point of P-256, for another length of it. */
const headOf = (all: number, bits: number) =>
  Buffer.concat([
    Buffer.of(0x30, all),
    Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex'),
    Buffer.of(3, bits, 0),
  ])

function invitationOf(credential: Credential): Invitation {
  const offer = factor.offer({ credential }, user)
  if (offer.show !== 'authenticator') throw new Error(`shows ${offer.show}`)
  return offer.options as Invitation
}

async function bound(by = device, more: object = {}): Promise<Credential> {
  const credential = await at.enrolled()
  const verdict = await factor.verify({ credential }, by.introduce(invitationOf(credential), more))
  if (!verdict.ok) throw new Error(verdict.reason)
  const { data, handle = '', label = credential.label } = verdict
  return { ...credential, data, handle, label, state: 'active' }
}

function questionFor(credential: Credential, challenge: Challenge): Question {
  const question = factor.remote?.question({ credential, challenge })
  if (!question?.toSign) throw new Error('nothing to sign')
  return question.toSign as Question
}

const numberOf = (credential: Credential, challenge: Challenge): string => {
  const prompt = factor.prompt({ credential, challenge })
  return prompt.ask === 'approval' ? prompt.number : ''
}

describe('a key that an app introduces', () => {
  it('is bound with the name that the app gives it, and found again by the app’s secret', async () => {
    const credential = await bound(device, { name: 'Pixel 8' })
    expect(credential).toMatchObject({
      label: 'Pixel 8',
      handle: createHash('sha256').update(device.secret).digest('base64url'),
    })
    expect(factor.worthOf(credential)).toEqual({
      amr: ['pop', 'user'],
      phishingResistant: false,
      alone: false,
    })
  })

  it('may come as a JWK', async () => {
    expect((await bound(createNativeDevice({ jwk: true }))).state).toBe('active')
  })

  it('has to be of P-256', async () => {
    await expect(bound(createNativeDevice({ curve: 'P-384' }))).rejects.toThrow('wrong')
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await expect(bound(createNativeDevice({ keys }))).rejects.toThrow('wrong')
    const twisted = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    await expect(bound(createNativeDevice({ keys: twisted }))).rejects.toThrow('wrong')
    // The same curve, by its numbers instead of its name.
    await expect(bound(createNativeDevice({ keys: spelledOut() }))).rejects.toThrow('wrong')
  })

  it.each<[string, (honest: Buffer, jwk: { x?: string; y?: string }) => unknown]>([
    ['the point at infinity', () => base64(Buffer.concat([headOf(0x19, 2), Buffer.of(0)]))],
    ['a point beside the curve', (it) => base64(Buffer.concat([it.subarray(0, -1), Buffer.of(1)]))],
    ['half a point', (it) => base64(it.subarray(0, -32))],
    [
      'a point in short',
      (it) => base64(Buffer.concat([headOf(0x39, 0x22), Buffer.of(2), it.subarray(27, 59)])),
    ],
    [
      'a curve with a base point of its own',
      () => {
        const key = spelledOut().publicKey.export({ type: 'spki', format: 'der' })
        return base64(Buffer.concat([key.subarray(0, 164), key.subarray(-65), key.subarray(229)]))
      },
    ],
    ['a private key', () => base64(ownPair.privateKey.export({ type: 'pkcs8', format: 'der' }))],
    ['zeros', () => ({ kty: 'EC', crv: 'P-256', x: base64(zeros), y: base64(zeros) })],
    ['a number that is too short', (_, jwk) => ({ ...jwk, x: 'AA' })],
    ['a certificate', () => base64(Buffer.from('-----BEGIN CERTIFICATE-----'))],
  ])('is refused, and breaks nothing, as %s', async (_, keyOf) => {
    const credential = await at.enrolled()
    const honest = device.publicKey.export({ type: 'spki', format: 'der' })
    const public_key = keyOf(honest, device.publicKey.export({ format: 'jwk' }))
    const answer = device.introduce(invitationOf(credential), { public_key })
    expect(await factor.verify({ credential }, answer)).toEqual({ ok: false, reason: 'wrong' })
  })

  it('is kept without what an app should never have sent', async () => {
    const keys = ownPair
    const own = createNativeDevice({ keys })
    const credential = await at.enrolled()
    const public_key = keys.privateKey.export({ format: 'jwk' })
    const answer = own.introduce(invitationOf(credential), { public_key })
    const verdict = await factor.verify({ credential }, answer)
    const key = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    expect(verdict).toMatchObject({ ok: true, data: { stage: 'bound', key } })
  })

  it.each<[string, Partial<Invitation>]>([
    ['for another site', { issuer: 'https://evil.test/' }],
    ['for another authenticator', { credential: 'other' }],
    ['for another question', { nonce: 'other' }],
  ])('is not bound by a signature %s', async (_, lie) => {
    const credential = await at.enrolled()
    const answer = device.introduce({ ...invitationOf(credential), ...lie })
    expect(await factor.verify({ credential }, answer)).toEqual({ ok: false, reason: 'wrong' })
  })

  it('is not bound by a signature over another key or another secret', async () => {
    const credential = await at.enrolled()
    const given = JSON.parse(device.introduce(invitationOf(credential)))
    const other = JSON.parse(createNativeDevice().introduce(invitationOf(credential)))
    for (const name of ['public_key', 'secret_hash', 'signature']) {
      const answer = JSON.stringify({ ...given, [name]: other[name] })
      expect(await factor.verify({ credential }, answer)).toEqual({ ok: false, reason: 'wrong' })
    }
  })

  it.each(['', '{}', 'null', '{"public_key":"AAAA"}', '{"public_key":{"kty":"EC"}}'])(
    'is not bound by %s',
    async (answer) => {
      const credential = await at.enrolled()
      expect(await factor.verify({ credential }, answer)).toEqual({ ok: false, reason: 'wrong' })
    },
  )

  it('has to come in time', async () => {
    const credential = await at.enrolled()
    const answer = device.introduce(invitationOf(credential))
    clock.advance(600)
    expect(await factor.verify({ credential }, answer)).toEqual({ ok: false, reason: 'expired' })
  })
})

describe('an approval by a key', () => {
  it('is a signature over the number and over all that was shown', async () => {
    const credential = await bound()
    const { challenge, start } = await at.ask(credential)
    expect(start).toMatchObject({ lifetimeSeconds: 60, onePerUser: true })
    const question = questionFor(credential, challenge)
    expect(JSON.parse(question.details)).toMatchObject({
      destination: 'Team wiki',
      address: '198.51.100.7',
    })
    const answer = device.approve(question, numberOf(credential, challenge))
    const { verdict, challenge: answered } = await at.respond({ credential, challenge }, answer)
    expect(verdict?.state).toBe('approved')
    const asked = { credential, ...(answered ? { challenge: answered } : {}) }
    expect(await factor.verify(asked, '')).toMatchObject({
      ok: true,
      worth: { amr: ['pop', 'user'] },
    })
    expect((await at.respond(asked, answer)).verdict).toBeUndefined()
  })

  it('can be made by openssl, from what the documentation says alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
    const at_ = (name: string) => join(folder, name)
    execFileSync('openssl', [
      'ecparam',
      '-name',
      'prime256v1',
      '-genkey',
      '-noout',
      '-out',
      at_('key.pem'),
    ])
    const privateKey = createPrivateKey(readFileSync(at_('key.pem')))
    const keys = { privateKey, publicKey: createPublicKey(privateKey) }
    const credential = await bound(createNativeDevice({ keys }))
    const { challenge } = await at.ask(credential)
    const { issuer, credential: id, nonce, details } = questionFor(credential, challenge)
    const number = numberOf(credential, challenge)
    const shown = createHash('sha256').update(details).digest('base64url')
    const lines = ['gatehouse device-key approve v1', issuer, id, nonce, number, shown]
    writeFileSync(at_('statement'), lines.join('\n'))
    const signed = execFileSync('openssl', [
      'dgst',
      '-sha256',
      '-sign',
      at_('key.pem'),
      at_('statement'),
    ])
    const answer = { number, signature: signed.toString('base64url') }
    const { verdict } = await at.respond({ credential, challenge }, answer)
    expect(verdict?.state).toBe('approved')
    rmSync(folder, { recursive: true })
  })

  it.each<[string, Partial<Question>]>([
    ['another site', { issuer: 'https://evil.test/' }],
    ['another authenticator', { credential: 'other' }],
    ['another question', { nonce: 'other' }],
    ['something else that was shown', { details: '{"destination":"Payroll"}' }],
  ])('does not count when it is about %s', async (_, lie) => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const question = { ...questionFor(credential, challenge), ...lie }
    const answer = device.approve(question, numberOf(credential, challenge))
    expect((await at.respond({ credential, challenge }, answer)).verdict).toBeUndefined()
  })

  it('ends the question when it is for a wrong number', async () => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const wrong = numberOf(credential, challenge) === '42' ? '43' : '42'
    const answer = device.approve(questionFor(credential, challenge), wrong)
    const { verdict, challenge: over } = await at.respond({ credential, challenge }, answer)
    expect(verdict?.state).toBe('wrong')
    const asked = { credential, ...(over ? { challenge: over } : {}) }
    expect(await factor.verify(asked, '')).toEqual({ ok: false, reason: 'denied' })
  })

  it('does not count when the number was changed afterwards, or another key signed', async () => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const number = numberOf(credential, challenge)
    const wrong = number === '42' ? '43' : '42'
    const { signature } = JSON.parse(device.approve(questionFor(credential, challenge), wrong))
    expect(
      (await at.respond({ credential, challenge }, { number, signature })).verdict,
    ).toBeUndefined()
    const stranger = createNativeDevice().approve(questionFor(credential, challenge), number)
    expect((await at.respond({ credential, challenge }, stranger)).verdict).toBeUndefined()
    expect((await at.respond({ credential, challenge }, { number })).verdict).toBeUndefined()
  })

  it('takes no signature for saying no', async () => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    expect((await at.respond({ credential, challenge }, { deny: true })).verdict?.state).toBe(
      'denied',
    )
  })

  it('is none of an introduction, and no introduction one of it', async () => {
    const credential = await bound()
    const { challenge } = await at.ask(credential)
    const question = questionFor(credential, challenge)
    const { signature } = JSON.parse(device.introduce(question))
    const number = numberOf(credential, challenge)
    expect(
      (await at.respond({ credential, challenge }, { number, signature })).verdict,
    ).toBeUndefined()
  })
})

describe('a key of Android', () => {
  const root = createAuthority('Root')
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
    writeFileSync(join(folder, 'roots.pem'), pem(root.certificate))
    return () => rmSync(folder, { recursive: true })
  })
  const roots = () => [join(folder, 'roots.pem')]

  async function introduced(challengeOf: (nonce: string) => Buffer, key = device.publicKey) {
    const credential = await at.enrolled()
    const invitation = invitationOf(credential)
    const leaf = attest({ publicKey: key, challenge: challengeOf(invitation.nonce) }, root)
    const attestation = [leaf.toString('base64'), root.certificate.toString('base64')]
    return factor.verify({ credential }, device.introduce(invitation, { attestation }))
  }
  const nonceIn = (nonce: string) => Buffer.from(nonce, 'base64url')

  it('is said to live in hardware once the device has proved it', async () => {
    use({ android_attestation: { roots: roots() } })
    expect(await introduced(nonceIn)).toMatchObject({
      ok: true,
      data: { level: 'tee' },
      worth: { amr: ['pop', 'hwk', 'user'] },
    })
  })

  it('is not admitted with a proof for another question or another key', async () => {
    use({ android_attestation: { roots: roots() } })
    const refused = { ok: false, reason: 'not_admitted' }
    expect(await introduced(() => Buffer.from('other'))).toEqual(refused)
    expect(await introduced(nonceIn, createNativeDevice().publicKey)).toEqual(refused)
  })

  it('is not admitted without a proof, unless the operator waives it', async () => {
    use({ android_attestation: { roots: roots() } })
    await expect(bound()).rejects.toThrow('not_admitted')
    use({ android_attestation: { roots: roots(), required: false } })
    expect(factor.facts(await bound())).toEqual(['taken at its word'])
  })

  it('is not admitted with a false proof even where none is required', async () => {
    use({ android_attestation: { roots: roots(), required: false } })
    expect(await introduced(() => Buffer.from('other'))).toEqual({
      ok: false,
      reason: 'not_admitted',
    })
  })
})
