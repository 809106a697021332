import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createKeyring } from '../../../../src/base/keyring.ts'
import type { AuditEvent } from '../../../../src/model/event.ts'
import type { TrailReport } from '../../../../src/store/contract.ts'
import { readSecretKey } from '../../../../src/store/secret-key.ts'
import { openSqlite } from '../../../../src/store/sqlite.ts'
import { chainHash, GENESIS, rowFor, type TrailRow } from '../../../../src/store/trail/row.ts'
import { createSeals } from '../../../../src/store/trail/seals.ts'
import { NOON } from '../../../support/builders.ts'
import { temporaryStore } from '../../../support/temporary-store.ts'

type Opened = Awaited<ReturnType<typeof temporaryStore>>

let opened: Opened
beforeEach(async () => {
  opened = await temporaryStore()
})
afterEach(() => opened.end())

const anEvent = (number: number, given: Partial<AuditEvent> = {}): AuditEvent => ({
  name: 'login.refused',
  at: NOON + number,
  userId: `u${number % 3}`,
  address: '192.0.2.1',
  details: { reason: 'wrong', browser: 'Firefox' },
  ...given,
})

/** A trail of so many rows, and a hand in its database file. */
async function aTrail(rows: number): Promise<Database.Database> {
  await Promise.all(
    Array.from({ length: rows }, (_, index) => opened.store.events.insert(anEvent(index + 1))),
  )
  return new Database(opened.path)
}

const verify = () => opened.store.events.verify()
const first = ({ faults: [fault] }: TrailReport) => fault && [fault.kind, fault.id]

describe('a trail that nobody touched', () => {
  it('is whole, also when it is empty', async () => {
    expect(await verify()).toMatchObject({ faults: [], rows: 0, end: { id: 0 } })
    const raw = await aTrail(7)
    expect(await verify()).toMatchObject({ faults: [], rows: 7, end: { id: 7 } })
    raw.close()
  })

  it('is one chain in one order, whoever writes', async () => {
    const others = await Promise.all(
      [1, 2].map(() => openSqlite({ path: opened.path }, { create: false })),
    )
    const stores = [opened, ...others].map(({ store }) => store)
    for (let beat = 0; beat < 3; beat += 1) {
      await Promise.all(
        stores.flatMap((store, writer) =>
          Array.from({ length: 40 }, (_, index) =>
            store.events.insert(anEvent(index, { userId: `writer ${writer}` })),
          ),
        ),
      )
    }
    expect(await verify()).toMatchObject({ faults: [], rows: 360, end: { id: 360 } })
    for (const { store } of others) await store.close()
  })
})

describe('a hand in the database', () => {
  it.each([
    ['the time', 'update event set at = at - 60 where id = 4', 'changed', 4],
    ['the name', `update event set name = 'login.succeeded' where id = 4`, 'changed', 4],
    [
      'what happened',
      `update event set about = replace(about, 'wrong', 'right') where id = 4`,
      'changed',
      4,
    ],
    [
      'who it was',
      `update event set personal = replace(personal, 'u1', 'u2') where id = 4`,
      'changed',
      4,
    ],
    ['under whom it is found', `update event set user_id = 'u2' where id = 4`, 'changed', 4],
    ['from where', `update event set address = '192.0.2.9' where id = 4`, 'changed', 4],
    ['a salt', 'update event set salt = zeroblob(16) where id = 4', 'changed', 4],
    ['a hash', 'update event set hash = zeroblob(32) where id = 4', 'changed', 4],
    ['a digest', 'update event set about_digest = zeroblob(32) where id = 4', 'changed', 4],
    ['a row, removed', 'delete from event where id = 4', 'missing', 4],
    ['rows, removed', 'delete from event where id between 4 and 6', 'missing', 4],
    ['the beginning, removed', 'delete from event where id < 3', 'missing', 1],
    ['the tail, removed', 'delete from event where id > 5', 'cut_off', 6],
    ['the last row, removed', 'delete from event where id = 9', 'cut_off', 9],
    ['everything, removed', 'delete from event', 'cut_off', 1],
    [
      'two rows, swapped',
      'update event set id = case id when 4 then -7 else -4 end where id in (4, 7); update event set id = -id where id < 0',
      'changed',
      4,
    ],
    [
      'two contents, swapped',
      `update event set about = (select about from event e where e.id = 11 - event.id), about_digest = (select about_digest from event e where e.id = 11 - event.id), at = (select at from event e where e.id = 11 - event.id) where id in (4, 7)`,
      'changed',
      4,
    ],
    [
      'a row, emptied of the person',
      'update event set salt = null, personal = null, user_id = null, address = null where id = 4',
      'unexplained',
      4,
    ],
    [
      'a row, emptied',
      'update event set about = null, salt = null, personal = null, user_id = null, address = null where id = 4',
      'unexplained',
      4,
    ],
    ['the signed end, removed', `delete from meta where key = 'trail_head'`, 'head', 10],
    [
      'the signed end, forged',
      `update meta set value = replace(value, '9 ', '8 ') where key = 'trail_head'`,
      'head',
      10,
    ],
    ['a checkpoint', 'update checkpoint set signature = zeroblob(64)', 'checkpoint', 9],
  ])('is found out: %s', async (_, sql, kind, id) => {
    const raw = await aTrail(9)
    raw.exec(sql)
    raw.close()
    expect(first(await verify())).toEqual([kind, id])
  })

  it('is found out where it makes the whole chain anew behind its change', async () => {
    const raw = await aTrail(9)
    for (let more = 0; more < 3; more += 1) await opened.store.events.insert(anEvent(100 + more))
    const rows = raw.prepare<[], TrailRow>('select * from event order by id').all()
    rows.splice(10, 1, { ...(rows[10] as TrailRow), at: NOON })
    let previous = GENESIS
    const write = raw.prepare('update event set at = ?, hash = ? where id = ?')
    for (const row of rows) {
      previous = chainHash(previous, row)
      write.run(row.at, previous, row.id)
    }
    raw.close()
    // The checkpoint at row 9 still holds; what lies behind it is not what was signed.
    expect(first(await verify())).toEqual(['rewritten', 10])
  })

  it('is found out where it adds rows of its own', async () => {
    const raw = await aTrail(3)
    const last = raw.prepare('select * from event order by id desc').get()
    const forged = rowFor(anEvent(4, { name: 'user.created' }), last as TrailRow)
    const columns = Object.keys(forged)
    raw
      .prepare(`insert into event (${columns}) values (${columns.map(() => '?')})`)
      .run(Object.values(forged))
    raw.close()
    expect(first(await verify())).toEqual(['added', 4])
  })

  it('cannot sign with another key', async () => {
    const raw = await aTrail(3)
    raw.exec('delete from event where id = 3')
    const { hash } = raw.prepare('select * from event where id = 2').get() as TrailRow & {
      hash: Buffer
    }
    const own = createSeals(createKeyring(new Uint8Array(32).fill(7))('trail'))
    const head = own.seal('head', { id: 2, hash }, NOON)
    raw
      .prepare(`update meta set value = ? where key = 'trail_head'`)
      .run([2, hash.toString('hex'), NOON, Buffer.from(head.signature).toString('hex')].join(' '))
    raw.close()
    expect(first(await verify())).toEqual(['head', 3])
  })

  it('leaves a gap for good, though the trail goes on after it', async () => {
    const raw = await aTrail(9)
    raw.exec('delete from event where id > 5')
    await opened.store.events.insert(anEvent(10))
    expect(first(await verify())).toEqual(['missing', 6])
    raw.close()
  })

  it('is told by the trail itself where it took the signed end away', async () => {
    const raw = await aTrail(9)
    raw.exec(
      `delete from event where id > 5; delete from meta where key = 'trail_head'; delete from checkpoint`,
    )
    await opened.store.events.insert(anEvent(10))
    expect(first(await verify())).toEqual(['head', 6])
    raw.close()
  })

  it('is found out by a place that was written down elsewhere, with the secret too', async () => {
    const raw = await aTrail(5)
    const { end } = await verify()
    const anchor = { id: end?.id ?? 0, hash: Buffer.from(end?.hash ?? '').toString('hex') }
    expect((await opened.store.events.verify([anchor])).faults).toEqual([])
    raw.exec('delete from event where id > 2; delete from checkpoint')
    const seals = createSeals(createKeyring(readSecretKey(opened.path, undefined))('trail'))
    const { hash } = raw.prepare('select * from event where id = 2').get() as TrailRow & {
      hash: Buffer
    }
    const head = seals.seal('head', { id: 2, hash }, NOON)
    raw
      .prepare(`update meta set value = ? where key = 'trail_head'`)
      .run([2, hash.toString('hex'), NOON, Buffer.from(head.signature).toString('hex')].join(' '))
    raw.close()
    expect((await verify()).faults).toEqual([])
    expect(first(await opened.store.events.verify([anchor]))).toEqual(['anchor', 3])
  })
})

describe('a person who is forgotten', () => {
  it('is gone from the trail, which is whole all the same, and says itself what was done', async () => {
    const raw = await aTrail(9)
    const { events } = opened.store
    const { pseudonym, rows } = await events.erase('u1', NOON + 50, { by: 'user' })
    expect(rows).toBe(3)
    const report = await verify()
    expect(report).toMatchObject({ faults: [], erased: 3, rows: 10 })
    const theirs = await events.list({ userId: pseudonym }, { limit: 9 })
    expect(theirs.map(({ id, isErased, details }) => [id, isErased, details])).toEqual(
      [1, 4, 7].map((id) => [id, true, { reason: 'wrong' }]),
    )
    expect(await events.list({ userId: 'u1' }, { limit: 9 })).toEqual([])
    expect(
      JSON.stringify(raw.prepare('select * from event where id in (1, 4, 7)').all()),
    ).not.toMatch(/"u1"|192\.0\.2|Firefox/)
    expect((await events.erase('u1', NOON + 60)).rows).toBe(0)
    raw.close()
  })

  it('explains no other row', async () => {
    const raw = await aTrail(9)
    const { pseudonym } = await opened.store.events.erase('u1', NOON + 50)
    raw
      .prepare(
        'update event set salt = null, personal = null, user_id = ?, address = null where id = 5',
      )
      .run(pseudonym)
    raw.close()
    expect(first(await verify())).toEqual(['unexplained', 5])
  })
})

describe('what has been kept for long enough', () => {
  const retention = { default: 100, access: 10 }

  it('goes by kind, and the trail is whole all the same', async () => {
    const raw = await aTrail(4)
    const { events } = opened.store
    await events.insert(anEvent(5, { name: 'access.denied' }))
    await events.insert(anEvent(6))
    expect(await events.prune(retention, NOON + 30)).toBe(1)
    expect(await verify()).toMatchObject({ faults: [], pruned: 1, rows: 7, beginsAfter: 0 })
    expect(await events.list({ names: ['access.*'] }, { limit: 9 })).toEqual([])
    // Once all is empty that stands at the beginning, the chain begins further on.
    await events.insert(anEvent(150))
    expect(await events.prune(retention, NOON + 160)).toBe(5)
    expect(await verify()).toMatchObject({ faults: [], beginsAfter: 7 })
    expect(raw.prepare('select min(id) from event').pluck().get()).toBe(8)
    // What explains rows goes only when they are gone.
    await events.insert(anEvent(290))
    expect(await events.prune(retention, NOON + 300)).toBe(1)
    expect(await verify()).toMatchObject({ faults: [] })
    raw.exec('delete from event where id = (select min(id) from event)')
    expect((await verify()).faults[0]?.kind).toBe('missing')
    raw.close()
  })

  it('is not a word that covers younger rows', async () => {
    const raw = await aTrail(4)
    await opened.store.events.prune({ default: 10 }, NOON + 13)
    expect(await verify()).toMatchObject({ faults: [], pruned: 0, beginsAfter: 2 })
    raw.exec(
      'update event set about = null, salt = null, personal = null, user_id = null, address = null where id = 4',
    )
    expect(first(await verify())).toEqual(['unexplained', 4])
    raw.close()
  })

  it('cannot be made up by moving the beginning', async () => {
    const raw = await aTrail(9)
    raw.exec(`delete from event where id < 5;
      insert into checkpoint select id, at, hash, 1, zeroblob(64) from event where id = 5;
      delete from event where id = 5`)
    raw.close()
    const kinds = (await verify()).faults.map(({ kind, id }) => `${kind} ${id}`)
    expect(kinds).toContain('checkpoint 5')
    expect(kinds).toContain('missing 1')
  })
})
