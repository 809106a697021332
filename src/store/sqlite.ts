import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { Kysely } from 'kysely'
import { hmac } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { hasCode, OperatorError } from '../base/errors.ts'
import { createKeyring, type Keyring } from '../base/keyring.ts'
import { createSeal } from '../base/seal.ts'
import type { Atomically, Run } from './atomically.ts'
import type { StoreConfig } from './config.ts'
import type { SecretKeyWraps, Store } from './contract.ts'
import { guardedDialect } from './dialect.ts'
import { createGuard, type Guard } from './guard.ts'
import { migrate, TRAIL_SINCE } from './migrate.ts'
import { createRemains } from './remains.ts'
import { createAlertRepository } from './repositories/alerts.ts'
import { createApiKeyRepository } from './repositories/api-keys.ts'
import { createAttemptRepository } from './repositories/attempts.ts'
import { createChallengeRepository } from './repositories/challenges.ts'
import { createConsentRepository } from './repositories/consents.ts'
import { createCredentialRepository } from './repositories/credentials.ts'
import { createDeviceRepository } from './repositories/devices.ts'
import { createEventRepository } from './repositories/events.ts'
import { createHabitRepository } from './repositories/habits.ts'
import { createIdempotencyRepository } from './repositories/idempotency.ts'
import { createLimitRepository } from './repositories/limits.ts'
import { createPersonRepository } from './repositories/persons.ts'
import { createSessionRepository } from './repositories/sessions.ts'
import { createSigningKeyRepository } from './repositories/signing-keys.ts'
import { createTicketRepository } from './repositories/tickets.ts'
import { createUserRepository } from './repositories/users.ts'
import { createVisitRepository } from './repositories/visits.ts'
import { createWebhookRepository } from './repositories/webhooks.ts'
import { keyFileOf, makeSecretKey, readSecretKey } from './secret-key.ts'
import { damaged, translate } from './sqlite-faults.ts'
import type { Tables } from './tables.ts'
import { beginTrail } from './trail/begin.ts'
import { createSeals } from './trail/seals.ts'
import { verifyFile } from './trail/view.ts'
import { createWraps, rootKey } from './wraps.ts'

/** An open store, and the keys that belong to its data. */
export interface OpenStore {
  store: Store
  keyring: Keyring
}

export interface OpenOptions {
  /** Make the database when there is none; off for commands that only make sense on an existing one. */
  create: boolean
}

// "GATE": tells our database from any other SQLite file.
const APPLICATION_ID = 0x47415445
/** Of a start and an end; in between nobody is kept waiting by SQLite itself. */
const BUSY_TIMEOUT_MS = 4000
const DAY = 86_400
const YEAR = 365 * DAY
/** How long it is remembered what is usual for a person who does not sign in. */
const HABIT_SECONDS = 180 * DAY

/**
 * Opens the SQLite store, makes it when there has never been one, and brings it up to date.
 *
 * @throws {OperatorError} when the file is missing though its key is there, is no database of ours, is
 * corrupt, is of a newer version, or belongs to another key. Nothing is changed on disk then.
 */
export async function openSqlite(config: StoreConfig, { create }: OpenOptions): Promise<OpenStore> {
  const { path: file, key: configured } = config
  if (!existsSync(file)) await makeDatabase(config, create)
  const secretKey = readSecretKey(file, configured)
  const raw = openFile(file)
  if (configured) leaveMark(file)
  const guard = createGuard(raw, file)
  try {
    const root = rootKey(raw, secretKey, file)
    const keyring = createKeyring(root)
    checkKey(raw, keyring, file)
    const db = await upgrade(raw, keyring, guard)
    const wraps = createWraps({ raw, guard, secretKey, root })
    return { store: createStore({ raw, db, keyring, file, guard, wraps }), keyring }
  } catch (cause) {
    guard.close()
    raw.close()
    throw translate(cause, file)
  }
}

/** The database is made beside its place and moved there whole: half a one never stands in it. */
async function makeDatabase({ path: file, key: configured }: StoreConfig, create: boolean) {
  const draft = `${file}.new`
  const interrupted = existsSync(draft)
  const trace = configured ? markOf(file) : keyFileOf(file)
  if (existsSync(trace) && !interrupted) {
    throw new OperatorError(
      `${configured ? 'The mark' : 'The key'} ${trace} is there, but its database ${file} is missing. Restore the database from a backup; ` +
        `or, to begin anew without any user, move ${trace} away.`,
    )
  }
  if (!create)
    throw new OperatorError(
      `There is no database at ${file} yet. Start Gatehouse once: gatehouse serve`,
    )

  // A key that cannot be used is found out before anything is made.
  if (configured) readSecretKey(file, configured)
  try {
    makeFolder(dirname(file))
    rmSync(draft, { force: true })
    const raw = new Database(draft)
    chmodSync(draft, 0o600)
    if (!configured) makeSecretKey(file)
    const keyring = createKeyring(readSecretKey(file, configured))
    raw.pragma(`application_id = ${APPLICATION_ID}`)
    const guard = createGuard(raw, draft)
    const db = await upgrade(raw, keyring, guard)
    guard.close()
    const value = keyMark(keyring)
    await db.insertInto('meta').values({ key: 'key_check', value }).execute()
    raw.close()
    renameSync(draft, file)
    if (configured) leaveMark(file)
  } catch (cause) {
    throw translate(cause, file)
  }
}

// One by one: Node's recursive way never ends where a file system, such as /proc, lets nobody make a folder
// and says that something above is missing.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    // Another process may be starting, too.
    if (!hasCode(cause, 'EEXIST')) throw cause
  }
}

/**
 * Tells a database that was lost from one that never was, where the key lies elsewhere: set-up must
 * not open again because a file is gone.
 */
const markOf = (file: string): string => `${file.replace(/\.db$/, '')}.made`

function leaveMark(file: string): void {
  if (existsSync(markOf(file))) return
  writeFileSync(
    markOf(file),
    'A database was made here. If it is lost, restore it from a backup.\n',
  )
}

function openFile(file: string): Database.Database {
  try {
    // An empty file would be taken for a new database; it is what is left of a broken one.
    if (statSync(file).size === 0) throw damaged(file, 'it is empty')
    const raw = new Database(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
    if (raw.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      raw.close()
      throw new OperatorError(
        `${file} is not a Gatehouse database. Point store.path at the right file, or at one that does not exist yet.`,
      )
    }
    const [finding] = Object.values((raw.pragma('quick_check(1)') as [object])[0])
    if (finding !== 'ok') {
      raw.close()
      throw damaged(file, String(finding))
    }
    return raw
  } catch (cause) {
    throw translate(cause, file)
  }
}

async function upgrade(
  raw: Database.Database,
  keyring: Keyring,
  guard: Guard,
): Promise<Kysely<Tables>> {
  raw.pragma('journal_mode = WAL')
  // What was said to be done must survive a power cut: a used code stays used.
  raw.pragma('synchronous = FULL')
  raw.pragma('foreign_keys = ON')
  raw.pragma('secure_delete = ON')
  const db = new Kysely<Tables>({ dialect: guardedDialect(raw, guard) })
  await migrate({
    db: db as Kysely<unknown>,
    version: () => raw.pragma('user_version', { simple: true }) as number,
    advance: async (step, version) => {
      raw.exec('BEGIN IMMEDIATE')
      try {
        await step()
        if (version === TRAIL_SINCE) beginTrail(raw, createSeals(keyring('trail')))
        raw.pragma(`user_version = ${version}`)
        raw.exec('COMMIT')
      } catch (cause) {
        raw.exec('ROLLBACK')
        throw cause
      }
    },
  })
  return db
}

const keyMark = (keyring: Keyring) => hmac(keyring('check'), 'gatehouse').toString('base64url')

function checkKey(raw: Database.Database, keyring: Keyring, file: string): void {
  const row = raw.prepare(`select value from meta where key = 'key_check'`).get()
  const { value } = (row ?? {}) as { value?: string }
  if (value === keyMark(keyring)) return
  throw new OperatorError(
    `The key does not belong to the database ${file}: nothing sealed in it would open. ` +
      'Put the key back that was made with it, or restore the database that belongs to this key.',
  )
}

interface Opened {
  raw: Database.Database
  db: Kysely<Tables>
  keyring: Keyring
  file: string
  guard: Guard
  wraps: SecretKeyWraps
}

function createStore({ raw, db, keyring, file, guard, wraps }: Opened): Store {
  raw.pragma('busy_timeout = 0')
  const run: Run = ({ sql, parameters }) => {
    const statement = raw.prepare(sql)
    if (statement.reader) return { rows: statement.all(parameters) as never[], changes: 0 }
    return { rows: [], changes: statement.run(parameters).changes }
  }
  // IMMEDIATE takes the write lock first, so that what is read inside cannot be stale when written.
  const atomically: Atomically = (work) =>
    guard.write(() => raw.transaction(() => work(run)).immediate())
  const seal = createSeal(keyring('seal'))
  const seals = createSeals(keyring('trail'))
  const events = createEventRepository({
    ...{ db, atomically, seals },
    verify: (anchors) => verifyFile(file, seals, anchors),
  })
  const sessions = createSessionRepository({ db, raw, atomically, guard })
  const remains = createRemains(raw, guard)
  // Each time leaves a row for each kind in the trail: once a day is enough.
  let prunedAt = Number.NEGATIVE_INFINITY
  const flush = async () => {
    await events.flush()
    await sessions.flush()
  }

  return {
    users: createUserRepository(db, atomically),
    sessions,
    credentials: createCredentialRepository({ db, atomically, seal }),
    challenges: createChallengeRepository({ db, atomically, seal }),
    attempts: createAttemptRepository(db),
    limits: createLimitRepository({ db, atomically, seal }),
    devices: createDeviceRepository(db),
    habits: createHabitRepository(db),
    visits: createVisitRepository(db, atomically),
    alerts: createAlertRepository({ db, atomically, seal }),
    tickets: createTicketRepository(db, atomically),
    signingKeys: createSigningKeyRepository(db, seal, atomically),
    apiKeys: createApiKeyRepository(db),
    idempotency: createIdempotencyRepository({ db, atomically, seal }),
    consents: createConsentRepository(db),
    webhooks: createWebhookRepository({ db, atomically, seal }),
    events,
    persons: createPersonRepository({
      ...{ db, atomically, seal, flush },
      clock: systemClock,
      forget: events.forget,
      erased: remains.note,
    }),

    async sweep(now, browserSeconds = YEAR, retention = { default: YEAR }) {
      await db.deleteFrom('session').where('expires_at', '<=', now).execute()
      await db.deleteFrom('attempt').where('expires_at', '<=', now).execute()
      await db
        .deleteFrom('bucket')
        .where('forget_at', '<=', now)
        .where('closed_until', '<=', now)
        .execute()
      await db.deleteFrom('ticket').where('expires_at', '<=', now).execute()
      await db.deleteFrom('spent').where('expires_at', '<=', now).execute()
      await db.deleteFrom('idempotency').where('expires_at', '<=', now).execute()
      // A finished challenge stays readable for a day.
      await db
        .deleteFrom('challenge')
        .where('expires_at', '<=', now - DAY)
        .execute()
      await db
        .deleteFrom('webhook')
        .where('created_at', '<=', now - DAY)
        .execute()
      if (Math.abs(now - prunedAt) >= DAY) {
        prunedAt = now
        await events.prune(retention, now)
      }
      await db
        .deleteFrom('device')
        .where('seen_at', '<=', now - browserSeconds)
        .execute()
      await db
        .deleteFrom('habit')
        .where('at', '<=', now - HABIT_SECONDS)
        .execute()
      await db
        .deleteFrom('credential')
        .where('state', '=', 'pending')
        .where('created_at', '<=', now - DAY)
        .execute()
      await remains.removeWhenDue(now)
    },

    async scrub() {
      await flush()
      await remains.remove()
    },

    secretKey: wraps,
    damage: guard.damage,
    onTrouble: guard.onTrouble,
    onTiming: guard.onTiming,

    async backup(target) {
      if (existsSync(target)) throw new OperatorError(`${target} exists already. Name a new file.`)
      const before = process.umask(0o077)
      try {
        raw.prepare('vacuum into ?').run(target)
      } catch (cause) {
        throw new OperatorError(`The backup ${target} cannot be written: ${String(cause)}`, {
          cause,
        })
      } finally {
        process.umask(before)
      }
    },

    async close() {
      if (!raw.open) return
      try {
        // What is damaged is left as it is.
        if (guard.damage() !== undefined) return
        await flush()
        raw.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
        // Leaves one whole file behind instead of a file and its log.
        raw.pragma('wal_checkpoint(TRUNCATE)')
      } finally {
        guard.close()
        raw.close()
      }
    },
  }
}
