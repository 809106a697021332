import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { createSessions, type SessionStart, type Sessions } from '../../../src/session/sessions.ts'
import type { Store } from '../../../src/store/contract.ts'
import { aUser } from '../../support/builders.ts'
import { type StillClock, stillClock } from '../../support/still-clock.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

const MINUTE = 60
const HOUR = 3600
const METHODS = { 1: ['pwd'], 2: ['pwd', 'otp', 'mfa'] }
const config = { idle: 30 * MINUTE, absolute: 12 * HOUR, remembered: 30 * 24 * HOUR, per_user: 3 }
const user = aUser()

let store: Store
let end: () => Promise<void>
let clock: StillClock
let sessions: Sessions
beforeEach(async () => {
  ;({ store, end } = await temporaryStore())
  await store.users.insert(user)
  clock = stillClock()
  sessions = createSessions({
    repository: store.sessions,
    clock,
    config,
    key: new Uint8Array(32),
    log: silentLog,
  })
})
afterEach(() => end())

const start = async (remember = false, aal: 1 | 2 = 2) => {
  const proof = { aal, phishingResistant: false, amr: METHODS[aal], authenticatedAt: clock.now() }
  return issue({ userId: user.id, proof, remember, address: '192.0.2.1', userAgent: 'x' })
}
const issue = async (start: SessionStart) => {
  const issued = await sessions.issue(start)
  if (!issued) throw new Error('nothing was issued')
  return issued
}
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('a session', () => {
  it('is read back from its token, which is under 200 bytes', async () => {
    const { token, session } = await start()
    expect(token.length).toBeLessThan(200)
    expect(sessions.read(token)).toEqual({ session, user })
  })

  it('is not read from a token that was cut, extended or changed', async () => {
    const { token } = await start()
    for (let length = 0; length < token.length; length += 1) {
      expect(sessions.read(token.slice(0, length))).toBeUndefined()
    }
    expect(sessions.read(`${token}A`)).toBeUndefined()
    const last = token.length - 1
    for (const at of [0, 10, 25, 60, 70, 100, last]) {
      // The neighbor of the last letter decodes to the same bytes.
      const other = String.fromCharCode((token.charCodeAt(at) || 0) + 1)
      expect(sessions.read(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined()
    }
  })

  it('is not read from a token that another key has signed', async () => {
    const { token } = await start()
    const others = createSessions({
      repository: store.sessions,
      clock,
      config,
      key: new Uint8Array(32).fill(1),
      log: silentLog,
    })
    expect(others.read(token)).toBeUndefined()
  })

  it('ends when idle, and lives while in use', async () => {
    const { token } = await start()
    clock.advance(29 * MINUTE)
    expect(sessions.read(token)).toBeDefined()
    await settle()
    clock.advance(29 * MINUTE)
    expect(sessions.read(token)).toBeDefined()
    await settle()
    clock.advance(30 * MINUTE)
    expect(sessions.read(token)).toBeUndefined()
  })

  it('ends at its absolute limit, however busy', async () => {
    const { token } = await start()
    for (let minute = 0; minute < 12 * 60 - 1; minute += 1) {
      clock.advance(MINUTE)
      expect(sessions.read(token)).toBeDefined()
      await settle()
    }
    clock.advance(MINUTE)
    expect(sessions.read(token)).toBeUndefined()
  })

  it.each([
    ['idle', 30 * MINUTE],
    ['absolute', 12 * HOUR],
  ])('that reached its %s limit stays over when the clock is set back', async (_, limit) => {
    const { token } = await start()
    clock.advance(limit)
    expect(sessions.read(token)).toBeUndefined()
    await settle()
    clock.advance(-limit)
    expect(sessions.read(token)).toBeUndefined()
  })

  it('that was last seen in time to come counts for nobody, until that time has come', async () => {
    const { token } = await start()
    clock.advance(-6 * MINUTE)
    expect(sessions.read(token)).toBeUndefined()
    // Machines of one store may differ by less than this.
    clock.advance(2 * MINUTE)
    expect(sessions.read(token)).toBeDefined()
  })

  it('is dead at once when its user is disabled, revoked or deleted', async () => {
    const first = await start()
    await store.users.setStatus(user.id, 'disabled')
    expect(sessions.read(first.token)).toBeUndefined()
    await store.users.setStatus(user.id, 'active')
    await sessions.revoke(first.session.id)
    expect(sessions.read(first.token)).toBeUndefined()
    const second = await start()
    await store.users.delete(user.id)
    expect(sessions.read(second.token)).toBeUndefined()
  })

  it('takes the place of the one it replaces', async () => {
    const old = await start(false, 1)
    const proof = {
      aal: 2 as const,
      phishingResistant: false,
      amr: ['otp'],
      authenticatedAt: clock.now(),
    }
    const raised = await issue({
      userId: user.id,
      proof,
      remember: false,
      address: '',
      userAgent: '',
      replaces: old.session.id,
    })
    expect(sessions.read(old.token)).toBeUndefined()
    expect(raised.session.id).not.toBe(old.session.id)
  })

  it('ends the oldest beyond the limit of a user', async () => {
    const tokens: string[] = []
    for (let index = 0; index < 5; index += 1) {
      tokens.push((await start()).token)
      clock.advance(1)
    }
    expect(tokens.map((token) => sessions.read(token) !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
  })
})

describe('a remembered session', () => {
  it('falls back to one factor after the idle limit, for good', async () => {
    const { token } = await start(true)
    expect(sessions.read(token)?.session.aal).toBe(2)
    clock.advance(31 * MINUTE)
    const left = { aal: 1, amr: ['pwd'] }
    expect(sessions.read(token)?.session).toMatchObject(left)
    await settle()
    expect(sessions.read(token)?.session).toMatchObject(left)
    clock.advance(1)
    expect(sessions.read(token)?.session).toMatchObject(left)
  })

  it('falls back after the absolute limit, however busy', async () => {
    const { token } = await start(true)
    for (let minute = 0; minute < 12 * 60; minute += 10) {
      clock.advance(10 * MINUTE)
      sessions.read(token)
      await settle()
    }
    expect(sessions.read(token)?.session.aal).toBe(1)
  })

  it('ends after thirty days', async () => {
    const { token } = await start(true)
    clock.advance(30 * 24 * HOUR)
    expect(sessions.read(token)).toBeUndefined()
  })
})
