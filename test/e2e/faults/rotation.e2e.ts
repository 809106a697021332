import { copyFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Started } from '../../support/program.ts'
import type { Visitor } from '../../support/visitor.ts'
import { type House, openHouse, reloaded } from './house.ts'
import { type Load, putUnderLoad } from './load.ts'

/** Rotations that are killed on their way; more for whoever has the time. */
const ROTATION_KILLS = Number(process.env.ROTATION_KILLS ?? 3)

/** The application behind the gateway, which keeps what it was told of who is there. */
const told: string[] = []
const application = createServer(({ headers }, response) => {
  const statement = headers['x-gatehouse-assertion']
  if (typeof statement === 'string') told.push(statement)
  response.end('served')
})
beforeAll(() => new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  application.closeAllConnections()
  application.close()
})

let house: House
let serving: Started
let alice: Visitor
let load: Load
beforeEach(async () => {
  house = await openHouse({
    people: ['alice', 'bob'],
    secondFactor: false,
    yaml: `
routes:
  - host: localhost
    upstream: http://127.0.0.1:${(application.address() as AddressInfo).port}
    rules: [{ require: one_factor }]
`,
  })
  serving = await house.program.start()
  alice = await house.signIn('alice')
  const cookie = alice.jar.headerFor('localhost') ?? ''
  const { port } = house
  load = putUnderLoad({
    ...{ port, host: `localhost:${port}`, path: '/', clients: 2 },
    headers: { cookie },
  })
  await load.answered(10)
})
afterEach(() => house.end())

const rotate = (...args: string[]) => house.program.run(['key', 'rotate', ...args])

async function expectNoneFailed(): Promise<void> {
  await load.answered(10)
  load.stop()
  await load.end
  expect([[...load.answers.keys()], load.broken]).toEqual([[200], []])
}

describe('a secret key that is exchanged under load', () => {
  it('disturbs nobody, also when the exchange is killed, and shuts the one before out', async () => {
    const file = house.path.replace(/db$/, 'key')
    const former = `${file}.former`
    copyFileSync(file, former)
    for (let count = 0; count < ROTATION_KILLS; count += 1) {
      const rotation = await house.program.start(['key', 'rotate', 'secret'], /^/)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000))
      await rotation.stop('SIGKILL')
      // Whatever lies in its place opens the database.
      expect(house.program.run(['user', 'list'])).toMatchObject({ code: 0, err: '' })
    }
    expect(rotate('secret')).toMatchObject({ code: 0, err: '' })
    expect(await house.asks(await house.signIn('bob'))).toBe(200)
    await expectNoneFailed()

    const present = readFileSync(file)
    expect(present.equals(readFileSync(former))).toBe(false)
    copyFileSync(file, `${file}.present`)
    copyFileSync(former, file)
    const refused = house.program.run(['user', 'list'])
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/exchanged/) })
    copyFileSync(`${file}.present`, file)

    expect(await serving.stop()).toBe(0)
    await house.program.start()
    expect((await alice.get(house.url('/'))).status).toBe(200)
    // Cookies are no keys: whoever fears for them ends all sessions.
    expect(house.program.run(['session', 'revoke', '--everybody'])).toMatchObject({ code: 0 })
    expect((await alice.get(house.url('/'))).status).toBe(302)
    expect(house.program.run(['audit', 'verify'])).toMatchObject({ code: 0 })
    expect(house.program.run(['audit', 'list', '--event', 'admin.key_rotated']).out).toMatch(
      /secret/,
    )
  })
})

describe('signing keys that are exchanged under load', () => {
  const published = async () => {
    const answer = await alice.get(house.url('/.well-known/jwks.json'))
    return JSON.parse(answer.body) as { keys: { kid: string }[] }
  }
  const isGood = async (statement: string) =>
    jwtVerify(statement, createLocalJWKSet(await published())).then(
      () => true,
      () => false,
    )
  let reloads = 0
  const reload = async () => {
    reloads += 1
    process.kill(serving.pid, 'SIGHUP')
    await reloaded(serving, reloads)
  }

  it('overlap, unless the one before has leaked', async () => {
    const early = told.at(-1) ?? ''
    expect(await isGood(early)).toBe(true)
    const [first] = (await published()).keys

    expect(rotate('signing', '--now')).toMatchObject({ code: 0, err: '' })
    await reload()
    await load.answered(10)
    const [, second] = (await published()).keys
    expect((await published()).keys).toHaveLength(2)
    expect([await isGood(early), await isGood(told.at(-1) ?? '')]).toEqual([true, true])
    expect(kidOf(told.at(-1) ?? '')).toBe(second?.kid)
    expect(kidOf(early)).toBe(first?.kid)

    expect(rotate('signing', '--leaked')).toMatchObject({ code: 0, err: '' })
    await reload()
    await load.answered(10)
    expect((await published()).keys).toHaveLength(1)
    expect([await isGood(early), await isGood(told.at(-1) ?? '')]).toEqual([false, true])
    await expectNoneFailed()
    expect(house.program.run(['key', 'list']).out).toMatch(/ES256 +signs/)
  })
})

const kidOf = (statement: string): unknown =>
  JSON.parse(Buffer.from(statement.split('.')[0] ?? '', 'base64url').toString()).kid
