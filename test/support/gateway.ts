import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'otplib'
import { type App, createApp } from '../../src/app.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import type { Metrics } from '../../src/base/metrics.ts'
import { createPasswordHasher } from '../../src/base/password.ts'
import type { Channel } from '../../src/channels/contract.ts'
import { loadConfig } from '../../src/config/load.ts'
import { issuePass } from '../../src/factors/pass/issue.ts'
import type { Credential } from '../../src/model/factor.ts'
import type { User } from '../../src/model/user.ts'
import type { Store } from '../../src/store/contract.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { aCredential, aUser } from './builders.ts'
import { type StillClock, stillClock } from './still-clock.ts'
import { createVisitor, type Visitor } from './visitor.ts'

/** A gateway in this process, on a port of loopback, with a clock that stands still. */
export interface TestGateway {
  app: App
  port: number
  store: Store
  /** The file of the database. */
  path: string
  clock: StillClock
  /** Where the portal stands. */
  portal: string
  /** A browser of its own. */
  visitor(): Visitor
  addUser(given: Partial<User> & { password?: string; secret?: string }): Promise<User>
  /** The code that a user's authenticator app shows, steps of 30 seconds from now. */
  code(userId: string, steps?: number): Promise<string>
  credential(userId: string): Promise<Credential | undefined>
  /** All that is on disk: the database and what belongs to it. */
  files(): Buffer
  /** A pass that an administrator gives out. */
  issuePass(userId: string, seconds?: number): Promise<string>
  close(): Promise<void>
}

export const PASSWORD = 'correct horse battery'

export interface GatewayOptions {
  log?: Log
  /** Channels that take what is sent to people. */
  ways?(clock: StillClock): readonly Channel[]
  /** Where what happens is counted. */
  metrics?: Metrics
  /** Where to listen on loopback; any free port when left out. */
  port?: number
}

/** @param yaml The configuration without store, health and listen; hashing is made cheap. */
export async function openGateway(
  yaml: string,
  { log = silentLog, ways, metrics, port: wanted = 0 }: GatewayOptions = {},
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, `${yaml}\nstore: { path: ./gatehouse.db }\n`)
  const loaded = loadConfig(file, {}).config
  const config = {
    ...loaded,
    login: { ...loaded.login, password: { ...loaded.login.password, memory_kib: 64, passes: 1 } },
  }
  const { store, keyring } = await openSqlite(config.store, { create: true })
  const clock = stillClock()
  const app = createApp(config, {
    store,
    keyring,
    log,
    clock,
    ways: ways?.(clock) ?? [],
    ...(metrics ? { metrics } : {}),
  })
  await new Promise<void>((resolve) => app.server.listen(wanted, '127.0.0.1', resolve))
  const { port } = app.server.address() as AddressInfo
  const cost = { memoryKib: 64, passes: 1 }
  const hasher = createPasswordHasher({
    cost,
    pepper: keyring('pepper'),
    concurrency: 2,
    queueLimit: 50,
  })

  const credential = async (userId: string) => (await store.credentials.listByUser(userId))[0]

  return {
    app,
    port,
    store,
    path: config.store.path,
    clock,
    portal: config.portal.url.href,
    visitor: () => createVisitor(port),
    credential,

    async addUser({ password = PASSWORD, secret, ...given }) {
      const user = aUser({ createdAt: clock.now(), ...given })
      await store.users.insert(user, await hasher.hash(password))
      if (secret) await store.credentials.insert(aCredential({ userId: user.id, data: { secret } }))
      return user
    },

    async code(userId, steps = 0) {
      const own = await store.credentials.listByUser(userId)
      const app = own.find(({ kind }) => kind === 'totp')
      const { secret } = { secret: '', ...(app?.data as object) }
      return generate({ secret, epoch: clock.now() + steps * 30 })
    },

    files() {
      const names = readdirSync(folder).filter((name) => name.startsWith('gatehouse.db'))
      return Buffer.concat(names.map((name) => readFileSync(join(folder, name))))
    },

    async issuePass(userId, seconds = 3600) {
      const { pass, data, label } = await issuePass(hasher, clock.now() + seconds)
      await store.credentials.insert(aCredential({ userId, kind: 'pass', label, data }))
      return pass
    },

    async close() {
      await app.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}
