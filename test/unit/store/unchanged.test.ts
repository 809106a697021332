import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTurn } from '../../../src/base/turn.ts'
import { type Watch, watchChanges } from '../../../src/store/unchanged.ts'
import { aFolder } from '../config/files.ts'

let ours: Database.Database
let theirs: Database.Database
let watch: Watch
const hasChanged = () => watch.hasChanged()

beforeEach(() => {
  const file = join(aFolder(), 'x.db')
  ours = new Database(file)
  ours.pragma('journal_mode = WAL')
  ours.exec(`create table a (x); insert into a values (1)`)
  theirs = new Database(file)
  watch = watchChanges(ours)
  hasChanged()
})
afterEach(() => {
  ours.close()
  theirs.close()
})

it('is silent while nobody writes, however often it is asked and read', () => {
  for (let round = 0; round < 5; round += 1) {
    ours.prepare('select * from a').all()
    theirs.prepare('select * from a').all()
    expect(hasChanged()).toBe(false)
  }
})

it.each([['insert into a values (2)'], ['update a set x = x + 1'], ['delete from a']])(
  'tells once of %s, by us or by somebody else',
  (sql) => {
    for (const db of [ours, theirs]) {
      db.exec('insert into a values (3)')
      expect(hasChanged()).toBe(true)
      db.exec(sql)
      expect(hasChanged()).toBe(true)
      expect(hasChanged()).toBe(false)
    }
  },
)

it('tells of what somebody else has committed, and not before', () => {
  theirs.exec('begin immediate; insert into a values (4)')
  expect(hasChanged()).toBe(false)
  theirs.exec('commit')
  expect(hasChanged()).toBe(true)
})

it('tells of changes after the log has been written back', () => {
  theirs.exec('insert into a values (5)')
  theirs.pragma('wal_checkpoint(TRUNCATE)')
  expect(hasChanged()).toBe(true)
  theirs.exec('insert into a values (6)')
  expect(hasChanged()).toBe(true)
})

it('is silent about work that whoever watches knows of', () => {
  watch.without(() => ours.exec('update a set x = x + 1'))
  expect(hasChanged()).toBe(false)
})

it('tells all the same of what was written here before that work', () => {
  ours.exec('insert into a values (7)')
  watch.without(() => ours.exec('update a set x = x + 1'))
  expect(hasChanged()).toBe(true)
})

it('tells all the same of what somebody else commits meanwhile', () => {
  watch.without(() => {
    theirs.exec('insert into a values (8)')
    ours.exec('update a set x = x + 1')
  })
  expect(hasChanged()).toBe(true)
})

it('tells of work that has failed, whatever is left of it', () => {
  const work = () =>
    watch.without(() => {
      ours.exec('update a set x = x + 1')
      throw new Error('the disk is full')
    })
  expect(work).toThrow('full')
  expect(hasChanged()).toBe(true)
})

it('is asked once for all that one turn of the loop has found waiting', async () => {
  const turn = createTurn(() => 0)
  watch = watchChanges(ours, turn)
  hasChanged()
  const asked = () => turn.take(hasChanged)
  expect(asked()).toBe(false)
  theirs.exec('insert into a values (7)')
  // This one was on its way before the row was written.
  expect(asked()).toBe(false)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(asked()).toBe(true)
  expect(asked()).toBe(false)
})

it('tells whoever does not come with the turn at once', () => {
  const turn = createTurn(() => 0)
  watch = watchChanges(ours, turn)
  hasChanged()
  turn.take(hasChanged)
  theirs.exec('insert into a values (8)')
  expect(hasChanged()).toBe(true)
})
