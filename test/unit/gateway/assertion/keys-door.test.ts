import { createPublicKey } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecorder, type Recorder } from '../../../support/recorder.ts'
import { createVisitor } from '../../../support/visitor.ts'
import { type Gate, openGate } from '../gate.ts'

let gate: Gate
let recorder: Recorder
beforeAll(async () => {
  recorder = await openRecorder()
  const upstream = `http://127.0.0.1:${recorder.port}`
  const rules = [{ require: 'two_factor' }]
  gate = await openGate({
    routes: [
      { host: 'wiki.gw.test', upstream, rules },
      { host: 'photos.gw.test', rules },
      { host: 'own.gw.test', upstream, rules, assertion: { keys_path: 'none' } },
      { host: 'pom.gw.test', upstream, rules, assertion: { like: 'pomerium' } },
      { host: 'cf.gw.test', upstream, rules, assertion: { like: 'cloudflare' } },
      { host: 'iap.gw.test', upstream, rules, assertion: { like: 'google_iap' } },
    ],
  })
})
afterAll(async () => {
  await gate.close()
  await recorder.close()
})

const get = (url: string, ask = {}) => createVisitor(gate.port).get(url, ask)

describe('the public keys', () => {
  it.each([
    'https://wiki.gw.test/.well-known/jwks.json',
    'https://wiki.gw.test/.gatehouse/.well-known/jwks.json',
    'https://photos.gw.test/.well-known/jwks.json',
    'https://own.gw.test/.gatehouse/.well-known/jwks.json',
    'https://pom.gw.test/.well-known/pomerium/jwks.json',
    'https://cf.gw.test/cdn-cgi/access/certs',
    'https://iap.gw.test/iap/verify/public_key-jwk',
  ])('are at %s, for everybody and for an hour', async (url) => {
    const { status, headers, body } = await get(url)
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/json',
      'public, max-age=3600',
    ])
    const alg = url.includes('cf.gw.test') ? 'RS256' : 'ES256'
    expect(JSON.parse(body).keys).toMatchObject([{ alg, use: 'sig', kid: expect.any(String) }])
  })

  it('are PEM texts by key id where Google has them so', async () => {
    const { body } = await get('https://iap.gw.test/iap/verify/public_key')
    const [[id, pem] = ['', '']] = Object.entries<string>(JSON.parse(body))
    expect(id).toMatch(/^[\w-]{43}$/)
    expect(createPublicKey(pem).asymmetricKeyType).toBe('ec')
  })

  it.each([
    'https://own.gw.test/.well-known/jwks.json',
    'https://pom.gw.test/.well-known/jwks.json',
    'https://wiki.gw.test/.well-known/jwks.json/',
    'https://wiki.gw.test/.well-known/%6awks.json',
    'https://wiki.gw.test/cdn-cgi/access/certs',
  ])('are not at %s: the rules decide there', async (url) => {
    expect((await get(url)).status).toBe(302)
  })

  it('are only read: anything else is a request to the application', async () => {
    const headers = { 'sec-fetch-mode': 'cors', accept: 'application/json' }
    const answer = await get('https://wiki.gw.test/.well-known/jwks.json', {
      method: 'DELETE',
      headers: { ...headers, 'sec-fetch-dest': 'empty' },
    })
    expect(answer.status).toBe(401)
  })
})

describe('a request of a signed-in person', () => {
  it.each([
    ['wiki.gw.test', 'X-Gatehouse-Assertion', '/.well-known/jwks.json'],
    ['pom.gw.test', 'X-Pomerium-Jwt-Assertion', '/.well-known/pomerium/jwks.json'],
    ['cf.gw.test', 'Cf-Access-Jwt-Assertion', '/cdn-cgi/access/certs'],
    ['iap.gw.test', 'X-Goog-IAP-JWT-Assertion', '/iap/verify/public_key-jwk'],
  ])('to %s carries the statement in %s, and nobody else’s', async (host, header, keys) => {
    recorder.clear()
    const forged = Object.fromEntries(ALL.map((name) => [name, 'x.y.z']))
    const cookie = gate.signIn('alice')
    const { status } = await get(`https://${host}/`, { headers: { cookie, ...forged } })
    expect(status).toBe(200)
    const sent = recorder.messages()[0]?.headers ?? []
    const mine = sent.filter(([name]) => ALL.some((it) => it.toLowerCase() === name.toLowerCase()))
    expect(mine.map(([name]) => name)).toEqual([header])

    const { body } = await get(`https://${host}${keys}`)
    const { payload } = await jwtVerify(mine[0]?.[1] ?? '', createLocalJWKSet(JSON.parse(body)), {
      currentDate: new Date(gate.clock.now() * 1000),
    })
    expect(payload.exp).toBe(gate.clock.now() + 60)
  })
})

const ALL = [
  'X-Gatehouse-Assertion',
  'X-Pomerium-Jwt-Assertion',
  'Cf-Access-Jwt-Assertion',
  'X-Goog-IAP-JWT-Assertion',
]
