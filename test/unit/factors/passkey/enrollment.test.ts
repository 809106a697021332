import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Credential } from '../../../../src/model/factor.ts'
import {
  type Algorithm,
  createAuthenticator,
  type SpokenAnswer,
} from '../../../support/authenticator.ts'
import { type Cbor, cbor } from '../../../support/cbor.ts'
import { bound, enrollWith, passkeyBench, spoken } from '../../../support/passkeys.ts'

const YUBIKEY = '2fc0579f-8113-47ea-b116-bb5a8db9202a'
const WRONG = { ok: false, reason: 'wrong' }
const bench = passkeyBench()

describe('the options for an enrollment', () => {
  it('ask for a discoverable key of a known algorithm, and for no statement', async () => {
    const { options } = await bench.beginEnrollment()
    expect(options).toMatchObject({
      rp: { id: 'auth.gw.test', name: 'Gatehouse' },
      user: { name: bench.user.name, displayName: bench.user.displayName },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ alg, type: 'public-key' })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      attestation: 'none',
      timeout: 300_000,
    })
    expect(Buffer.from(options.challenge, 'base64url').byteLength).toBeGreaterThanOrEqual(32)
  })

  it('name a person by bytes that tell nobody who it is, and the same ones each time', async () => {
    const [first, second] = [await bench.beginEnrollment(), await bench.beginEnrollment()]
    const id = first.options.user?.id ?? ''
    expect(Buffer.from(id, 'base64url').byteLength).toBe(32)
    expect(second.options.user?.id).toBe(id)
    expect(id).not.toContain(bench.user.id)
    expect(first.options.challenge).not.toBe(second.options.challenge)
  })

  it('exclude what the person has already', async () => {
    const { options } = await bench.beginEnrollment([await bench.enroll()])
    expect(options).toHaveProperty('excludeCredentials.length', 1)
  })

  it('follow the configuration', async () => {
    const keys = passkeyBench({
      rp_id: 'gw.test',
      user_verification: 'required',
      attachment: 'cross-platform',
      hints: ['security-key'],
    })
    expect((await keys.beginEnrollment()).options).toMatchObject({
      rp: { id: 'gw.test' },
      authenticatorSelection: {
        userVerification: 'required',
        authenticatorAttachment: 'cross-platform',
      },
      hints: ['security-key'],
    })
  })
})

describe('an enrollment', () => {
  it.each<Algorithm>(['ES256', 'EdDSA', 'RS256'])('takes a key for %s', async (algorithm) => {
    expect(await enrollWith(bench, { algorithm })).toMatchObject({ ok: true })
  })

  it('keeps no more than what later answers are compared with', async () => {
    const authenticator = createAuthenticator({ aaguid: YUBIKEY })
    const credential = await bench.enroll(authenticator)
    expect(credential).toMatchObject({ handle: authenticator.id, label: 'YubiKey 5 NFC' })
    expect(credential.data).toEqual({
      publicKey: expect.any(String),
      counter: 0,
      transports: ['usb', 'nfc'],
      aaguid: YUBIKEY,
      model: 'YubiKey 5 NFC',
      attested: false,
      eligible: false,
      backedUp: false,
      verifies: true,
    })
  })

  it.each([
    [
      'a key that knows its owner',
      { verifies: true },
      { alone: true, amr: ['pop', 'hwk', 'user'] },
    ],
    ['a key that does not', { verifies: false }, { alone: false, amr: ['pop', 'hwk', 'user'] }],
    ['a synced passkey', { eligible: true, backedUp: true }, { amr: ['pop', 'swk', 'user'] }],
  ])('tells the worth of %s', async (_name, traits, worth) => {
    const credential = await bench.enroll(createAuthenticator(traits))
    expect(bench.factor.worthOf(credential)).toMatchObject({ phishingResistant: true, ...worth })
  })

  it.each([
    ['this device only', { eligible: false }],
    ['not synced yet', { eligible: true }],
    ['synced', { eligible: true, backedUp: true }],
  ])('tells that a passkey is %s', async (fact, traits) => {
    expect(bench.factor.facts(await bench.enroll(createAuthenticator(traits)))).toEqual([fact])
  })

  it('tells the model of a passkey that has another name, and what it needs besides', async () => {
    const authenticator = createAuthenticator({ aaguid: YUBIKEY, verifies: false })
    const credential = { ...(await bench.enroll(authenticator)), label: 'On my keys' }
    expect(bench.factor.facts(credential)).toEqual([
      'YubiKey 5 NFC',
      'this device only',
      'needs your password, too',
    ])
  })

  it.each([
    ['Security key', {}],
    ['Passkey', { attachment: 'platform' as const }],
    ['Passkey', { eligible: true }],
  ])('calls an authenticator without a known model %s', async (label, traits) => {
    expect((await bench.enroll(createAuthenticator(traits))).label).toBe(label)
  })

  it('gives each its own name', async () => {
    const labels: string[] = []
    const others: Credential[] = []
    for (let count = 0; count < 3; count++) {
      const { options, ...asked } = await bench.beginEnrollment(others)
      const answer = createAuthenticator({ aaguid: YUBIKEY }).create(options)
      const credential = bound(asked.credential, await bench.factor.verify(asked, spoken(answer)))
      others.push(credential)
      labels.push(credential.label)
    }
    expect(labels).toEqual(['YubiKey 5 NFC', 'YubiKey 5 NFC 2', 'YubiKey 5 NFC 3'])
  })

  it('refuses an authenticator that the person has already', async () => {
    const authenticator = createAuthenticator()
    const { options, ...asked } = await bench.beginEnrollment([await bench.enroll(authenticator)])
    const answer = spoken(authenticator.create(options))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('refuses an answer to another question', async () => {
    const [first, { options: _, ...second }] = [
      await bench.beginEnrollment(),
      await bench.beginEnrollment(),
    ]
    const answer = spoken(createAuthenticator().create(first.options))
    expect(await bench.factor.verify(second, answer)).toEqual(WRONG)
  })

  it('refuses an answer to no question', async () => {
    const { options, credential } = await bench.beginEnrollment()
    const answer = spoken(createAuthenticator().create(options))
    expect(await bench.factor.verify({ credential }, answer)).toEqual(WRONG)
  })

  it('refuses a key without user verification where it is required', async () => {
    const strict = passkeyBench({ user_verification: 'required' })
    expect(await enrollWith(strict, { verifies: false })).toEqual(WRONG)
    expect(await enrollWith(strict, { verifies: true })).toMatchObject({ ok: true })
  })

  it.each([
    ['another site', { origin: 'https://auth.gw.test.evil.test' }, {}],
    ['the site without TLS', { origin: 'http://auth.gw.test' }, {}],
    ['a sibling host', { origin: 'https://app.gw.test' }, {}],
    ['another port', { origin: 'https://auth.gw.test:8443' }, {}],
    ['no site', { origin: 'null' }, {}],
    ['capitals', { origin: 'https://AUTH.GW.TEST' }, {}],
    ['another relying party', {}, { rpId: 'evil.test' }],
    ['the parent domain', {}, { rpId: 'gw.test' }],
    ['nobody present', {}, { present: false }],
    ['a frame of another site', {}, { client: { crossOrigin: true } }],
    ['a frame of a named site', {}, { client: { topOrigin: 'https://evil.test' } }],
    ['an assertion', {}, { client: { type: 'webauthn.get' } }],
    ['a copy that may not be copied', { eligible: false, backedUp: true }, {}],
  ])('refuses an answer from %s', async (_name, traits, tampering) => {
    expect(await enrollWith(bench, traits, tampering)).toEqual(WRONG)
  })
})

describe('what is left', () => {
  it('is told to the browser, so that it forgets the rest', async () => {
    const [first, second] = [await bench.enroll(), await bench.enroll()]
    const { options } = await bench.beginEnrollment()
    expect(bench.factor.remaining?.(bench.user, [first, second])).toEqual({
      rpId: 'auth.gw.test',
      userId: options.user?.id,
      allAcceptedCredentialIds: [first.handle, second.handle],
    })
    expect(bench.factor.remaining?.(bench.user, [])).toMatchObject({ allAcceptedCredentialIds: [] })
  })
})

describe('a public key', () => {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'jwk',
  })
  const bytes = (value: string) => Buffer.from(value, 'base64url')
  const key = (...entries: [number, Cbor][]) => ({ publicKey: cbor(new Map(entries)) })
  const p256: [number, Cbor][] = [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]
  const rsa = (n: Buffer, e: Buffer) => key([1, 3], [3, -257], [-1, n], [-2, e])
  const f4 = Buffer.of(1, 0, 1)
  const odd = (length: number) =>
    Buffer.concat([Buffer.of(0x80), randomBytes(length - 2), f4.subarray(0, 1)])
  const small = (hex: string) => key([1, 1], [3, -8], [-1, 6], [-2, Buffer.from(hex, 'hex')])

  it('is taken as its authenticator tells it', async () => {
    expect(await enrollWith(bench, {}, key(...p256))).toMatchObject({ ok: true })
    expect(await enrollWith(bench, {}, rsa(odd(256), f4))).toMatchObject({ ok: true })
  })

  it.each([
    ['for RS1', key([1, 3], [3, -65535], [-1, odd(256)], [-2, f4])],
    [
      'for ES256 on another curve',
      key([1, 2], [3, -7], [-1, 2], [-2, randomBytes(48)], [-3, randomBytes(48)]),
    ],
    ['for ES384', key([1, 2], [3, -35], [-1, 2], [-2, randomBytes(48)], [-3, randomBytes(48)])],
    ['for ES256 of another type', key([1, 1], [3, -7], [-1, 6], [-2, bytes(x)])],
    ['beside the curve', key([1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(x)])],
    [
      'with a short coordinate',
      key([1, 2], [3, -7], [-1, 1], [-2, bytes(x).subarray(1)], [-3, bytes(y)]),
    ],
    ['of 1024 bits', rsa(odd(128), f4)],
    ['of 8192 bits', rsa(odd(1024), f4)],
    ['with exponent 1', rsa(odd(256), Buffer.of(0, 0, 1))],
    ['of small order', small('00'.repeat(32))],
    ['of order 1', small(`01${'00'.repeat(31)}`)],
    ['of order 8', small('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')],
    [
      'of order 8, other sign',
      small('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'),
    ],
    ['of order 1, other spelling', small(`ee${'ff'.repeat(30)}7f`)],
    ['without an algorithm', key([1, 2], [-1, 1], [-2, bytes(x)], [-3, bytes(y)])],
    ['that is no map', { publicKey: cbor([1, 2]) }],
    ['that is a text', { publicKey: cbor('key') }],
  ])('is refused %s', async (_name, tampering) => {
    expect(await enrollWith(bench, {}, tampering)).toEqual(WRONG)
  })
})

describe('an answer that is none', () => {
  const change = async (alter: (answer: SpokenAnswer) => unknown) => {
    const { options, ...asked } = await bench.beginEnrollment()
    const altered = alter(createAuthenticator().create(options))
    return bench.factor.verify(asked, typeof altered === 'string' ? altered : spoken(altered ?? {}))
  }
  const other = randomBytes(32).toString('base64url')

  it.each<[string, (answer: SpokenAnswer) => unknown]>([
    ['nothing', () => ''],
    ['no JSON', () => '{"id":'],
    ['null', () => 'null'],
    ['a number', () => '1'],
    ['a list', () => '[]'],
    ['deep nesting', () => '['.repeat(20_000)],
    ['too much', (it) => ({ ...it, more: 'x'.repeat(20_000) })],
    ['another rawId', (it) => ({ ...it, rawId: other })],
    ['another id in both places', (it) => ({ ...it, id: other, rawId: other })],
    ['an id with padding', (it) => ({ ...it, id: `${it.id}=`, rawId: `${it.id}=` })],
    ['an id that is a number', (it) => ({ ...it, id: 1, rawId: 1 })],
    ['another type', (it) => ({ ...it, type: 'password' })],
    ['extensions that are a list', (it) => ({ ...it, clientExtensionResults: [] })],
    ['extensions that are null', (it) => ({ ...it, clientExtensionResults: null })],
    ['no extensions', ({ clientExtensionResults: _, ...it }) => it],
    ['no response', (it) => ({ ...it, response: undefined })],
    ['a polluted prototype', (it) => `{"__proto__":${spoken(it)}}`],
    ['client data that are no JSON', (it) => within(it, { clientDataJSON: 'AAAA' })],
    ['client data that are a list', (it) => within(it, { clientDataJSON: 'W10' })],
    ['an attestation that is no CBOR', (it) => within(it, { attestationObject: '____' })],
    ['an attestation that is a number', (it) => within(it, { attestationObject: 'AQ' })],
    ['an empty attestation', (it) => within(it, { attestationObject: '' })],
    ['transports that are a text', (it) => within(it, { transports: 'usb' })],
    ['transports with a line break', (it) => within(it, { transports: ['usb\nnfc'] })],
  ])('is refused: %s', async (_name, alter) => {
    expect(await change(alter)).toEqual(WRONG)
  })

  it.each([
    ['no authenticator data', { authenticatorData: () => Buffer.alloc(0) }],
    ['cut authenticator data', { authenticatorData: (data: Buffer) => data.subarray(0, 60) }],
    [
      'bytes behind them',
      { authenticatorData: (data: Buffer) => Buffer.concat([data, Buffer.of(0)]) },
    ],
    ['an id longer than 1023 bytes', { authenticatorData: longId }],
    ['nesting in the key', { publicKey: Buffer.alloc(9_000, 0x81) }],
    ['a format that nobody knows', { format: 'telepathy', statement: new Map<string, Cbor>() }],
  ])('is refused or read as far as it is asked for: %s', async (_name, tampering) => {
    const verdict = await enrollWith(bench, {}, tampering)
    // Nobody asked for the statement, so that its format says nothing.
    expect(verdict.ok).toBe('format' in tampering)
  })
})

const within = (answer: SpokenAnswer, change: object) => ({
  ...answer,
  response: { ...answer.response, ...change },
})

function longId(data: Buffer): Buffer {
  const changed = Buffer.from(data)
  changed.writeUInt16BE(0xffff, 53)
  return changed
}
