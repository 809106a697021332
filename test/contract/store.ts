import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bucket, Store } from '../../src/store/contract.ts'
import { aCredential, anAttempt, aSession, aUser, NOON } from '../support/builders.ts'

/** What every store promises. A new engine is done when this passes. */
export function describeStore(
  name: string,
  open: () => Promise<{ store: Store; end(): Promise<void> }>,
) {
  describe(`${name} store`, () => {
    let store: Store
    let end: () => Promise<void>
    const user = aUser()
    beforeEach(async () => {
      ;({ store, end } = await open())
      await store.users.insert(user, 'phc')
    })
    afterEach(() => end())

    describe('users', () => {
      it('gives back what was inserted', async () => {
        expect(await store.users.find(user.id)).toEqual(user)
        expect(await store.users.passwordHash(user.id)).toBe('phc')
      })

      it('keeps a user without mail and without a password', async () => {
        const { email: _, ...bare } = aUser({ name: 'bare' })
        await store.users.insert(bare)
        expect(await store.users.find(bare.id)).toEqual(bare)
        expect(await store.users.passwordHash(bare.id)).toBeUndefined()
      })

      it.each(['alice', 'ALICE', ' Alice ', 'ａlice'])('finds alice by %j', async (typed) => {
        expect((await store.users.findByName(typed))?.id).toBe(user.id)
      })

      it.each(['alic', 'alice\0', 'аlice', '', "alice' or 1=1"])(
        'finds nobody by %j',
        async (typed) => {
          expect(await store.users.findByName(typed)).toBeUndefined()
        },
      )

      it('refuses a name that differs by case alone', async () => {
        expect(await store.users.insert(aUser({ name: 'Alice' }))).toBe(false)
        expect(await store.users.count()).toBe(1)
      })

      it('creates no first user beside others', async () => {
        const hash = new Uint8Array([7])
        await store.tickets.replace('setup', hash, NOON + 60)
        expect(await store.users.insertFirst(aUser({ name: 'root' }), 'phc', hash, NOON)).toBe(
          false,
        )
      })

      it('creates exactly one first user from parallel tries', async () => {
        await store.users.delete(user.id)
        const hash = new Uint8Array([7])
        await store.tickets.replace('setup', hash, NOON + 60)
        const tries = Array.from({ length: 20 }, (_, index) =>
          store.users.insertFirst(aUser({ name: `root${index}` }), 'phc', hash, NOON),
        )
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
        expect(await store.users.count()).toBe(1)
      })

      it('creates no first user with an expired or a foreign ticket', async () => {
        await store.users.delete(user.id)
        await store.tickets.replace('setup', new Uint8Array([7]), NOON + 60)
        const root = aUser({ name: 'root' })
        expect(await store.users.insertFirst(root, 'phc', new Uint8Array([8]), NOON)).toBe(false)
        expect(await store.users.insertFirst(root, 'phc', new Uint8Array([7]), NOON + 60)).toBe(
          false,
        )
      })

      it('takes everything with a deleted user', async () => {
        const session = { ...aSession({ userId: user.id }), secretHash: new Uint8Array([1]) }
        await store.sessions.insert(session)
        const credential = aCredential({ userId: user.id })
        await store.credentials.insert(credential)
        const attempt = anAttempt({ userId: user.id })
        await store.attempts.insert(attempt)
        await store.users.delete(user.id)
        expect(store.sessions.find(session.id)).toBeUndefined()
        expect(await store.credentials.find(credential.id)).toBeUndefined()
        expect(await store.attempts.find(attempt.id)).toBeUndefined()
      })
    })

    describe('sessions', () => {
      const session = {
        ...aSession({ userId: user.id, aal: 2, amr: ['pwd', 'otp'] }),
        secretHash: new Uint8Array([1, 2]),
      }
      beforeEach(() => store.sessions.insert(session))

      it('finds a session together with its user as they are now', async () => {
        await store.users.setGroups(user.id, ['editors'])
        await store.users.setStatus(user.id, 'disabled')
        const { secretHash, ...plain } = session
        const found = store.sessions.find(session.id)
        expect(found?.session).toEqual(plain)
        expect(found?.user).toEqual({ ...user, groups: ['editors'], status: 'disabled' })
        expect(Buffer.from(found?.secretHash ?? [])).toEqual(Buffer.from(secretHash))
      })

      it('never moves the last sight backwards', async () => {
        await store.sessions.touch(session.id, NOON + 60)
        await store.sessions.touch(session.id, NOON + 30)
        expect(store.sessions.find(session.id)?.session.lastSeenAt).toBe(NOON + 60)
      })

      it('lowers a session to one factor', async () => {
        await store.sessions.lower(session.id, NOON + 90)
        expect(store.sessions.find(session.id)?.session).toMatchObject({
          aal: 1,
          lastSeenAt: NOON + 90,
        })
      })

      it('ends one session, all, or all but one', async () => {
        const others = [1, 2].map((index) => ({ ...session, id: `other${index}` }))
        for (const other of others) await store.sessions.insert(other)
        expect(await store.sessions.delete('other1')).toBe(true)
        expect(await store.sessions.delete('other1')).toBe(false)
        expect(await store.sessions.deleteByUser(user.id, { except: session.id })).toEqual([
          'other2',
        ])
        expect(await store.sessions.deleteByUser(user.id)).toEqual([session.id])
      })

      it('keeps the newest sessions of a user', async () => {
        for (let index = 1; index <= 5; index += 1) {
          await store.sessions.insert({ ...session, id: `s${index}`, createdAt: NOON + index })
        }
        await store.sessions.trim(user.id, 2)
        expect((await store.sessions.listByUser(user.id)).map(({ id }) => id)).toEqual(['s5', 's4'])
      })
    })

    describe('credentials', () => {
      const credential = aCredential({ userId: user.id, state: 'pending' })
      beforeEach(() => store.credentials.insert(credential))

      it('gives back what was inserted', async () => {
        expect(await store.credentials.find(credential.id)).toEqual(credential)
        expect(await store.credentials.listByUser(user.id)).toEqual([credential])
      })

      it('accepts one of fifty parallel answers', async () => {
        const tries = Array.from({ length: 50 }, (_, index) =>
          store.credentials.accept(credential.id, 1, { index }, NOON + 5),
        )
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
        const found = await store.credentials.find(credential.id)
        expect(found).toMatchObject({ version: 2, state: 'active', lastUsedAt: NOON + 5 })
      })

      it('accepts a first authenticator only while there is no other', async () => {
        expect(await store.credentials.acceptFirst(credential.id, 1, {}, NOON)).toBe(true)
        const second = aCredential({ userId: user.id, state: 'pending' })
        await store.credentials.insert(second)
        expect(await store.credentials.acceptFirst(second.id, 1, {}, NOON)).toBe(false)
      })

      it('counts failures in a row, and disables at the limit', async () => {
        await store.credentials.accept(credential.id, 1, {}, NOON)
        expect(await store.credentials.recordFailure(credential.id, 3)).toBe('active')
        expect(await store.credentials.recordFailure(credential.id, 3)).toBe('active')
        expect(await store.credentials.recordFailure(credential.id, 3)).toBe('disabled')
        expect(await store.credentials.accept(credential.id, 2, {}, NOON)).toBe(false)
      })

      it('forgets failures with a success', async () => {
        await store.credentials.accept(credential.id, 1, {}, NOON)
        await store.credentials.recordFailure(credential.id, 3)
        await store.credentials.accept(credential.id, 2, {}, NOON)
        expect((await store.credentials.find(credential.id))?.failures).toBe(0)
      })

      it('removes a credential for its own user alone', async () => {
        expect(await store.credentials.delete(credential.id, 'somebody')).toBe(false)
        expect(await store.credentials.delete(credential.id, user.id)).toBe(true)
      })
    })

    describe('attempts', () => {
      const attempt = anAttempt({ userId: user.id, sessionId: 's1' })
      beforeEach(() => store.attempts.insert(attempt))

      it('gives back what was inserted', async () => {
        const found = await store.attempts.find(attempt.id)
        expect({ ...found, browserHash: [...(found?.browserHash ?? [])] }).toEqual({
          ...attempt,
          browserHash: [1, 2, 3],
        })
      })

      it('moves on from the newest version only', async () => {
        expect(await store.attempts.update({ ...attempt, failures: 1 })).toBe(true)
        expect(await store.attempts.update({ ...attempt, failures: 0 })).toBe(false)
        expect(await store.attempts.find(attempt.id)).toMatchObject({ failures: 1, version: 2 })
      })

      it('is taken off file by one of several', async () => {
        const tries = await Promise.all(
          Array.from({ length: 10 }, () => store.attempts.delete(attempt.id)),
        )
        expect(tries.filter(Boolean)).toHaveLength(1)
      })
    })

    describe('limits', () => {
      const bucket: Bucket = { key: 'b', windowSeconds: 600, slowAfter: 3, maxDelaySeconds: 8 }
      const spend = async (count: number, from = bucket) => {
        for (let index = 0; index < count; index += 1) await store.limits.take([from], NOON)
      }

      it('lets guesses through while they are few', async () => {
        await spend(2)
        expect(await store.limits.take([bucket], NOON)).toBe(0)
      })

      it('asks for longer and longer waits, up to the longest', async () => {
        const waits: number[] = []
        let now = NOON
        await spend(2)
        for (let guess = 0; guess < 5; guess += 1) {
          expect(await store.limits.take([bucket], now)).toBe(0)
          waits.push(await store.limits.take([bucket], now))
          now += waits.at(-1) ?? 0
        }
        expect(waits).toEqual([2, 4, 8, 8, 8])
      })

      it('takes nothing from any bucket while one is closed', async () => {
        await spend(3)
        const other = { ...bucket, key: 'other', slowAfter: 1 }
        expect(await store.limits.take([bucket, other], NOON)).toBe(2)
        expect(await store.limits.take([other], NOON)).toBe(0)
      })

      it('closes a bucket for the whole block', async () => {
        const strict = { ...bucket, slowAfter: 100, block: { after: 5, seconds: 900 } }
        await spend(5, strict)
        expect(await store.limits.take([strict], NOON + 1)).toBe(899)
        expect(await store.limits.take([strict], NOON + 900)).toBe(0)
      })

      it('lets no more through in parallel than one by one', async () => {
        const waits = await Promise.all(
          Array.from({ length: 50 }, () => store.limits.take([bucket], NOON)),
        )
        expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
      })

      it('forgets after the window, and at once when forgiven', async () => {
        await spend(2)
        expect(await store.limits.take([bucket], NOON + 600)).toBe(0)
        await spend(3)
        await store.limits.forgive([bucket.key])
        expect(await store.limits.take([bucket], NOON)).toBe(0)
      })

      it('gives a single guess back', async () => {
        await spend(2)
        await store.limits.giveBack([bucket.key])
        await spend(1)
        expect(await store.limits.take([bucket], NOON)).toBe(0)
      })
    })

    describe('devices, tickets and keys', () => {
      it('knows a browser only for the user who signed in there', async () => {
        const browser = new Uint8Array([5])
        await store.devices.remember(user.id, browser, NOON)
        await store.devices.remember(user.id, browser, NOON + 1)
        expect(await store.devices.knows(user.id, browser)).toBe(true)
        expect(await store.devices.knows('', browser)).toBe(false)
      })

      it('keeps one ticket a purpose', async () => {
        const [first, second] = [new Uint8Array([1]), new Uint8Array([2])]
        await store.tickets.replace('setup', first, NOON + 60)
        await store.tickets.replace('setup', second, NOON + 60)
        expect(await store.tickets.isOpen('setup', first, NOON)).toBe(false)
        expect(await store.tickets.isOpen('setup', second, NOON)).toBe(true)
        expect(await store.tickets.isOpen('setup', second, NOON + 60)).toBe(false)
      })

      it('gives signing keys back, oldest first', async () => {
        const key = { privateJwk: '{"d":1}', publicJwk: '{}', createdAt: NOON }
        const [k1, k2] = [
          { ...key, id: 'k1', activeAt: NOON },
          { ...key, id: 'k2', activeAt: NOON + 10 },
        ]
        expect(await store.signingKeys.insert(k2, new Set())).toBe(true)
        expect(await store.signingKeys.insert(k1, new Set(['k2']))).toBe(true)
        expect((await store.signingKeys.list()).map(({ id }) => id)).toEqual(['k1', 'k2'])
        expect((await store.signingKeys.list())[0]).toEqual(k1)
        await store.signingKeys.delete('k1')
        expect(await store.signingKeys.list()).toHaveLength(1)
      })

      it('lets one of several who renew the signing keys at once do it', async () => {
        const key = { privateJwk: '{}', publicJwk: '{}', createdAt: NOON, activeAt: NOON }
        const attempts = ['k1', 'k2', 'k3'].map((id) =>
          store.signingKeys.insert({ ...key, id }, new Set()),
        )
        expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1)
        expect(await store.signingKeys.insert({ ...key, id: 'k4' }, new Set(['k9']))).toBe(false)
        expect(await store.signingKeys.list()).toHaveLength(1)
      })
    })

    it('sweeps what has expired and nothing else', async () => {
      const gone = {
        ...aSession({ userId: user.id, expiresAt: NOON }),
        secretHash: new Uint8Array([1]),
      }
      const kept = { ...aSession({ userId: user.id }), secretHash: new Uint8Array([1]) }
      await store.sessions.insert(gone)
      await store.sessions.insert(kept)
      const stale = aCredential({ userId: user.id, state: 'pending', createdAt: NOON - 86_400 })
      const active = aCredential({ userId: user.id, createdAt: NOON - 86_400 })
      await store.credentials.insert(stale)
      await store.credentials.insert(active)
      await store.sweep(NOON)
      expect((await store.sessions.listByUser(user.id)).map(({ id }) => id)).toEqual([kept.id])
      expect((await store.credentials.listByUser(user.id)).map(({ id }) => id)).toEqual([active.id])
    })
  })
}
