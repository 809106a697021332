import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { openSqlite } from '../../../src/store/sqlite.ts'
import { aCredential, aSession, aUser } from '../../support/builders.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  path = join(folder, 'gatehouse.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (create = true) => openSqlite({ path }, { create })
const make = async () => (await open()).store.close()
const snapshot = () =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')])

/** Nothing but the sentence, and nothing changed on disk. */
async function refuses(words: RegExp) {
  const before = snapshot()
  await expect(open()).rejects.toSatisfy(
    (error) => error instanceof OperatorError && words.test(error.message),
  )
  expect(snapshot()).toEqual(before)
}

describe('a new database', () => {
  it('comes with a key that only its owner can read', async () => {
    await make()
    expect(readdirSync(folder).sort()).toEqual(['gatehouse.db', 'gatehouse.key'])
    expect(statSync(join(folder, 'gatehouse.key')).mode & 0o777).toBe(0o600)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('makes no key when one is configured', async () => {
    const key = randomBytes(32).toString('base64')
    const { store } = await openSqlite({ path, key }, { create: true })
    await store.close()
    expect(readdirSync(folder).sort()).toEqual(['gatehouse.db', 'gatehouse.made'])
  })

  it('is not made, nor its folder, with a configured key that is none', async () => {
    const inside = join(folder, 'data', 'gatehouse.db')
    await expect(openSqlite({ path: inside, key: 'none' }, { create: true })).rejects.toThrow(
      OperatorError,
    )
    expect(readdirSync(folder)).toEqual([])
  })

  it('comes with the folders above it', async () => {
    const inside = join(folder, 'a', 'b', 'gatehouse.db')
    await (await openSqlite({ path: inside }, { create: true })).store.close()
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700)
  })

  // Node's own way to make folders never returns from the first of these.
  it.runIf(process.platform === 'linux').each(['/proc/nowhere/x', '/dev/null/x'])(
    'is refused with a sentence where no folder can be: %s',
    async (above) => {
      const nowhere = join(above, 'gatehouse.db')
      await expect(openSqlite({ path: nowhere }, { create: true })).rejects.toThrow(
        'Name another place in store.path.',
      )
    },
  )

  it('is not made for a command that needs an existing one', async () => {
    await expect(open(false)).rejects.toThrow(OperatorError)
    expect(existsSync(path)).toBe(false)
  })

  it('is finished after a first start that was cut off', async () => {
    writeFileSync(`${path}.new`, 'half')
    writeFileSync(join(folder, 'gatehouse.key'), randomBytes(32).toString('base64'))
    await make()
    expect(existsSync(path)).toBe(true)
  })
})

describe('an existing database', () => {
  it('opens again with all that was in it', async () => {
    const first = await open()
    const user = aUser()
    await first.store.users.insert(user)
    await first.store.close()
    const second = await open(false)
    expect(await second.store.users.find(user.id)).toEqual(user)
    await second.store.close()
  })

  it('is refused with another key', async () => {
    await make()
    writeFileSync(join(folder, 'gatehouse.key'), randomBytes(32).toString('base64'))
    await refuses(/key does not belong/)
  })

  it('is refused without its key', async () => {
    await make()
    rmSync(join(folder, 'gatehouse.key'))
    await refuses(/key .* is missing/)
  })

  it('is refused with a key of another form', async () => {
    await make()
    writeFileSync(join(folder, 'gatehouse.key'), 'short')
    await refuses(/32 bytes/)
  })

  it('is refused when a newer program made it', async () => {
    await make()
    const raw = new Database(path)
    raw.pragma('user_version = 99')
    raw.close()
    await refuses(/version 99/)
  })

  it('is refused when it is empty', async () => {
    await make()
    truncateSync(path, 0)
    await refuses(/damaged/)
  })

  it('is refused when bytes in it were flipped', async () => {
    const { store } = await open()
    for (let index = 0; index < 200; index += 1)
      await store.users.insert(aUser({ id: `u${index}`, name: `n${index}` }))
    await store.close()
    const bytes = readFileSync(path)
    bytes.fill(0xa5, 4096 * 3, 4096 * 6)
    writeFileSync(path, bytes)
    await refuses(/damaged/)
  })

  it('is refused when it is another program’s', async () => {
    const raw = new Database(path)
    raw.exec('create table t (x)')
    raw.close()
    writeFileSync(join(folder, 'gatehouse.key'), randomBytes(32).toString('base64'))
    await refuses(/not a Gatehouse database/)
  })

  it('is refused when it is no database at all', async () => {
    writeFileSync(path, 'x'.repeat(8192))
    writeFileSync(join(folder, 'gatehouse.key'), randomBytes(32).toString('base64'))
    await refuses(/damaged/)
  })

  it('is not made anew when it is gone and its key is left', async () => {
    await make()
    rmSync(path)
    await refuses(/database .* is missing/)
  })
})

describe('a database whose key lies elsewhere', () => {
  const key = randomBytes(32).toString('base64')
  const openWithKey = () => openSqlite({ path, key }, { create: true })

  it('is not made anew when it is gone: set-up must not open again', async () => {
    await (await openWithKey()).store.close()
    rmSync(path)
    await expect(openWithKey()).rejects.toThrow(/database .* is missing/)
    expect(existsSync(path)).toBe(false)
  })

  it('is made anew once the operator has taken the mark away', async () => {
    await (await openWithKey()).store.close()
    rmSync(path)
    rmSync(join(folder, 'gatehouse.made'))
    await (await openWithKey()).store.close()
    expect(existsSync(path)).toBe(true)
  })
})

describe('sealed data', () => {
  it('is not readable in the file', async () => {
    const { store } = await open()
    await store.users.insert(aUser({ id: 'u1' }))
    await store.credentials.insert(aCredential({ data: { secret: 'VERYSECRETVALUE' } }))
    await store.close()
    expect(readFileSync(path).includes('VERYSECRETVALUE')).toBe(false)
  })

  it('does not open in another user’s row', async () => {
    const { store } = await open()
    await store.users.insert(aUser({ id: 'u1' }))
    await store.users.insert(aUser({ id: 'u2', name: 'mallory' }))
    const [alices, mallorys] = [aCredential({ userId: 'u1' }), aCredential({ userId: 'u2' })]
    await store.credentials.insert(alices)
    await store.credentials.insert(mallorys)
    const raw = new Database(path)
    raw
      .prepare(
        'update credential set data = (select data from credential where id = ?) where id = ?',
      )
      .run(mallorys.id, alices.id)
    raw.close()
    await expect(store.credentials.find(alices.id)).rejects.toThrow('does not open')
    await store.close()
  })
})

describe('backup', () => {
  it('copies a database in use, and the copy opens', async () => {
    const { store } = await open()
    const user = aUser()
    await store.users.insert(user)
    const copy = join(folder, 'copy.db')
    await store.backup(copy)
    await store.close()
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    const key = readFileSync(join(folder, 'gatehouse.key'), 'utf8')
    const opened = await openSqlite({ path: copy, key }, { create: false })
    expect(await opened.store.users.find(user.id)).toEqual(user)
    await opened.store.close()
  })

  it('never overwrites a file', async () => {
    const { store } = await open()
    const copy = join(folder, 'copy.db')
    writeFileSync(copy, 'mine')
    await expect(store.backup(copy)).rejects.toThrow(OperatorError)
    expect(readFileSync(copy, 'utf8')).toBe('mine')
    await store.close()
  })
})

describe('another process on the same database', () => {
  it('ends a session, and it is over at the very next look', async () => {
    const { store } = await open()
    const { store: other } = await open()
    const user = aUser()
    await store.users.insert(user)
    const session = aSession({ userId: user.id })
    await store.sessions.insert({ ...session, secretHash: new Uint8Array(32) })
    expect(store.sessions.find(session.id)?.user.status).toBe('active')
    expect(other.sessions.find(session.id)?.user.status).toBe('active')

    await other.users.setStatus(user.id, 'disabled')
    expect(store.sessions.find(session.id)?.user.status).toBe('disabled')
    await store.users.setStatus(user.id, 'active')
    expect(other.sessions.find(session.id)?.user.status).toBe('active')
    await other.sessions.delete(session.id)
    expect(store.sessions.find(session.id)).toBeUndefined()
    await store.close()
    await other.close()
  })
})
