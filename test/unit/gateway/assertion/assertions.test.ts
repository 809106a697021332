import { createLocalJWKSet, jwtVerify } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Audience, createAssertions } from '../../../../src/gateway/assertion/assertions.ts'
import { assertionProfile } from '../../../../src/gateway/assertion/profile.ts'
import type { SigningKeyRepository } from '../../../../src/store/contract.ts'
import { aSession, aUser } from '../../../support/builders.ts'
import { type StillClock, stillClock } from '../../../support/still-clock.ts'
import { signingKeysInMemory } from '../gate.ts'

const ISSUER = 'https://auth.gw.test'
const PORTAL = new URL(`${ISSUER}/`)
const placeOf = (host: string, assertion = {}): Audience => ({
  host,
  origin: `https://${host}`,
  assertion: assertionProfile({}, assertion, PORTAL),
})
const WIKI = placeOf('wiki.gw.test')
const DAY = 86_400

let clock: StillClock
let repository: SigningKeyRepository
beforeEach(() => {
  clock = stillClock()
  repository = signingKeysInMemory()
})
const assertions = () => createAssertions({ repository, clock, algorithms: [] })

const alice = {
  user: aUser({ groups: ['staff', 'a,b'] }),
  session: aSession({ aal: 2, amr: ['pwd', 'otp'] }),
}

const idsIn = async (source: { jwks(): Promise<{ keys: { kid?: string }[] }> }) =>
  (await source.jwks()).keys.map(({ kid }) => kid)
const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid

describe('an assertion', () => {
  it('states who is there, for one application and one minute', async () => {
    const source = assertions()
    const token = await source.sign(WIKI, alice)
    const { payload, protectedHeader } = await jwtVerify(
      token,
      createLocalJWKSet(await source.jwks()),
      {
        issuer: ISSUER,
        audience: WIKI.origin,
        algorithms: ['ES256'],
        currentDate: new Date(clock.now() * 1000),
      },
    )
    expect(protectedHeader.alg).toBe('ES256')
    expect(payload).toMatchObject({
      sub: alice.user.id,
      preferred_username: 'alice',
      name: 'Alice Adams',
      email: 'alice@gw.test',
      groups: ['staff', 'a,b'],
      amr: ['pwd', 'otp'],
      acr: 'aal2',
      auth_time: alice.session.authenticatedAt,
      iat: clock.now(),
      exp: clock.now() + 60,
      jti: expect.any(String),
    })
    expect(payload.sid).toMatch(/^[\w-]{22}$/)
    expect(token + JSON.stringify(payload)).not.toContain(alice.session.id)
  })

  it.each([
    [{ aal: 1 }, 'aal1'],
    [{ aal: 2 }, 'aal2'],
    [{ aal: 2, phishingResistant: true }, 'phr'],
  ] as const)('says of %j: %s', async (given, acr) => {
    const token = await assertions().sign(WIKI, { ...alice, session: aSession(given) })
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).acr).toBe(acr)
  })

  it('is used again for half a minute, for the same person, session and application', async () => {
    const source = assertions()
    const first = await source.sign(WIKI, alice)
    clock.advance(29)
    expect(await source.sign(WIKI, structuredClone(alice))).toBe(first)
    const others = [
      source.sign(placeOf('blog.gw.test'), alice),
      source.sign(WIKI, { ...alice, user: { ...alice.user, groups: ['admins'] } }),
      source.sign(WIKI, { ...alice, session: { ...alice.session, aal: 1 } }),
      source.sign(WIKI, { ...alice, session: aSession() }),
    ]
    expect(await Promise.all(others)).not.toContain(first)
    clock.advance(1)
    expect(await source.sign(WIKI, alice)).not.toBe(first)
  })

  it('that cannot be signed is a failure, and the next one is tried again', async () => {
    const list = repository.list
    repository.list = () => Promise.reject(new Error('the disk is gone'))
    const source = assertions()
    await expect(source.sign(WIKI, alice)).rejects.toMatchObject({ status: 503 })
    repository.list = list
    expect(await source.sign(WIKI, alice)).toMatch(/^ey/)
  })
})

describe('a signing key', () => {
  it('is made once, and survives a restart', async () => {
    const [before, after] = [assertions(), assertions()]
    const first = kidOf(await before.sign(WIKI, alice))
    expect(kidOf(await after.sign(WIKI, alice))).toBe(first)
    expect(await idsIn(after)).toEqual([first])
  })

  it('signs for thirty days; its successor is known a day before', async () => {
    const source = assertions()
    const first = kidOf(await source.sign(WIKI, alice))
    clock.advance(29 * DAY - 1)
    expect(await idsIn(source)).toEqual([first])
    clock.advance(301)
    const [, second] = await idsIn(source)
    expect(second).toBeDefined()
    expect(kidOf(await source.sign(WIKI, alice))).toBe(first)
    clock.advance(DAY)
    expect(kidOf(await source.sign(WIKI, alice))).toBe(second)
    expect(await idsIn(source)).toEqual([first, second])
  })

  it('stays known for seven days more, and then is gone', async () => {
    const source = assertions()
    const first = kidOf(await source.sign(WIKI, alice))
    clock.advance(29 * DAY)
    const second = (await idsIn(source))[1]
    clock.advance(DAY + 7 * DAY - 301)
    expect(await idsIn(source)).toEqual([first, second])
    clock.advance(301)
    expect(await idsIn(source)).toEqual([second])
    expect((await repository.list()).map(({ id }) => id)).toEqual([second])
  })

  it('is one for many processes that begin at the same moment', async () => {
    const crew = Array.from({ length: 8 }, assertions)
    const tokens = await Promise.all(crew.map((source) => source.sign(WIKI, alice)))
    expect(new Set(tokens.map(kidOf)).size).toBe(1)
    expect(await repository.list()).toHaveLength(1)
    clock.advance(29 * DAY)
    const seen = await Promise.all(crew.map(idsIn))
    expect(new Set(seen.map(String)).size).toBe(1)
    expect(await repository.list()).toHaveLength(2)
  })

  it('is made for each algorithm that is asked for, and each is renewed by itself', async () => {
    const both = () => createAssertions({ repository, clock, algorithms: ['RS256', 'ES256'] })
    const source = both()
    const cloudflare = placeOf('wiki.gw.test', { like: 'cloudflare' })
    const kids = async () => (await source.jwks()).keys.map(({ alg }) => alg)
    expect(await kids()).toEqual(['ES256', 'RS256'])
    expect((await source.jwks(cloudflare)).keys.map(({ alg }) => alg)).toEqual(['RS256'])
    expect((await source.jwks(WIKI)).keys.map(({ alg }) => alg)).toEqual(['ES256'])
    clock.advance(29 * DAY)
    expect(await kids()).toEqual(['ES256', 'ES256', 'RS256', 'RS256'])
    clock.advance(8 * DAY + 301)
    expect(await kids()).toEqual(['ES256', 'RS256'])
  })

  it('shows no private part', async () => {
    const source = createAssertions({ repository, clock, algorithms: ['RS256'] })
    for (const key of (await source.jwks()).keys) {
      expect(Object.keys(key).filter((name) => /^(d|p|q|dp|dq|qi|k)$/.test(name))).toEqual([])
    }
  })

  it('goes on after a long sleep until a new one has been known for a day', async () => {
    const first = kidOf(await assertions().sign(WIKI, alice))
    clock.advance(100 * DAY)
    const source = assertions()
    expect(kidOf(await source.sign(WIKI, alice))).toBe(first)
    expect(await idsIn(source)).toHaveLength(2)
    clock.advance(DAY)
    expect(kidOf(await source.sign(WIKI, alice))).not.toBe(first)
  })
})
