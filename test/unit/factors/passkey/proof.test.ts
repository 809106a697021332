import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Credential } from '../../../../src/model/factor.ts'
import { createAuthenticator, type SpokenAnswer } from '../../../support/authenticator.ts'
import { aCredential } from '../../../support/builders.ts'
import { cbor } from '../../../support/cbor.ts'
import { bound, passkeyBench, spoken } from '../../../support/passkeys.ts'

const WRONG = { ok: false, reason: 'wrong' }
const bench = passkeyBench()

/** Authenticator data that announce more by a flag, and have it. */
const flagged = (flag: number, more: Buffer) => (data: Buffer) => {
  const changed = Buffer.concat([data, more])
  changed[32] = (changed[32] ?? 0) | flag
  return changed
}

/** An authenticator that is enrolled, and our record of it. */
async function enrolled(traits: Parameters<typeof createAuthenticator>[0] = {}, at = bench) {
  const authenticator = createAuthenticator(traits)
  return { authenticator, credential: await at.enroll(authenticator) }
}

describe('the options for a proof', () => {
  it('name every passkey that may answer, and how it is reached', async () => {
    const [first, second] = [await bench.enroll(), await bench.enroll()]
    const { options } = await bench.ask(first, [first, second])
    expect(options).toMatchObject({
      rpId: 'auth.gw.test',
      userVerification: 'preferred',
      timeout: 300_000,
      allowCredentials: [first, second].map(({ handle }) => ({
        id: handle,
        type: 'public-key',
        transports: ['usb', 'nfc'],
      })),
    })
    expect(Buffer.from(options.challenge, 'base64url').byteLength).toBeGreaterThanOrEqual(32)
  })

  it('name the one that is asked, whoever else may answer', async () => {
    const credential = await bench.enroll()
    expect((await bench.ask(credential, [])).options).toHaveProperty('allowCredentials.length', 1)
  })

  it('are the same each time that the page is shown', async () => {
    const { options, ...asked } = await bench.ask(await bench.enroll())
    expect(bench.factor.prompt(asked)).toEqual({ ask: 'authenticator', options })
  })
})

describe('a proof', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('by %s is taken', async (algorithm) => {
    const { authenticator, credential } = await enrolled({ algorithm })
    const { options, ...asked } = await bench.ask(credential)
    const verdict = await bench.factor.verify(asked, spoken(authenticator.get(options)))
    expect(verdict).toMatchObject({
      ok: true,
      worth: { amr: ['pop', 'hwk', 'user'], phishingResistant: true, alone: true },
    })
  })

  it('may come from any passkey that was asked', async () => {
    const [asking, answering] = [await enrolled(), await enrolled()]
    const siblings = [asking.credential, answering.credential]
    const { options, challenge } = await bench.ask(asking.credential, siblings)
    const answer = spoken(answering.authenticator.get(options))
    const { credential } = answering
    expect(bench.factor.discovery?.handleOf(answer)).toBe(credential.handle)
    expect(await bench.factor.verify({ credential, challenge }, answer)).toMatchObject({ ok: true })
  })

  it('stands for two factors only if its user was verified, now and at the enrollment', async () => {
    const worth = async (then: boolean, now: boolean) => {
      const { authenticator, credential } = await enrolled({ verifies: then })
      const { options, ...asked } = await bench.ask(credential)
      const answer = spoken(authenticator.get(options, { verified: now }))
      const verdict = await bench.factor.verify(asked, answer)
      return verdict.ok && verdict.worth
    }
    expect(await worth(true, true)).toMatchObject({ alone: true, phishingResistant: true })
    expect(await worth(true, false)).toMatchObject({ alone: false, phishingResistant: true })
    // Whoever finds a key without a PIN can give it one.
    expect(await worth(false, true)).toMatchObject({ alone: false, phishingResistant: true })
  })

  it('is refused without user verification where it is required', async () => {
    const strict = passkeyBench({ user_verification: 'required' })
    const { authenticator, credential } = await enrolled({}, strict)
    const { options, ...asked } = await strict.ask(credential)
    const answer = spoken(authenticator.get(options, { verified: false }))
    expect(await strict.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('notes the counter, and when a passkey has been copied to other devices', async () => {
    const { authenticator, credential } = await enrolled({ eligible: true })
    const { options, ...asked } = await bench.ask(credential)
    const answer = spoken(authenticator.get(options, { backedUp: true, counter: 7 }))
    expect(await bench.factor.verify(asked, answer)).toMatchObject({
      ok: true,
      data: { counter: 7, backedUp: true },
    })
  })

  it.each([
    ['another site', { client: { origin: 'https://auth.gw.test.evil.test' } }],
    ['the site without TLS', { client: { origin: 'http://auth.gw.test' } }],
    ['a sibling host', { client: { origin: 'https://app.gw.test' } }],
    ['another port', { client: { origin: 'https://auth.gw.test:8443' } }],
    ['no site', { client: { origin: 'null' } }],
    ['capitals', { client: { origin: 'https://AUTH.GW.TEST' } }],
    ['another relying party', { rpId: 'evil.test' }],
    ['the parent domain', { rpId: 'gw.test' }],
    ['nobody present', { present: false }],
    ['nobody present but verified', { present: false, verified: true }],
    ['a frame of another site', { client: { crossOrigin: true } }],
    ['a frame of a named site', { client: { crossOrigin: true, topOrigin: 'https://evil.test' } }],
    ['a frame that says it is none', { client: { topOrigin: 'https://evil.test' } }],
    ['a copy that may not be copied', { eligible: false, backedUp: true }],
    ['a registration', { client: { type: 'webauthn.create' } }],
    ['a payment', { client: { type: 'payment.get' } }],
    ['another challenge', { client: { challenge: randomBytes(32).toString('base64url') } }],
    ['a challenge with padding', { client: { challenge: 'AAAA=' } }],
    ['no challenge', { client: { challenge: undefined } }],
    ['no signature', { sign: () => Buffer.alloc(0) }],
    ['a signature without ASN.1', { sign: () => randomBytes(64) }],
    ['a signature of zeros', { sign: () => Buffer.from('3006020100020100', 'hex') }],
    ['a signature by another key', { sign: byAnother }],
    ['a signature over other data', { authenticatorData: flipped }],
    ['no client data', { clientBytes: Buffer.alloc(0) }],
    ['client data in another encoding', { clientBytes: Buffer.from('{"type":"é"}', 'latin1') }],
  ])('is refused from %s', async (_name, tampering) => {
    const { authenticator, credential } = await enrolled()
    const { options, ...asked } = await bench.ask(credential)
    const answer = spoken(authenticator.get(options, tampering))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it.each<[string, number, Buffer]>([
    ['bytes that nobody announced', 0, Buffer.of(0)],
    ['extensions that are announced and not there', 0x80, Buffer.alloc(0)],
    ['extensions that end early', 0x80, Buffer.from('a16161', 'hex')],
    ['extensions and more', 0x80, Buffer.from('a0a0', 'hex')],
    ['extensions that nest without end', 0x80, Buffer.alloc(4000, 0x81)],
    ['a key that is announced and not there', 0x40, Buffer.alloc(0)],
    ['a key that ends early', 0x40, Buffer.alloc(17)],
  ])('is refused with %s, though it is signed', async (_, flag, more) => {
    const { authenticator, credential } = await enrolled()
    const { options, ...asked } = await bench.ask(credential)
    const answer = spoken(authenticator.get(options, { told: flagged(flag, more) }))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('is taken with extensions that nobody asked for', async () => {
    const { authenticator, credential } = await enrolled()
    const { options, ...asked } = await bench.ask(credential)
    const more = cbor(new Map([['example', 'value']]))
    const answer = spoken(authenticator.get(options, { told: flagged(0x80, more) }))
    expect(await bench.factor.verify(asked, answer)).toMatchObject({ ok: true })
  })

  it('is refused with the raw numbers of a good signature', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { authenticator, credential } = await enrolled()
    const raw = (data: Uint8Array) =>
      sign('sha256', data, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
    const { options, ...asked } = await bench.ask(credential)
    const answer = spoken(authenticator.get(options, { sign: raw }))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })
})

describe('whose proof it is', () => {
  it('refuses a passkey of somebody else', async () => {
    const [alice, mallory] = [await enrolled(), await enrolled()]
    const { options, ...asked } = await bench.ask(alice.credential)
    const answer = spoken(mallory.authenticator.get(options))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
    const { challenge } = asked
    const hers = { credential: mallory.credential, challenge }
    expect(await bench.factor.verify(hers, answer)).toEqual(WRONG)
  })

  it('refuses an id that another key has signed for', async () => {
    const [alice, mallory] = [await enrolled(), await enrolled()]
    const { options, ...asked } = await bench.ask(alice.credential)
    const { id } = alice.authenticator
    const answer = { ...mallory.authenticator.get(options), id, rawId: id }
    expect(await bench.factor.verify(asked, spoken(answer))).toEqual(WRONG)
  })

  it('refuses the user handle of somebody else, and takes none for none', async () => {
    const { authenticator, credential } = await enrolled()
    const answerWith = async (userHandle: string | null) => {
      const { options, ...asked } = await bench.ask(credential)
      authenticator.userHandle = userHandle ?? undefined
      return bench.factor.verify(asked, spoken(authenticator.get(options)))
    }
    expect(await answerWith(randomBytes(32).toString('base64url'))).toEqual(WRONG)
    expect(await answerWith(null)).toMatchObject({ ok: true })
  })

  it('refuses a copy of a key that was used since', async () => {
    const { authenticator, credential } = await enrolled()
    const thief = authenticator.copy()
    const prove = async (who: typeof thief, at: Credential) => {
      const { options, ...asked } = await bench.ask(at)
      return bench.factor.verify(asked, spoken(who.get(options)))
    }
    const used = bound(credential, await prove(authenticator, credential))
    const refusal = { ok: false, reason: 'wrong', warning: 'counter_went_back' }
    expect(await prove(thief, used)).toEqual(refusal)
    // The thief was faster: the owner is refused, and the trail tells of it.
    const robbed = bound(credential, await prove(authenticator.copy(), used))
    expect(await prove(authenticator, robbed)).toEqual(refusal)
  })

  it('does not speak of a copy before the signature is known to be good', async () => {
    const { authenticator, credential } = await enrolled()
    const data = { ...(credential.data as object), counter: 9 }
    const { options, ...asked } = await bench.ask({ ...credential, data })
    const answer = spoken(authenticator.get(options, { sign: byAnother }))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('lets a passkey alone that does not count', async () => {
    const { authenticator, credential } = await enrolled({ counts: false, eligible: true })
    for (let time = 0; time < 2; time++) {
      const { options, ...asked } = await bench.ask(credential)
      const answer = spoken(authenticator.get(options))
      expect(await bench.factor.verify(asked, answer)).toMatchObject({ ok: true })
    }
  })

  it.each([true, false])('refuses one whose being copied (%s) has changed', async (eligible) => {
    const { authenticator, credential } = await enrolled({ eligible })
    const { options, ...asked } = await bench.ask(credential)
    const answer = spoken(authenticator.get(options, { eligible: !eligible }))
    expect(await bench.factor.verify(asked, answer)).toEqual({
      ok: false,
      reason: 'wrong',
      warning: 'backup_eligibility_changed',
    })
  })
})

describe('an answer that is none', () => {
  const other = randomBytes(32).toString('base64url')
  const within = (answer: SpokenAnswer, change: object) => ({
    ...answer,
    response: { ...answer.response, ...change },
  })

  it.each<[string, (answer: SpokenAnswer) => object]>([
    ['another rawId', (it) => ({ ...it, rawId: other })],
    ['extensions that are a text', (it) => ({ ...it, clientExtensionResults: 'none' })],
    ['extensions that are null', (it) => ({ ...it, clientExtensionResults: null })],
    ['an attachment that nobody knows', (it) => ({ ...it, authenticatorAttachment: 'implant' })],
    ['authenticator data that are no base64url', (it) => within(it, { authenticatorData: '%%' })],
    ['too little authenticator data', (it) => within(it, { authenticatorData: 'AAAA' })],
    ['a signature that is a list', (it) => within(it, { signature: [1] })],
    ['a user handle that is a number', (it) => within(it, { userHandle: 1 })],
    ['a list of two answers', (it) => [it, it]],
  ])('is refused: %s', async (_name, alter) => {
    const { authenticator, credential } = await enrolled()
    const { options, ...asked } = await bench.ask(credential)
    const answer = spoken(alter(authenticator.get(options)))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('is refused whatever it is, and breaks nothing', async () => {
    const { credential } = await enrolled()
    const { options: _, ...asked } = await bench.ask(credential)
    const enrollment = await bench.beginEnrollment()
    const anything = fc.oneof(fc.string(), fc.json(), fc.base64String())
    await fc.assert(
      fc.asyncProperty(anything, async (answer) => {
        expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
        expect(await bench.factor.verify(enrollment, answer)).toEqual(WRONG)
        expect(bench.factor.discovery?.handleOf(answer)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('is refused with any one bit changed in what is signed', async () => {
    const { authenticator, credential } = await enrolled()
    const { options, ...asked } = await bench.ask(credential)
    const good = authenticator.get(options)
    for (const part of ['authenticatorData', 'clientDataJSON']) {
      const bytes = Buffer.from(String(good.response[part]), 'base64url')
      for (let bit = 0; bit < bytes.byteLength * 8; bit += 7) {
        const changed = Buffer.from(bytes)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const answer = within(good, { [part]: changed.toString('base64url') })
        expect(await bench.factor.verify(asked, spoken(answer)), `${part} ${bit}`).toEqual(WRONG)
      }
    }
  })

  it('is a failure of ours, and no refusal, when our own record cannot be read', async () => {
    const { credential } = await enrolled()
    const { options: _, ...asked } = await bench.ask(credential)
    const broken = { ...asked, credential: { ...credential, data: { secret: 'other' } } }
    await expect(async () => bench.factor.verify(broken, '')).rejects.toThrow()
    const unasked = { credential: aCredential({ kind: 'passkey', data: credential.data }) }
    expect(() => bench.factor.prompt(unasked)).toThrow()
  })
})

function byAnother(data: Uint8Array): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return sign('sha256', data, privateKey)
}

function flipped(data: Buffer): Buffer {
  const other = Buffer.from(data)
  other.writeUInt32BE(99, 33)
  return other
}
