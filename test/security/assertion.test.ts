import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import {
  CompactEncrypt,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { aUser } from '../support/builders.ts'
import { valuesOf } from '../support/http1.ts'
import { send } from '../support/raw.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const ISSUER = 'https://auth.gw.test'
const A = 'https://a.gw.test'
const B = 'https://b.gw.test'

let fixture: Fixture
let keys: { keys: JWK[] }
beforeAll(async () => {
  fixture = await openFixture()
  const { body } = await send(fixture.port, {
    host: 'auth.gw.test',
    path: '/.well-known/jwks.json',
  })
  keys = JSON.parse(body)
})
afterAll(() => fixture.close())

/** What an application receives about somebody. */
async function received(
  name: string,
  host: string,
  headers: [string, string][] = [],
): Promise<string[]> {
  const cookie = await fixture.resolve(`COOKIE:${name}:aal2`)
  fixture.recorder.clear()
  await send(fixture.port, { host, path: '/', headers: [['Cookie', cookie], ...headers] })
  const [message] = fixture.recorder.messages()
  return valuesOf(message?.headers ?? [], 'x-gatehouse-assertion')
}

const assertionOf = async (name: string, host: string): Promise<string> =>
  (await received(name, host))[0] ?? ''

interface Reading {
  audience?: string
  /** Seconds by which the application's clock is wrong. */
  off?: number
}

const TOLERANCE = 60
const LONGEST_LIFE = 3_600
/** No assertion is anywhere near as long. */
const LONGEST = 8_192

/** An application that checks with jose, and one with another library. Both look at what those leave open. */
const APPLICATIONS: Record<string, (token: string, reading?: Reading) => Promise<JWTPayload>> = {
  async jose(token, { audience = A, off = 0 } = {}) {
    if (token.length > LONGEST) throw new Error('too long')
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: ['ES256'],
      typ: 'JWT',
      issuer: ISSUER,
      audience,
      clockTolerance: TOLERANCE,
      currentDate: new Date((fixture.clock.now() + off) * 1_000),
      maxTokenAge: LONGEST_LIFE,
      requiredClaims: ['exp', 'iat', 'sub'],
    })
    return sane(payload)
  },

  async jsonwebtoken(token, { audience = A, off = 0 } = {}) {
    if (token.length > LONGEST) throw new Error('too long')
    const { header } = jsonwebtoken.decode(token, { complete: true }) ?? {}
    const jwk = new Map(keys.keys.map((key) => [key.kid, key])).get(header?.kid)
    if (!jwk) throw new Error('unknown key')
    const payload = jsonwebtoken.verify(
      token,
      createPublicKey({ key: { ...jwk }, format: 'jwk' }),
      {
        algorithms: ['ES256'],
        issuer: ISSUER,
        audience,
        clockTolerance: TOLERANCE,
        clockTimestamp: fixture.clock.now() + off,
        maxAge: LONGEST_LIFE,
      },
    )
    if (typeof payload === 'string') throw new Error('no claims')
    return sane(payload as JWTPayload, fixture.clock.now() + off)
  },
}

function sane(claims: JWTPayload, now = Number.POSITIVE_INFINITY): JWTPayload {
  const { exp = Number.NaN, iat = Number.NaN, sub = '' } = claims
  if (!(exp - iat <= LONGEST_LIFE) || !(iat <= now + TOLERANCE) || sub === '') {
    throw new Error('not a claim of a gateway')
  }
  return claims
}

/** What each application makes of a token: the user's id, or `refused`. */
const readings = (token: string, reading?: Reading): Promise<unknown[]> =>
  Promise.all(
    Object.values(APPLICATIONS).map((read) =>
      read(token, reading).then(
        ({ sub }) => sub,
        () => 'refused',
      ),
    ),
  )

const REFUSED = Object.keys(APPLICATIONS).map(() => 'refused')
const both = (subject: string) => Object.keys(APPLICATIONS).map(() => subject)

async function expectRefused(forged: Record<string, string>): Promise<void> {
  for (const [name, token] of Object.entries(forged)) {
    expect([name, ...(await readings(token))]).toEqual([name, ...REFUSED])
  }
}

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const decode = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
const partsOf = (token: string) => {
  const [head, body] = token.split('.')
  return { head: decode(head) as Record<string, unknown>, claims: decode(body) as JWTPayload }
}

/** Signs with the gateway's own key whatever one likes: the worst that could come from it. */
async function genuine(claims: object, header: object = {}): Promise<string> {
  const [key] = await fixture.store.signingKeys.list()
  const secret = await importJWK(JSON.parse(key?.privateJwk ?? ''), 'ES256')
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key?.id ?? '', ...header })
    .sign(secret)
}

describe('an assertion', () => {
  story(
    'JWT-001',
    'says who, for whom, since when and how, and nothing that is secret',
    async () => {
      const token = await assertionOf('alice', 'a.gw.test')
      const { head, claims } = partsOf(token)
      expect(head).toEqual({ alg: 'ES256', typ: 'JWT', kid: keys.keys[0]?.kid })
      const now = fixture.clock.now()
      expect(claims).toMatchObject({
        iss: ISSUER,
        aud: A,
        sub: fixture.users.alice.id,
        jti: expect.stringMatching(/^[\w-]{16,}$/),
        sid: expect.stringMatching(/^[\w-]{16,}$/),
        acr: 'aal2',
        amr: expect.arrayContaining(['pwd', 'otp']),
        auth_time: expect.any(Number),
      })
      expect(claims.iat).toBeLessThanOrEqual(now)
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBeLessThanOrEqual(300)
      expect(claims.exp).toBeGreaterThan(now)
      expect(await readings(token)).toEqual(both(fixture.users.alice.id))

      const value = await fixture.resolve('COOKIE_VALUE:alice:aal2')
      for (const part of value.split('.')) expect(JSON.stringify(claims)).not.toContain(part)
      expect(JSON.stringify(claims)).not.toContain(fixture.secretOf('alice'))
      for (const key of keys.keys) expect(Object.keys(key)).not.toContain('d')
    },
  )

  story('JWT-002', 'for one application is worth nothing to another', async () => {
    const token = await assertionOf('alice', 'a.gw.test')
    expect(await readings(token, { audience: B })).toEqual(REFUSED)
    const forB = await assertionOf('alice', 'b.gw.test')
    expect(await readings(forB, { audience: B })).toEqual(both(fixture.users.alice.id))
  })

  story(
    'JWT-003',
    'is believed under no algorithm and no key but the configured ones',
    async () => {
      const token = await assertionOf('alice', 'a.gw.test')
      const [, body = '', signature = ''] = token.split('.')
      const { head, claims } = partsOf(token)
      const own = await generateKeyPair('ES256', { extractable: true })
      const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
      const bySomebody = (header: object) =>
        new SignJWT({ ...claims })
          .setProtectedHeader({ ...head, alg: 'ES256', ...header })
          .sign(own.privateKey)
      const withHmac = (secret: string) => {
        const signed = `${encode({ ...head, alg: 'HS256' })}.${body}`
        return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
      }
      await expectRefused({
        none: `${encode({ ...head, alg: 'none' })}.${body}.`,
        'none, in other letters': `${encode({ ...head, alg: 'nOnE' })}.${body}.`,
        'none, signed': `${encode({ ...head, alg: 'none' })}.${body}.${signature}`,
        'HS256 with the public JWK': withHmac(JSON.stringify(keys.keys[0])),
        'RS256 in the name of an EC key': await new SignJWT({ ...claims })
          .setProtectedHeader({ ...head, alg: 'RS256' })
          .sign(rsa.privateKey),
        'its own key': await bySomebody({ jwk: await exportJWK(own.publicKey) }),
        'a key elsewhere': await bySomebody({ jku: 'https://evil.test/jwks.json' }),
        'a certificate elsewhere': await bySomebody({ x5u: 'https://evil.test/c.pem' }),
        'an unknown extension': `${encode({ ...head, crit: ['exp'], exp: 1 })}.${body}.${signature}`,
        'a body that is not encoded': `${encode({ ...head, crit: ['b64'], b64: false })}.${body}.${signature}`,
        'an empty signature': `${token.split('.').slice(0, 2).join('.')}.`,
        'a signature of zeros': `${token.split('.').slice(0, 2).join('.')}.${encode('\0'.repeat(64))}`,
      })
    },
  )

  story('JWT-004', 'names its key, and the name is looked up and nothing else', async () => {
    const kids = valuesOfEach(loadCase('JWT-004')).map((kid) =>
      kid.startsWith('{{REPEAT') ? 'a'.repeat(100_000) : kid,
    )
    const { claims } = partsOf(await assertionOf('alice', 'a.gw.test'))
    for (const kid of [...kids, 'constructor', '0', ' ']) {
      expect(await readings(await genuine(claims, { kid }))).toEqual(REFUSED)
    }
  })

  story('JWT-005', 'is believed for its own short time, which is told in numbers', async () => {
    const { claims } = partsOf(await assertionOf('alice', 'a.gw.test'))
    const now = fixture.clock.now()
    const { exp: _, ...withoutEnd } = claims
    await expectRefused({
      'ended in 1970': await genuine({ ...claims, exp: 0 }),
      'an end in text': await genuine({ ...claims, exp: '9999999999' }),
      'no end': await genuine(withoutEnd),
      'an end that never comes': await genuine({ ...claims, exp: 1e300 }),
      'not yet': await genuine({ ...claims, nbf: now + 3_600 }),
      'made tomorrow': await genuine({ ...claims, iat: now + 86_400, exp: now + 86_460 }),
      'made for a day': await genuine({ ...claims, iat: now, exp: now + 86_400 }),
      'no beginning': await genuine({ ...claims, iat: undefined }),
      'an end of 1e400': await genuine(claims).then((token) => {
        const [head, body = '', signature] = token.split('.')
        const text = Buffer.from(body, 'base64url')
          .toString()
          .replace(/"exp":\d+/, '"exp":1e400')
        return `${head}.${encode(text)}.${signature}`
      }),
    })
    expect(await readings(await genuine(claims))).toEqual(both(fixture.users.alice.id))
  })

  story('JWT-006', 'bears a clock that is wrong by less than a minute, and no other', async () => {
    const token = await assertionOf('alice', 'a.gw.test')
    const { exp = 0 } = partsOf(token).claims
    const left = exp - fixture.clock.now()
    for (const off of [-30, -59, 0, 30, left + 59]) {
      expect([off, ...(await readings(token, { off }))]).toEqual([
        off,
        ...both(fixture.users.alice.id),
      ])
    }
    for (const off of [-120, left + 120]) {
      expect([off, ...(await readings(token, { off }))]).toEqual([off, ...REFUSED])
    }
  })

  story('JWT-009', 'is the gateway’s own, and one, whatever the client sends', async () => {
    const foreign = await assertionOf('carol', 'a.gw.test')
    for (const name of [
      'X-Gatehouse-Assertion',
      'x-gatehouse-assertion',
      'X_Gatehouse_Assertion',
    ]) {
      const tokens = await received('alice', 'a.gw.test', [
        [name, foreign],
        [name, 'x.y.z'],
      ])
      expect(await Promise.all(tokens.map((token) => readings(token)))).toEqual([
        both(fixture.users.alice.id),
      ])
    }
  })

  story('JWT-010', 'is plain JSON, in which every name stands once', async () => {
    const names = ['", "sub": "carol', 'a\u0000b', '\ud800', 'Zoë 漢字 \u202e', '\\u0022,"aud":"x"']
    for (const [index, displayName] of names.entries()) {
      const user = aUser({ name: `odd${index}`, displayName, groups: [displayName] })
      await fixture.addUser(user)
      const token = await assertionOf(user.name, 'a.gw.test')
      expect(await readings(token)).toEqual(both(user.id))
      const body = Buffer.from(token.split('.')[1] ?? '', 'base64url')
      // As text and back it is what it was: UTF-8, and nothing that stands twice.
      expect(Buffer.from(body.toString('utf8')).equals(body)).toBe(true)
      expect(JSON.stringify(JSON.parse(body.toString()))).toBe(body.toString())
    }

    const twice = (await genuine({ sub: 'alice' })).split('.')
    const body = encode('{"sub":"alice","sub":"carol"}')
    await expectRefused({
      'a name that stands twice': `${twice[0]}.${body}.${twice[2]}`,
      'no UTF-8': `${twice[0]}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${twice[2]}`,
    })
  })

  story('JWT-011', 'is nothing that must be opened, unpacked or waited for', async () => {
    const { head, claims } = partsOf(await assertionOf('alice', 'a.gw.test'))
    const pair = await generateKeyPair('ECDH-ES', { extractable: true })
    const sealed = await new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: keys.keys[0]?.kid ?? '' })
      .encrypt(pair.publicKey)
    const costly = encode({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AAAA' })
    await expectRefused({
      'an encrypted one': sealed,
      'a costly one': `${costly}.AAAA.AAAA.AAAA.AAAA`,
      'a packed one': `${encode({ ...head, zip: 'DEF', crit: ['zip'] })}.${encode(claims)}.AAAA`,
      'ten megabytes of one': await genuine({ ...claims, name: 'a'.repeat(10_000_000) }),
    })
  })
})
