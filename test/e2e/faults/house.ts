import { join } from 'node:path'
import { generate, generateSecret } from 'otplib'
import { expect } from 'vitest'
import { createPasswordHasher } from '../../../src/base/password.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aCredential, aUser } from '../../support/builders.ts'
import { freePort } from '../../support/ports.ts'
import { createProgram, type Program, type Started } from '../../support/program.ts'
import { type Answer, createVisitor, type Visitor } from '../../support/visitor.ts'

export const PASSWORD = 'eleven green bottles'
const COST = { memoryKib: 19_456, passes: 1 }

/** The built program with people in it, for whatever is to be done to it. Nothing runs yet. */
export interface House {
  program: Program
  port: number
  /** Writes the configuration anew, with this in the place of the `yaml` before. */
  configure(yaml: string): void
  /** The database. */
  path: string
  /** An address of the gateway's own host. */
  url(page: string): string
  /** Of an authenticator, as of now or of another moment. */
  codeOf(name: string, epoch?: number): Promise<string>
  /** A browser that has given its password and is asked for a code, or is in where none is asked for. */
  toCode(name: string): Promise<Visitor>
  signIn(name: string): Promise<Visitor>
  /** What a proxy hears about somebody. */
  asks(visitor: Visitor, page?: string): Promise<number>
  /** What the health listener says. */
  told(page: string): Promise<{ status: number; text: string }>
  end(): Promise<void>
}

export interface HouseOptions {
  people: readonly string[]
  /** More of the configuration; `routes` without an upstream when it has none. */
  yaml?: string
  /** Has everybody an authenticator, and does every page ask for it? */
  secondFactor?: boolean
  environment?: Record<string, string>
}

export async function openHouse(options: HouseOptions): Promise<House> {
  const { people, yaml = '', secondFactor = true, environment = {} } = options
  const [port, health] = [await freePort(), await freePort()]
  const require = secondFactor ? 'two_factor' : 'one_factor'
  const routes = `routes: [{ host: localhost, rules: [{ paths: [/open], require: bypass }, { require: ${require} }] }]`
  const whole = (more: string) => `
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
trusted_proxies: [127.0.0.1]
health: { listen: "127.0.0.1:${health}" }
login: { password: { memory_kib: ${COST.memoryKib}, passes: ${COST.passes} } }
store: { path: ./gatehouse.db }
${/^routes:/m.test(more) ? '' : routes}
${more}
`
  const program = createProgram(whole(yaml), environment)
  const path = join(program.folder, 'gatehouse.db')
  const secrets = new Map<string, string>()
  const { store, keyring } = await openSqlite({ path }, { create: true })
  const pepper = keyring('pepper')
  const hasher = createPasswordHasher({ cost: COST, pepper, concurrency: 2, queueLimit: 9 })
  const hash = await hasher.hash(PASSWORD)
  for (const name of people) {
    const user = aUser({ name })
    const secret = generateSecret()
    secrets.set(name, secret)
    await store.users.insert(user, hash)
    if (secondFactor)
      await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
  }
  await store.close()

  const url = (page: string) => `http://localhost:${port}${page}`
  const codeOf: House['codeOf'] = (name, epoch) =>
    generate({ secret: secrets.get(name) ?? '', ...(epoch === undefined ? {} : { epoch }) })
  const toCode = async (name: string) => {
    const visitor = createVisitor(port)
    await visitor.open(url('/.gatehouse/login'))
    const next = await visitor.submit({ username: name, password: PASSWORD })
    if (next.location) await visitor.open(new URL(next.location, url('/')).href)
    return visitor
  }

  return {
    ...{ program, port, path, url, codeOf, toCode },
    configure: (more) => program.configure(whole(more)),
    async signIn(name) {
      const visitor = await toCode(name)
      if (secondFactor) await visitor.submit({ code: await codeOf(name) })
      return visitor
    },
    async asks(visitor, page = '/private') {
      const headers = {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': `localhost:${port}`,
        'x-forwarded-uri': page,
      }
      const answer: Answer = await visitor.get(url('/api/authz/forward-auth'), { headers })
      return answer.status
    },
    async told(page) {
      const answer = await fetch(`http://127.0.0.1:${health}${page}`)
      return { status: answer.status, text: await answer.text() }
    },
    end: () => program.end(),
  }
}

/** Waits until a gateway has put so many configurations in force since its start. */
export async function reloaded(serving: Started, times: number): Promise<void> {
  const count = () => serving.output().split('configuration: reloaded').length - 1
  await expect.poll(count, { timeout: 50_000 }).toBeGreaterThanOrEqual(times)
}
