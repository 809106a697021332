import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../../support/authenticator.ts'
import { BROWSER, passkeyBench, spoken } from '../../../support/passkeys.ts'

const WRONG = { ok: false, reason: 'wrong' }

async function enrolled(traits: Parameters<typeof createAuthenticator>[0] = {}) {
  const bench = passkeyBench()
  const authenticator = createAuthenticator(traits)
  const credential = await bench.enroll(authenticator)
  return { bench, authenticator, credential, asked: { credential, browser: BROWSER } }
}

describe('a sign-in that begins with a passkey', () => {
  it('asks whoever is there, and always for user verification', async () => {
    const { bench } = await enrolled()
    expect(await bench.discover()).toMatchObject({
      rpId: 'auth.gw.test',
      userVerification: 'required',
      timeout: 300_000,
    })
    expect(JSON.stringify(await bench.discover())).not.toContain('allowCredentials')
  })

  it('is two factors by itself, and marks its challenge as used', async () => {
    const { bench, authenticator, credential, asked } = await enrolled()
    const answer = spoken(authenticator.get(await bench.discover()))
    expect(bench.factor.discovery?.handleOf(answer)).toBe(credential.handle)
    const verdict = await bench.factor.verify(asked, answer)
    expect(verdict).toMatchObject({ ok: true, worth: { alone: true, phishingResistant: true } })
    expect(verdict.ok && verdict.spends).toHaveLength(1)
  })

  it('leaves the same mark for the same challenge, and another for another', async () => {
    const { bench, authenticator, asked } = await enrolled()
    const markOf = async (options: Awaited<ReturnType<typeof bench.discover>>) => {
      const verdict = await bench.factor.verify(asked, spoken(authenticator.get(options)))
      const [mark] = (verdict.ok && verdict.spends) || []
      return Buffer.from(mark ?? []).toString('hex')
    }
    const options = await bench.discover()
    const mark = await markOf(options)
    expect(mark).toHaveLength(64)
    expect(await markOf(options)).toBe(mark)
    expect(await markOf(await bench.discover())).not.toBe(mark)
    expect(options.challenge).not.toContain(mark)
  })

  it('is over after five minutes', async () => {
    const { bench, authenticator, asked } = await enrolled()
    const answer = spoken(authenticator.get(await bench.discover()))
    bench.clock.advance(299)
    expect(await bench.factor.verify(asked, answer)).toMatchObject({ ok: true })
    bench.clock.advance(1)
    expect(await bench.factor.verify(asked, answer)).toEqual({ ok: false, reason: 'expired' })
  })

  it('belongs to the browser in which it began', async () => {
    const { bench, authenticator, credential, asked } = await enrolled()
    const other = randomBytes(32).toString('base64url')
    const answer = spoken(authenticator.get(await bench.discover(other)))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
    expect(await bench.factor.verify({ credential }, answer)).toEqual(WRONG)
    expect(await bench.factor.verify({ credential, browser: other }, answer)).toMatchObject({
      ok: true,
    })
  })

  it('takes no challenge of another gateway', async () => {
    const { authenticator, asked, bench } = await enrolled()
    const answer = spoken(authenticator.get(await passkeyBench().discover()))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('takes no challenge that was put to somebody who is known, and the other way round', async () => {
    const { authenticator, asked, bench, credential } = await enrolled()
    const known = await bench.ask(credential)
    const forKnown = spoken(authenticator.get(known.options))
    expect(await bench.factor.verify(asked, forKnown)).toEqual(WRONG)
    const forAnybody = spoken(authenticator.get(await bench.discover()))
    expect(await bench.factor.verify({ ...known, browser: BROWSER }, forAnybody)).toEqual(WRONG)
  })

  it.each([
    ['a later end', (bytes: Buffer) => bytes.fill(0xff, 32, 38)],
    ['another random part', (bytes: Buffer) => bytes.fill(0, 0, 32)],
    ['another code', (bytes: Buffer) => bytes.fill(0, 38)],
    ['no code', (bytes: Buffer) => bytes.subarray(0, 38)],
    ['a byte more', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
    ['nothing', () => Buffer.alloc(0)],
  ])('takes no challenge with %s', async (_name, change) => {
    const { authenticator, asked, bench } = await enrolled()
    const { challenge, ...options } = await bench.discover()
    const changed = change(Buffer.from(challenge, 'base64url')).toString('base64url')
    const answer = spoken(authenticator.get({ ...options, challenge: changed }))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('needs a user handle, and the right one', async () => {
    const { authenticator, asked, bench } = await enrolled()
    authenticator.userHandle = undefined
    const nameless = spoken(authenticator.get(await bench.discover()))
    expect(await bench.factor.verify(asked, nameless)).toEqual(WRONG)
    authenticator.userHandle = randomBytes(32).toString('base64url')
    const wrong = spoken(authenticator.get(await bench.discover()))
    expect(await bench.factor.verify(asked, wrong)).toEqual(WRONG)
  })

  it('needs user verification', async () => {
    const { authenticator, asked, bench } = await enrolled()
    const answer = spoken(authenticator.get(await bench.discover(), { verified: false }))
    expect(await bench.factor.verify(asked, answer)).toEqual(WRONG)
  })

  it('is no more than one factor for a key that was enrolled without it', async () => {
    const { authenticator, asked, bench } = await enrolled({ verifies: false })
    const answer = spoken(authenticator.get(await bench.discover(), { verified: true }))
    expect(await bench.factor.verify(asked, answer)).toMatchObject({
      ok: true,
      worth: { alone: false },
    })
  })
})
