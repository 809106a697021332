import { readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../../src/base/bytes.ts'
import { disclose } from '../../../src/factors/disclosed.ts'
import { CATALOG, type TableEntry } from '../../../src/store/catalog.ts'
import { aCredential, aSession, aUser, NOON } from '../../support/builders.ts'
import { temporaryStore } from '../../support/temporary-store.ts'
import { addWholePerson, type WholePerson } from '../../support/whole-person.ts'

const TABLES: Readonly<Record<string, TableEntry>> = CATALOG
const OWNED = Object.entries(TABLES).filter(([, { of }]) => 'user' in of)

type Opened = Awaited<ReturnType<typeof temporaryStore>>
let opened: Opened
let person: WholePerson
const MARK = 'Zq7Xw9'

beforeEach(async () => {
  opened = await temporaryStore()
  person = await addWholePerson(opened.store, MARK)
})
afterEach(() => opened.end())

/** Bytes of the database and of what lies beside it, as an intruder would read them. */
const onDisk = () =>
  Buffer.concat(
    ['', '-wal', '-shm'].map((ending) => {
      try {
        return readFileSync(opened.path + ending)
      } catch {
        return Buffer.alloc(0)
      }
    }),
  )

const found = (traces: readonly string[]) => {
  const bytes = onDisk()
  return traces.filter((trace) => bytes.includes(trace))
}

describe('the catalogue', () => {
  it('names every table and every column of the database, and no other', () => {
    const raw = new Database(opened.path, { readonly: true })
    const tables = raw
      .prepare<[], string>(
        `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`,
      )
      .pluck()
      .all()
    const columnsOf = (table: string) =>
      raw
        .prepare<[string], string>('select name from pragma_table_info(?)')
        .pluck()
        .all(table)
        .toSorted()
    const there = tables.map((table) => [table, columnsOf(table)])
    raw.close()
    const described = Object.entries(TABLES).map(([table, { fields }]) => [
      table,
      Object.keys(fields).toSorted(),
    ])
    expect(Object.fromEntries(there)).toEqual(Object.fromEntries(described))
  })

  it('knows the owner of every row that refers to a user', () => {
    const raw = new Database(opened.path, { readonly: true })
    const referring = Object.keys(TABLES).filter((table) =>
      raw
        .prepare<[string, string], string>(
          'select "from" from pragma_foreign_key_list(?) where "table" = ?',
        )
        .pluck()
        .all(table, 'user')
        .some((column) => {
          const { of } = TABLES[table] ?? {}
          return !(of && 'user' in of && of.user === column)
        }),
    )
    raw.close()
    expect(referring).toEqual([])
  })

  it('says of every field why it is there', () => {
    const short = Object.entries(TABLES).flatMap(([table, { fields }]) =>
      Object.entries(fields).flatMap(([column, { why }]) =>
        /^[A-Z].*[.?]$/s.test(why) ? [] : `${table}.${column}`,
      ),
    )
    expect(short).toEqual([])
  })
})

describe('everything about a person', () => {
  it('is collected from every table that has an owner', async () => {
    const tables = await opened.store.persons.collect(person.user.id, disclose)
    const empty = tables?.filter(({ rows }) => rows.length === 0).map(({ table }) => table)
    expect(tables?.map(({ table }) => table).toSorted()).toEqual(
      OWNED.map(([table]) => table).toSorted(),
    )
    expect(empty).toEqual([])
  })

  it('tells what was sealed, and no secret', async () => {
    const text = JSON.stringify(await opened.store.persons.collect(person.user.id, disclose))
    expect(person.secrets.filter((it) => text.includes(it))).toEqual([])
    expect(text).toContain('+4915112345678')
    expect(text).toContain(`Wiki ${MARK}`)
    expect(text).toContain(`mail-${MARK}@gw.test`)
    expect(text).toContain(`2026-${MARK}`)
  })

  it('is not there for somebody who is not', async () => {
    expect(await opened.store.persons.collect('nobody', disclose)).toBeUndefined()
    expect(await opened.store.persons.erase('nobody')).toBe(false)
  })

  it('tells nothing of a kind of authenticator that is not known', async () => {
    const { id } = person.user
    await opened.store.credentials.insert(
      aCredential({ userId: id, kind: 'novel', data: { target: 'hidden-by-default' } }),
    )
    const text = JSON.stringify(await opened.store.persons.collect(id, disclose))
    expect(text).not.toContain('hidden-by-default')
  })
})

describe('erasing a person', () => {
  it('leaves no byte of them in any file of the database', async () => {
    const { store } = opened
    // Others around them, before and after, so that pages are split, filled and merged.
    for (let index = 0; index < 150; index += 1) await addOther(index)
    await store.users.setProfile(person.user.id, {
      displayName: `Later ${MARK}`,
      email: 'x@y.test',
    })
    for (let index = 150; index < 300; index += 1) await addOther(index)
    expect(found(person.traces)).toEqual(person.traces.filter((it) => !it.startsWith('+')))

    expect(await store.persons.erase(person.user.id)).toBe(true)

    expect(found(person.traces)).toEqual([])
    expect(await store.users.find(person.user.id)).toBeUndefined()
    expect(await store.users.count()).toBe(300)
    expect(await store.persons.erase(person.user.id)).toBe(false)
  })

  it('writes the file anew a day later at the latest', async () => {
    const { store, path } = opened
    const raw = new Database(path)
    const isDue = () => raw.prepare(`select 1 from meta where key = 'remains'`).get() !== undefined
    await store.persons.erase(person.user.id)
    expect(isDue()).toBe(true)
    await store.sweep(NOON)
    expect(isDue()).toBe(false)
    await store.persons.erase((await addWholePerson(store, 'Other')).user.id)
    await store.sweep(NOON + 86_399)
    expect(isDue()).toBe(true)
    await store.sweep(NOON + 86_400)
    expect(isDue()).toBe(false)
    raw.close()
  })

  it('removes the history of somebody who was deleted before', async () => {
    const { store } = opened
    await store.users.delete(person.user.id)
    expect(found([`Agent/${MARK}`])).not.toEqual([])
    expect(await store.persons.erase(person.user.id)).toBe(true)
    expect(found(person.traces.filter((it) => it !== MARK))).toEqual([])
  })

  it('leaves a trail that is whole, in which what happened stands under a pseudonym', async () => {
    const { store } = opened
    const before = await store.events.list({ userId: person.user.id }, { limit: 10 })
    expect(before.length).toBeGreaterThan(0)
    await store.persons.erase(person.user.id)
    const report = await store.events.verify()
    expect([report.faults, report.erased]).toEqual([[], before.length])
    const [first] = await store.events.list({}, { limit: 1 })
    expect(first).toMatchObject({ name: before[0]?.name, isErased: true })
    expect(first?.userId).toMatch(/^erased-/)
    expect(await store.events.list({ names: ['trail.erased'] }, { limit: 2 })).toHaveLength(1)
  })

  it('removes kept answers that name them, and leaves those of others', async () => {
    const { store } = opened
    await addWholePerson(store, 'Other')
    await store.persons.erase(person.user.id)
    const again = (mark: string) =>
      store.idempotency.claim(
        { key: sha256(`answer ${mark}`), until: NOON + 15 },
        sha256('x'),
        NOON,
      )
    expect(await again(MARK)).toBe('fresh')
    expect(await again('Other')).toMatchObject({ status: 201 })
  })

  it('touches nobody else', async () => {
    const { store } = opened
    const other = await addWholePerson(store, 'Other')
    const before = await store.persons.collect(other.user.id, disclose)
    await store.persons.erase(person.user.id)
    expect(await store.persons.collect(other.user.id, disclose)).toEqual(before)
  })

  const addOther = async (index: number) => {
    const user = aUser({ name: `other${index}`, displayName: 'x'.repeat(index) })
    await opened.store.users.insert(user)
    await opened.store.credentials.insert(aCredential({ userId: user.id }))
    const session = aSession({ userId: user.id, userAgent: 'y'.repeat(index) })
    await opened.store.sessions.insert({ ...session, secretHash: sha256(String(index)) })
  }
})
