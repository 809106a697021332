import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AccessNotesDeps, createAccessNotes } from '../../../src/audit/access.ts'
import type { Fact } from '../../../src/audit/record.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { SignedIn } from '../../../src/model/session.ts'
import { aSession, aUser } from '../../support/builders.ts'
import { stillClock } from '../../support/still-clock.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

type Opened = Awaited<ReturnType<typeof temporaryStore>>
let opened: Opened
let written: Fact[]
let lost: number
const clock = stillClock()
const user = aUser()

beforeEach(async () => {
  opened = await temporaryStore()
  written = []
  lost = 0
  await opened.store.users.insert(user)
})
afterEach(() => opened.end())

const open = (given: Partial<AccessNotesDeps> = {}) =>
  createAccessNotes({
    audit: {
      record(event) {
        written.push(event)
        return undefined
      },
    },
    visits: opened.store.visits,
    sample: 0,
    clock,
    log: silentLog,
    lost: (count) => {
      lost += count
    },
    beatMs: 1,
    ...given,
  })

async function signedIn(id: string): Promise<SignedIn> {
  const session = aSession({ id, userId: user.id })
  await opened.store.sessions.insert({ ...session, secretHash: new Uint8Array([1]) })
  return { session, user }
}

const at = (who: SignedIn | undefined, host = 'wiki.gw.test') =>
  [
    { signedIn: who, rule: 'staff', route: { host } },
    { method: 'GET', rawPath: '/page', address: '192.0.2.1' },
  ] as const

describe('allowed access', () => {
  it('is a row the first time that a session is let in to a host, and no other', async () => {
    const [one, two] = [await signedIn('s1'), await signedIn('s2')]
    const notes = open()
    for (let time = 0; time < 50; time += 1) {
      notes.allowed(...at(one))
      notes.allowed(...at(one, 'mail.gw.test'))
      notes.allowed(...at(two))
      notes.allowed(...at(undefined))
    }
    await notes.close()
    expect(written.map(({ sessionId, details }) => [sessionId, details?.host])).toEqual([
      ['s1', 'wiki.gw.test'],
      ['s1', 'mail.gw.test'],
      ['s2', 'wiki.gw.test'],
    ])
    expect(written[0]).toEqual({
      name: 'access.allowed',
      at: clock.now(),
      userId: user.id,
      sessionId: 's1',
      address: '192.0.2.1',
      details: { kind: 'first', host: 'wiki.gw.test', rule: 'staff', path: '/page', method: 'GET' },
    })
  })

  it('is that one row also among several processes, and after a start', async () => {
    const who = await signedIn('s1')
    const processes = [open(), open(), open()]
    for (const notes of processes) notes.allowed(...at(who))
    await Promise.all(processes.map((notes) => notes.close()))
    expect(written).toHaveLength(1)
  })

  it('does not wait for the store, and writes by itself a moment later', async () => {
    const who = await signedIn('s1')
    const note = vi.fn(opened.store.visits.note)
    const notes = open({ visits: { note } })
    notes.allowed(...at(who))
    expect(note).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(written).toHaveLength(1), 10_000)
    await notes.close()
  })

  it('is a row for one request in so many beyond that', async () => {
    const who = await signedIn('s1')
    const notes = open({ sample: 10 })
    for (let time = 0; time < 2001; time += 1) notes.allowed(...at(who))
    await notes.close()
    const samples = written.filter(({ details }) => details?.kind === 'sample')
    // Every gap is shorter than 20.
    expect(samples.length).toBeGreaterThan(100)
    expect(samples.length).toBeLessThan(400)
  })

  it('is counted where too much comes at once, and a first time is made up for', async () => {
    const who = await signedIn('s1')
    const late = await signedIn('s2')
    const notes = open({ sample: 1, beatMs: 60_000 })
    for (let time = 0; time < 1100; time += 1) notes.allowed(...at(who))
    notes.allowed(...at(late))
    expect(lost).toBe(101)
    await notes.close()
    expect(written).toHaveLength(1000)
    notes.allowed(...at(late))
    await notes.close()
    expect(written.at(-1)).toMatchObject({ sessionId: 's2', details: { kind: 'first' } })
  })

  it('is bounded where somebody makes up hosts', async () => {
    const who = await signedIn('s1')
    const notes = open()
    for (let time = 0; time < 500; time += 1) notes.allowed(...at(who, `h${time}.gw.test`))
    await notes.close()
    expect(written).toHaveLength(100)
  })

  it('is not written of somebody who is gone by then, and is of one who signed out', async () => {
    const who = await signedIn('s1')
    const notes = open({ sample: 1 })
    notes.allowed(...at(who))
    await opened.store.sessions.delete('s1')
    await notes.close()
    expect(written).toHaveLength(1)
    notes.allowed(...at(who))
    notes.allowed(...at(who, 'mail.gw.test'))
    await opened.store.persons.erase(user.id)
    await notes.close()
    expect(written).toHaveLength(1)
  })

  it('is counted and written later where the store does not take it', async () => {
    const who = await signedIn('s1')
    let isFull = true
    const notes = open({
      visits: {
        note: async (visits) => {
          if (isFull) throw new Error('disk full')
          return opened.store.visits.note(visits)
        },
      },
    })
    notes.allowed(...at(who))
    await notes.close()
    expect([written.length, lost]).toEqual([0, 1])
    isFull = false
    notes.allowed(...at(who))
    await notes.close()
    expect(written).toHaveLength(1)
  })
})
