import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { generate, generateSecret } from 'otplib'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { createPasswordHasher } from '../../../src/base/password.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { story } from '../../security/story.ts'
import { aCredential, aUser } from '../../support/builders.ts'
import { freePort } from '../../support/ports.ts'
import { createProgram, type Program, type Started } from '../../support/program.ts'
import { createVisitor, type Visitor } from '../../support/visitor.ts'

const PASSWORD = 'eleven green bottles'
const PEOPLE = ['alice', 'bob', 'carol'] as const
const COST = { memoryKib: 19_456, passes: 1 }

let program: Program
let serving: Started
let port: number
const secrets = new Map<string, string>()

beforeAll(async () => {
  port = await freePort()
  program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
trusted_proxies: [127.0.0.1]
health: { listen: "127.0.0.1:0" }
login: { password: { memory_kib: ${COST.memoryKib}, passes: ${COST.passes} } }
routes: [{ host: localhost, rules: [{ require: two_factor }] }]
store: { path: ./gatehouse.db }
`)
  const path = join(program.folder, 'gatehouse.db')
  const { store, keyring } = await openSqlite({ path }, { create: true })
  const pepper = keyring('pepper')
  const hasher = createPasswordHasher({ cost: COST, pepper, concurrency: 2, queueLimit: 9 })
  for (const name of PEOPLE) {
    const user = aUser({ name })
    const secret = generateSecret()
    secrets.set(name, secret)
    await store.users.insert(user, await hasher.hash(PASSWORD))
    await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
  }
  await store.close()
  serving = await program.start()
})
afterAll(() => program.end())

/** Limits how large a file of the gateway may grow; pipes and what stands in files already are free. */
function limitFiles(bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', [
    `--pid=${serving.pid}`,
    `--fsize=${bytes}:unlimited`,
  ])
  if (status !== 0) throw new Error(String(stderr))
}

const toPassword = async () => {
  const visitor = createVisitor(port)
  await visitor.open(`http://localhost:${port}/.gatehouse/login`)
  return visitor
}

const givePassword = (visitor: Visitor, username: string) =>
  visitor.submit({ username, password: PASSWORD })

const toCode = async (name: string) => {
  const visitor = await toPassword()
  const next = await givePassword(visitor, name)
  await visitor.open(next.location ?? '')
  return visitor
}

const codeOf = (name: string) => generate({ secret: secrets.get(name) ?? '' })

/** What a proxy hears about somebody. */
const asks = async (visitor: Visitor) =>
  (
    await visitor.get(`http://localhost:${port}/api/authz/forward-auth`, {
      headers: {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': `localhost:${port}`,
        'x-forwarded-uri': '/',
      },
    })
  ).status

describe('a disk with no room left', () => {
  story('FCL-006', 'signs nobody in, lets in who is, and is over when it is over', async () => {
    const alice = await toCode('alice')
    await alice.submit({ code: await codeOf('alice') })
    expect(await asks(alice)).toBe(200)
    const bob = await toCode('bob')
    const code = await codeOf('bob')

    limitFiles(1)
    expect(await asks(alice)).toBe(200)
    // In the middle of a sign-in, at the use of a code, and with every try.
    expect((await givePassword(await toPassword(), 'carol')).status).toBe(503)
    const { page, url } = bob
    for (let count = 0; count < 10; count += 1) {
      const answer = await bob.submit({ code })
      // Back, to the form.
      Object.assign(bob, { page, url })
      expect([answer.status, bob.jar.has('gatehouse')]).toEqual([503, false])
    }
    expect(await asks(bob)).not.toBe(200)

    limitFiles('unlimited')
    // Nobody repaired anything, and the code was not used up by what failed.
    await bob.submit({ code })
    expect(await asks(bob)).toBe(200)
    expect(await asks(alice)).toBe(200)
    const carol = await toCode('carol')
    await carol.submit({ code: await codeOf('carol') })
    expect(await asks(carol)).toBe(200)
  })
})
