import { join } from 'node:path'
import Database from 'better-sqlite3'
import { generate, generateSecret } from 'otplib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPasswordHasher } from '../../../src/base/password.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aCredential, aUser } from '../../support/builders.ts'
import { freePort } from '../../support/ports.ts'
import { createProgram, type Program } from '../../support/program.ts'
import { createVisitor } from '../../support/visitor.ts'

/** More for whoever has the time: `npm run test:kills` kills it five hundred times. */
const ROUNDS = Number(process.env.KILLS ?? 8)
/** Everybody signs in once: a second code of the same half minute would be refused for being used. */
const PEOPLE_A_ROUND = 4
const PEOPLE = ROUNDS * PEOPLE_A_ROUND
const ROUND_MS = 10_000
const PASSWORD = 'eleven green bottles'

/** Somebody, with the authenticator that is theirs. */
interface Person {
  address: string
  name: string
  secret: string
}

describe('killed at a random moment under load', () => {
  let program: Program
  let port: number
  let path: string
  const people: Person[] = []

  beforeAll(async () => {
    port = await freePort()
    program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
trusted_proxies: [127.0.0.1]
health: { listen: "127.0.0.1:0" }
login: { password: { memory_kib: 19456, passes: 1 } }
routes: [{ host: localhost, rules: [{ require: two_factor }] }]
store: { path: ./gatehouse.db }
`)
    path = join(program.folder, 'gatehouse.db')
    const { store, keyring } = await openSqlite({ path }, { create: true })
    const cost = { memoryKib: 19_456, passes: 1 }
    const hasher = createPasswordHasher({
      cost,
      pepper: keyring('pepper'),
      concurrency: 2,
      queueLimit: 99,
    })
    const hash = await hasher.hash(PASSWORD)
    for (let index = 0; index < PEOPLE; index += 1) {
      const user = aUser({ name: `person${index}` })
      const secret = generateSecret()
      await store.users.insert(user, hash)
      await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
      people.push({
        name: user.name,
        secret,
        address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      })
    }
    await store.close()
  })
  afterAll(() => program.end())

  /** @returns The status of the last answer: 303 with a session when the code was accepted. */
  const signIn = async ({ name, address }: Person, code: string) => {
    // Guesses that a kill cut off count as failures, so everybody comes from a place of their own.
    const visitor = createVisitor(port, { 'x-forwarded-for': address })
    await visitor.open(`http://localhost:${port}/.gatehouse/login`)
    const next = await visitor.submit({ username: name, password: PASSWORD })
    await visitor.open(next.location ?? '')
    const done = await visitor.submit({ code })
    return { status: done.status, signedIn: visitor.jar.has('gatehouse') }
  }

  it(
    'loses no user and no factor, revives no used code, and leaves a trail that is whole',
    async () => {
      let used: { person: Person; code: string }[] = []
      const figures = { kills: 0, accepted: 0, triedAgain: 0 }
      for (let round = 0; round <= ROUNDS; round += 1) {
        const serving = await program.start()
        // What was accepted before the last kill, in the first moments after it.
        for (const { person, code } of used.slice(-2)) {
          expect(await signIn(person, code)).toEqual({ status: 401, signedIn: false })
          figures.triedAgain += 1
        }
        used = []
        if (round === ROUNDS) break
        const group = people.slice(round * PEOPLE_A_ROUND, (round + 1) * PEOPLE_A_ROUND)
        const load = group.map(async (person) => {
          const code = await generate({ secret: person.secret })
          // Whatever is cut off by the kill has no answer, and nothing was promised about it.
          const outcome = await signIn(person, code).catch(() => undefined)
          if (outcome?.signedIn) used.push({ person, code })
        })
        if (round % 2 === 0) await Promise.race(load)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
        await serving.stop('SIGKILL')
        await Promise.all(load)
        figures.kills += 1
        figures.accepted += used.length
        const raw = new Database(path)
        expect(raw.pragma('integrity_check', { simple: true })).toBe('ok')
        const count = (table: string) =>
          raw.prepare(`select count(*) from "${table}"`).pluck().get()
        expect([count('user'), count('credential')]).toEqual([PEOPLE, PEOPLE])
        raw.close()
        // What was killed in the middle of a row must not look like what somebody has tampered with.
        expect(program.run(['audit', 'verify'])).toMatchObject({ code: 0 })
        if (figures.kills % 25 === 0) process.stderr.write(`${JSON.stringify(figures)}\n`)
      }
      // It proves something only where sign-ins did go through before the kills.
      expect(figures.accepted).toBeGreaterThan(ROUNDS / 2)
    },
    ROUNDS * ROUND_MS,
  )
})
