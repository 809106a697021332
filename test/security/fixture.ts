import { once } from 'node:events'
import type { Socket } from 'node:net'
import Database from 'better-sqlite3'
import { generateSync } from 'otplib'
import { type App, createApp } from '../../src/app.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { createPasswordHasher, type PasswordHasher } from '../../src/base/password.ts'
import { type Config, configSchema } from '../../src/config/schema.ts'
import type { User } from '../../src/model/user.ts'
import type { Store } from '../../src/store/contract.ts'
import { aCredential, aUser } from '../support/builders.ts'
import { valuesOf } from '../support/http1.ts'
import { portOf } from '../support/ports.ts'
import { type RawAnswer, send } from '../support/raw.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import { type StillClock, stillClock } from '../support/still-clock.ts'
import { temporaryStore } from '../support/temporary-store.ts'
import { type Browser, createBrowser, type Headers, type Page } from './browser.ts'
import type { Resolve } from './corpus.ts'
import { type Dialect, inDialect, verifyPath } from './dialects.ts'
import { STAND_INS } from './not-applicable.ts'

/** The gateway as attack cases find it: hosts, users, and an application that writes down everything. */
export interface Fixture {
  clock: StillClock
  config: Config
  cookieName: string
  databaseFile: string
  recorder: Recorder
  store: Store
  users: Record<UserName, User>
  /** A listener that trusts nobody: whoever comes is a browser. */
  port: number
  /** A second node on the same store, which trusts loopback: whoever comes is a proxy that asks. */
  trustedPort: number

  /** What stands for the placeholders of the cases. */
  resolve: Resolve
  addUser(user: User): Promise<void>
  credentials(name: string): { username: string; password: string }
  /** The code that a user's app shows, `steps` away from now. */
  code(name: string, steps?: number): string
  secretOf(name: string): string
  /** Puts the sealed secret of one user in the place of another's, as somebody with the file could. */
  moveSealedSecret(from: string, to: string): Promise<void>

  /**
   * @param port The node that it speaks to; the first one when absent.
   * @param extra Headers of every request.
   */
  browser(port?: number, extra?: Headers): Browser
  /** Signs in with all that is asked for. @returns The last answer, which leads to the destination. */
  signIn(browser: Browser, name: string, options?: { rd?: string }): Promise<Page>
  /** The same up to the question for a code. */
  toCode(browser: Browser, name: string): Promise<Page>
  /** Raises a session to what a destination asks for. */
  stepUp(browser: Browser, name: string, rd: string): Promise<Page>
  /** A Set-Cookie line that puts a new session into a jar. */
  setCookie(name: string, level: Level): Promise<string>
  /** Takes a table away from under the gateway. @returns What brings it back. */
  breakStore(table?: string): () => void
  /** Writes into the database, past the gateway. */
  tamper(sql: string, ...values: string[]): void
  /** Reads the database, past the gateway. */
  rows(sql: string): unknown[]
  /** One request of a browser with this Cookie header. */
  ask(host: string, path: string, cookie: string): Promise<RawAnswer>
  /** The same request, asked about by a proxy. */
  askForward(
    host: string,
    path: string,
    cookie: string,
    options?: { port?: number; dialect?: Dialect },
  ): Promise<RawAnswer>
  /** Puts other rules in force, as after a change of the configuration. */
  reload(rules: NonNullable<FixtureOptions['rules']>): void
  /** How many connections to the first node are open. */
  connections(): number
  /** One more node on the same store, which remembers nothing of the others; it trusts loopback. @returns Its port. */
  another(): Promise<number>
  /** Stops the first node as an operator does. */
  stop(): Promise<void>
  close(): Promise<void>
}

export type Level = 'aal1' | 'aal2'

type UserName = 'alice' | 'bob' | 'carol' | 'dave' | 'noemail' | 'mallory' | 'erin'

const PEOPLE: Record<UserName, Partial<User>> = {
  alice: { displayName: 'Alice Adams' },
  bob: { displayName: 'Bob Brown' },
  carol: { displayName: 'Carol Clark', groups: ['admins'] },
  dave: { displayName: 'Dave Davis' },
  noemail: { displayName: 'Nora Mailless' },
  mallory: { displayName: 'Mallory Moore' },
  erin: { displayName: 'Erin Evans', status: 'disabled' },
}

const PORTAL = 'https://auth.gw.test'
const STEP_SECONDS = 30
// The portal and its applications share gw.test, over HTTPS.
const COOKIE_NAME = '__Secure-gatehouse'

/** Far below what may be configured, and still some milliseconds: whoever leaves the hash out is seen. */
const CHEAP = { memoryKib: 4_096, passes: 1 }

const admins = { groups: ['admins'], require: 'two_factor' }
const twoFactor = { require: 'two_factor' }

/** Hosts and rules of the cases. */
const routesTo = (port: number, { elsewhere = {}, rules = {} }: FixtureOptions) =>
  Object.entries({
    app: [
      { paths: ['/public/**'], require: 'bypass' },
      { paths: ['/admin/**'], ...admins },
      { paths: ['/ip-locked'], networks: ['10.0.0.0/8'], ...twoFactor },
      { paths: ['/ip-locked'], require: 'deny' },
      { paths: ['/deny-loopback'], networks: ['127.0.0.0/8', '::1'], require: 'deny' },
      twoFactor,
    ],
    one: [{ require: 'one_factor' }],
    open: [{ require: 'bypass' }],
    admin: [admins],
    ws: [twoFactor],
    a: [twoFactor],
    b: [twoFactor],
  }).map(([name, usual]) => ({
    host: `${name}.gw.test`,
    upstream: `http://127.0.0.1:${elsewhere[name] ?? port}`,
    rules: rules[name] ?? usual,
  }))

/** The routes that cases speak of by name. */
const PLACES: Record<string, string> = {
  VERIFY: verifyPath('forward-auth'),
  LOGIN_PASSWORD: '/login',
  LOGIN_TOTP: '/login/AAAAAAAAAAAAAAAAAAAAAA',
  LOGOUT: '/logout',
  PASSWORD_CHANGE: '/account/password',
  SESSIONS_REVOKE: '/account/sessions/others',
  API_CHALLENGE: '/api/2fa/challenges',
  ...STAND_INS,
}

export interface FixtureOptions {
  /** Ports of applications that stand in for the recorder, by the first label of their host. */
  elsewhere?: Record<string, number>
  /** Rules that stand in for the usual ones, by the first label of the host. */
  rules?: Record<string, object[]>
  timeouts?: Record<string, string>
  /** What a password costs to check, and how many may wait for it. */
  password?: Partial<Config['login']['password']>
  /** Factors that are switched on; the app alone when left out. */
  factors?: Record<string, object>
  /** Ways to people; none when left out. */
  channels?: object
  /** Applications that use the API; nobody does when left out. */
  applications?: readonly { id: string }[]
  log?: Log
}

export async function openFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const clock = stillClock()
  const recorder = await openRecorder()
  const { store, keyring, path, end } = await temporaryStore()
  const config = configOf(recorder.port, [], options)
  const outside = { store, keyring, log: options.log ?? silentLog, clock }
  const browsers = await listen(await createApp(config, outside))
  const proxies = await listen(
    await createApp(configOf(recorder.port, ['127.0.0.1'], options), outside),
  )

  const others: Node[] = []

  const hasher = cheapHasher(keyring('pepper'))
  const secrets = new Map<string, string>()
  const people = createPeople({ store, hasher, secrets })
  const users = await people.all()
  const code = (name: string, steps = 0) =>
    generateSync({ secret: secretOf(secrets, name), epoch: clock.now() + steps * STEP_SECONDS })

  const browser: Fixture['browser'] = (port = browsers.port, extra = []) =>
    createBrowser(port, extra)
  const toCode = async (who: Browser, name: string, rd?: string) => {
    const query = rd === undefined ? '' : `?rd=${encodeURIComponent(rd)}`
    const first = await who.get(`${PORTAL}/login${query}`)
    return follow(who, await who.submit(first, credentialsOf(name)))
  }
  const answerCode = async (who: Browser, name: string, page: Page) => {
    if (!isAttempt(page.url)) return page
    // A code that was used already would be refused: time goes on to the next one.
    clock.advance(STEP_SECONDS)
    return who.submit(page, { code: code(name) })
  }
  const signIn: Fixture['signIn'] = async (who, name, { rd } = {}) =>
    answerCode(who, name, await toCode(who, name, rd))

  const cookies = new Map<string, Promise<string>>()
  const cookieOf = async (name: string, level: Level): Promise<string> => {
    const who = browser()
    await signIn(who, name, {
      rd: level === 'aal1' ? 'https://one.gw.test/' : 'https://app.gw.test/',
    })
    const cookie = who.cookies('app.gw.test')
    if (cookie === '') throw new Error(`${name} could not sign in`)
    return cookie
  }
  /** One session a user and level, for all cases that need one. */
  const cachedCookie = (name: string, level: Level): Promise<string> => {
    const key = `${name} ${level}`
    const cookie = cookies.get(key) ?? cookieOf(name, level)
    cookies.set(key, cookie)
    return cookie
  }

  /** A genuine one, as the application on that host received it. */
  const assertionFor = async (name: string, host: string): Promise<string> => {
    await send(browsers.port, {
      host,
      path: '/',
      headers: [['Cookie', await cachedCookie(name, 'aal2')]],
    })
    const received = recorder.messages().at(-1)?.headers ?? []
    const [assertion] = valuesOf(received, 'x-gatehouse-assertion')
    if (!assertion) throw new Error(`${host} received no assertion about ${name}`)
    return assertion
  }

  const tamper: Fixture['tamper'] = (sql, ...values) => {
    const db = new Database(path)
    db.prepare(sql).run(values)
    db.close()
  }

  const resolve: Resolve = async (placeholder) => {
    const [word = '', name = '', level, dress] = placeholder.split(':')
    const cookie = () => cachedCookie(name, level === 'aal1' ? 'aal1' : 'aal2')
    if (word in PLACES) return PLACES[word] ?? ''
    if (word === 'COOKIE') return cookie()
    if (word === 'COOKIE_VALUE') {
      const value = (await cookie()).slice(COOKIE_NAME.length + 1)
      return dress === 'truncated' ? value.slice(0, -7) : value
    }
    if (word === 'COOKIE_NAME') return COOKIE_NAME
    if (word === 'PW') return credentialsOf(name).password
    if (word === 'TOTP') return code(name)
    if (word === 'PORT') return String(browsers.port)
    if (word === 'ASSERTION') return assertionFor(name, 'b.gw.test')
    throw new Error(`no such placeholder: ${placeholder}`)
  }

  return {
    clock,
    config,
    cookieName: COOKIE_NAME,
    databaseFile: path,
    recorder,
    store,
    users,
    port: browsers.port,
    trustedPort: proxies.port,
    resolve,
    addUser: people.add,
    credentials: credentialsOf,
    code,
    secretOf: (name) => secretOf(secrets, name),
    async moveSealedSecret(from, to) {
      const idOf = async (name: string) => (await store.users.findByName(name))?.id ?? ''
      tamper(
        'UPDATE credential SET data = (SELECT data FROM credential WHERE user_id = ?) WHERE user_id = ?',
        await idOf(from),
        await idOf(to),
      )
    },
    breakStore(table = 'session') {
      const rename = (from: string, to: string) => tamper(`ALTER TABLE "${from}" RENAME TO "${to}"`)
      rename(table, 'taken_away')
      return () => rename('taken_away', table)
    },
    tamper,
    rows(sql) {
      const db = new Database(path, { readonly: true })
      const found = db.prepare(sql).all()
      db.close()
      return found
    },
    browser,
    signIn,
    toCode,
    async stepUp(who, name, rd) {
      const page = await who.get(`${PORTAL}/login?rd=${encodeURIComponent(rd)}`)
      return answerCode(who, name, await follow(who, page))
    },
    async setCookie(name, level) {
      return `${await cachedCookie(name, level)}; Domain=gw.test; Path=/`
    },
    ask: (host, requested, cookie) =>
      send(browsers.port, { host, path: requested, headers: cookie ? [['Cookie', cookie]] : [] }),
    askForward: (host, requested, cookie, { port = proxies.port, dialect = 'forward-auth' } = {}) =>
      send(port, {
        host: 'auth.gw.test',
        path: verifyPath(dialect),
        headers: inDialect(dialect, [
          ['X-Forwarded-Method', 'GET'],
          ['X-Forwarded-Proto', 'https'],
          ['X-Forwarded-Host', host],
          ['X-Forwarded-Uri', requested],
          ['X-Forwarded-For', '192.0.2.7'],
          ...(cookie ? [['Cookie', cookie] as const] : []),
        ]),
      }),
    reload(rules) {
      const next = configOf(recorder.port, [], { ...options, rules })
      browsers.app.prepare(next, 2).swap()
    },
    connections: () => browsers.sockets.size,
    async another() {
      const node = await listen(
        await createApp(configOf(recorder.port, ['127.0.0.1'], options), outside),
      )
      others.push(node)
      return node.port
    },
    stop: () => browsers.close(),
    async close() {
      for (const node of others) await node.close()
      await browsers.close()
      await proxies.close()
      await recorder.close()
      await end()
    },
  }
}

function configOf(
  recorderPort: number,
  trusted: readonly string[],
  options: FixtureOptions,
): Config {
  const config = configSchema.parse({
    portal: { url: PORTAL },
    trusted_proxies: trusted,
    routes: routesTo(recorderPort, options),
    timeouts: { drain: '1s', ...options.timeouts },
    ...(options.factors ? { factors: options.factors } : {}),
    ...(options.channels ? { channels: options.channels } : {}),
    ...(options.applications ? { api: { applications: options.applications } } : {}),
  })
  const { memoryKib: memory_kib, passes } = CHEAP
  const cheap = { ...config.login.password, memory_kib, passes }
  const password = { ...cheap, ...options.password }
  return { ...config, login: { ...config.login, password } }
}

interface Node {
  app: App
  port: number
  sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

async function listen(app: App): Promise<Node> {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.server.listen(0, '127.0.0.1')
  await once(app.server, 'listening')
  return { app, port: portOf(app.server), sockets, close: () => app.close() }
}

const cheapHasher = (pepper: Uint8Array): PasswordHasher =>
  createPasswordHasher({
    cost: CHEAP,
    pepper,
    concurrency: 2,
    queueLimit: 64,
  })

const credentialsOf = (name: string) => ({
  username: name,
  password: `a long sentence that only ${name} knows`,
})

function secretOf(secrets: ReadonlyMap<string, string>, name: string): string {
  const secret = secrets.get(name)
  if (secret === undefined) throw new Error(`${name} has no authenticator app`)
  return secret
}

interface PeopleDeps {
  store: Store
  hasher: PasswordHasher
  /** Filled with the TOTP secret of everybody who has one. */
  secrets: Map<string, string>
}

function createPeople({ store, hasher, secrets }: PeopleDeps) {
  /** A secret of a user's own, in base32. */
  const secretFor = (name: string) =>
    Buffer.from(name.padEnd(20, name))
      .toString('hex')
      .slice(0, 32)
      .replace(/[0189]/g, (digit) => 'ABCD'['0189'.indexOf(digit)] ?? 'A')
      .toUpperCase()

  const add = async (user: User): Promise<void> => {
    await store.users.insert(user, await hasher.hash(credentialsOf(user.name).password))
    if (user.name === 'dave') return
    const secret = secretFor(user.name)
    secrets.set(user.name, secret)
    await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
  }

  const named = (name: UserName): User => {
    const { email: _, ...user } = aUser({ ...PEOPLE[name], name })
    return name === 'noemail' ? user : { ...user, email: `${name}@gw.test` }
  }

  return {
    add,
    async all(): Promise<Record<UserName, User>> {
      const made = async (name: UserName) => {
        const user = named(name)
        await add(user)
        return user
      }
      return {
        alice: await made('alice'),
        bob: await made('bob'),
        carol: await made('carol'),
        dave: await made('dave'),
        noemail: await made('noemail'),
        mallory: await made('mallory'),
        erin: await made('erin'),
      }
    },
  }
}

const isAttempt = (url: URL): boolean => /^\/login\/./.test(url.pathname)

/** Goes on within the portal, and stops where the answer leads out of it or is a page. */
async function follow(browser: Browser, page: Page): Promise<Page> {
  const { location } = page
  if (location === undefined || !isAttempt(new URL(location, page.url))) return page
  return browser.get(new URL(location, page.url).href)
}
