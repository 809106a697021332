import { join } from 'node:path'
import Database from 'better-sqlite3'
import { generateSecret } from 'otplib'
import { newKeyToken } from '../../src/api/keys.ts'
import { sha256 } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createKeyring } from '../../src/base/keyring.ts'
import { silentLog } from '../../src/base/log.ts'
import { createPasswordHasher } from '../../src/base/password.ts'
import { createSessions } from '../../src/session/sessions.ts'
import { readSecretKey } from '../../src/store/secret-key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { aCredential, aUser } from '../support/builders.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { childrenOf } from './processes.ts'

/** The built gateway as an operator runs it, with somebody signed in. */
export interface BenchedGateway {
  /** The processes that take requests. */
  pids: readonly number[]
  port: number
  /** As it stands in the address bar. */
  host: string
  /** Cookies of people who are signed in with two factors, the first one first. */
  cookies: readonly string[]
  /** People who are not, and can be. */
  people: readonly Person[]
  /** Users of an application that checks their codes through the API, and its key. */
  customers: readonly Customer[]
  apiKey: string
  end(): Promise<void>
}

export interface Person {
  name: string
  secret: string
}

export interface Customer {
  /** As the application calls them. */
  id: string
  secret: string
}

const SHOP = 'shop'

export const PASSWORD = 'eleven green bottles'

export interface GatewayOptions {
  /** Where the application listens. */
  upstream: number
  /** Living sessions in the store. */
  sessions?: number
  /** Of how many of them the cookie is told. */
  cookies?: number
  people?: number
  customers?: number
  workers?: number
}

export async function startGateway(options: GatewayOptions): Promise<BenchedGateway> {
  const { upstream, sessions = 1, cookies = 1, people = 0, customers = 0, workers = 1 } = options
  const port = await freePort()
  const host = `localhost:${port}`
  const program = createProgram(configOf(port, upstream, workers))
  const path = join(program.folder, 'gatehouse.db')
  const filled = await fill(path, { cookies, people, customers })
  if (sessions > cookies) addSessions(path, sessions - cookies)
  const started = await program.start()
  await settled()
  return {
    pids: workers > 1 ? childrenOf(started.pid) : [started.pid],
    port,
    host,
    ...filled,
    end: () => endOf(program),
  }
}

const configOf = (port: number, upstream: number, workers: number) => `
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
${workers > 1 ? `workers: ${workers}` : ''}
health: { listen: "127.0.0.1:0" }
trusted_proxies: [127.0.0.1]
store: { path: ./gatehouse.db }
login: { password: { queue: 256 } }
factors: { totp: {} }
api:
  applications: [{ id: ${SHOP}, name: The Shop }]
  requests_per_minute: { key: 1000000, user: 1000000, address: 1000000 }
routes:
  - host: localhost
    upstream: http://127.0.0.1:${upstream}
    rules: [{ require: two_factor }]
`

/** What runs once after a start has run. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 1_500))

async function endOf(program: Program): Promise<void> {
  await program.end()
}

async function fill(path: string, count: { cookies: number; people: number; customers: number }) {
  const { store, keyring } = await openSqlite({ path }, { create: true })
  const now = systemClock.now()
  const issuer = createSessions({
    repository: store.sessions,
    clock: systemClock,
    config: { idle: 1800, absolute: 43_200, remembered: 2_592_000, per_user: 50 },
    key: createKeyring(readSecretKey(path, undefined))('cookie'),
    log: silentLog,
  })
  const proof = { aal: 2 as const, phishingResistant: false, amr: ['pwd', 'otp', 'mfa'] }
  const cookies: string[] = []
  for (let index = 0; index < count.cookies; index += 1) {
    const user = aUser({ name: `signed-in-${index}`, groups: ['staff'] })
    await store.users.insert(user)
    const issued = await issuer.issue({
      userId: user.id,
      proof: { ...proof, authenticatedAt: now },
      remember: false,
      address: '127.0.0.1',
      userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    })
    cookies.push(`gatehouse=${issued?.token}`)
  }

  const cost = { memoryKib: 65_536, passes: 3 }
  const pepper = keyring('pepper')
  const hasher = createPasswordHasher({ cost, pepper, concurrency: 2, queueLimit: 9 })
  const hash = await hasher.hash(PASSWORD)
  const people: Person[] = []
  for (let index = 0; index < count.people; index += 1) {
    const user = aUser({ name: `person-${index}` })
    const secret = generateSecret()
    await store.users.insert(user, hash)
    await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
    people.push({ name: user.name, secret })
  }

  const customers: Customer[] = []
  for (let index = 0; index < count.customers; index += 1) {
    const id = `customer-${index}`
    const secret = generateSecret()
    const user = aUser({ name: id, application: SHOP })
    await store.users.insert(user)
    await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
    customers.push({ id, secret })
  }
  const { id, token: apiKey, secretHash } = newKeyToken()
  const key = { id, application: SHOP, label: 'bench', scopes: ['2fa' as const], networks: [] }
  await store.apiKeys.insert({ ...key, createdAt: now }, secretHash)
  await store.close()
  return { cookies, people, customers, apiKey }
}

const PER_USER = 10

/** Rows as the gateway writes them, past it: a hundred thousand sign-ins would take a day. */
function addSessions(path: string, count: number): void {
  const db = new Database(path)
  const addUser = db.prepare(copyOf(db, 'user', { id: ':id', name: ':id', name_key: ':id' }))
  const addSession = db.prepare(
    copyOf(db, 'session', { id: ':id', user_id: ':user', secret_hash: ':hash' }),
  )
  db.transaction(() => {
    for (let index = 0; index < count; index += 1) {
      const user = `bench-user-${Math.floor(index / PER_USER)}`
      if (index % PER_USER === 0) addUser.run({ id: user })
      const id = sha256(`session ${index}`).toString('base64url').slice(0, 22)
      addSession.run({ id, user, hash: sha256(`secret ${index}`) })
    }
  })()
  db.close()
}

/** A statement that adds a row like one that is there, but for what is its own. */
function copyOf(db: Database.Database, table: string, own: Record<string, string>): string {
  const columns = db.prepare('select name from pragma_table_info(?)').pluck().all(table) as string[]
  const values = columns.map((name) => own[name] ?? `"${name}"`)
  return `insert into "${table}" select ${values.join(', ')} from "${table}" limit 1`
}
