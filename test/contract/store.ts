import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Challenge } from '../../src/model/challenge.ts'
import type {
  Acceptance,
  Bucket,
  DueWebhook,
  EventFilter,
  EventPage,
  Store,
  Webhook,
} from '../../src/store/contract.ts'
import { aChallenge, aCredential, anAttempt, aSession, aUser, NOON } from '../support/builders.ts'

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

      it('takes away a password and an address that the person has set since a moment', async () => {
        const { id, displayName } = user
        await store.users.setPasswordHash(id, 'other', NOON)
        await store.users.setProfile(id, { displayName, email: 'new@gw.test' }, NOON)
        await store.users.setProfile(id, { displayName: 'Other', email: 'new@gw.test' })
        const nothing = { password: false, email: false }
        expect(await store.users.disown(id, NOON + 1)).toEqual(nothing)
        expect(await store.users.disown(id, NOON)).toEqual({ password: true, email: true })
        expect(await store.users.passwordHash(id)).toBeUndefined()
        expect(await store.users.find(id)).not.toHaveProperty('email')
        // What an operator has set since then stays.
        await store.users.setPasswordHash(id, 'given')
        await store.users.setProfile(id, { displayName, email: 'given@gw.test' })
        expect(await store.users.disown(id, 0)).toEqual(nothing)
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
        await store.tickets.replace({ purpose: 'setup', hash, expiresAt: NOON + 60 })
        expect(await store.users.insertFirst(aUser({ name: 'root' }), 'phc', hash, NOON)).toBe(
          false,
        )
      })

      it('creates exactly one first user from parallel tries', async () => {
        await store.users.delete(user.id)
        const hash = new Uint8Array([7])
        await store.tickets.replace({ purpose: 'setup', hash, expiresAt: NOON + 60 })
        const tries = Array.from({ length: 20 }, (_, index) =>
          store.users.insertFirst(aUser({ name: `root${index}` }), 'phc', hash, NOON),
        )
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
        expect(await store.users.count()).toBe(1)
      })

      it('creates no first user with an expired or a foreign ticket', async () => {
        await store.users.delete(user.id)
        await store.tickets.replace({
          purpose: 'setup',
          hash: new Uint8Array([7]),
          expiresAt: NOON + 60,
        })
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
      beforeEach(async () => {
        await store.sessions.insert(session)
      })

      it('takes none for a password that has been changed since', async () => {
        const next = { ...session, id: 'next' }
        await store.users.setPasswordHash(user.id, 'another')
        expect(await store.sessions.insert(next)).toBe(false)
        expect(store.sessions.find('next')).toBeUndefined()
        const version = (await store.users.find(user.id))?.passwordVersion
        expect(version).toBe(1)
        expect(await store.sessions.insert(next, version)).toBe(true)
        expect(store.sessions.find('next')?.user.passwordVersion).toBe(1)
      })

      it('takes them all the same after the password was hashed anew', async () => {
        await store.users.setPasswordHash(user.id, 'weak')
        await store.users.renewPasswordHash(user.id, 'weak', 'strong')
        expect(await store.users.passwordHash(user.id)).toBe('strong')
        expect(await store.sessions.insert({ ...session, id: 'next' }, 1)).toBe(true)
        // A change that came between is not undone.
        await store.users.setPasswordHash(user.id, 'changed')
        await store.users.renewPasswordHash(user.id, 'strong', 'stronger')
        expect(await store.users.passwordHash(user.id)).toBe('changed')
      })

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

      it('counts a sight at once, whether it has been looked at before or not', async () => {
        for (const seenAt of [NOON + 60, NOON + 120]) {
          const written = store.sessions.touch(session.id, seenAt)
          expect(store.sessions.find(session.id)?.session.lastSeenAt).toBe(seenAt)
          const [listed] = await store.sessions.listByUser(user.id)
          expect(listed?.lastSeenAt).toBe(seenAt)
          await written
          expect(store.sessions.find(session.id)?.session.lastSeenAt).toBe(seenAt)
        }
      })

      it('gives the very same session until something has changed, and never a stale one', async () => {
        const look = () => store.sessions.find(session.id)
        expect(look()).toBe(look())
        await store.users.setGroups(user.id, ['editors'])
        expect(look()?.user.groups).toEqual(['editors'])
        await store.sessions.lower(session.id, NOON + 30)
        expect(look()?.session.aal).toBe(1)
        await store.users.setStatus(user.id, 'disabled')
        expect(look()?.user.status).toBe('disabled')
        await store.sessions.delete(session.id)
        expect(look()).toBeUndefined()
      })

      it('lowers a session to one factor', async () => {
        await store.sessions.lower(session.id, NOON + 90)
        expect(store.sessions.find(session.id)?.session).toMatchObject({
          aal: 1,
          lastSeenAt: NOON + 90,
        })
      })

      it('marks sessions, anew whenever something counts that has changed', async () => {
        const { sessions, users } = store
        const marks = () => sessions.marks([session.id, 'nobody'])
        const seen = new Set<string | undefined>()
        const isNew = () => {
          const mark = marks().get(session.id)
          const known = seen.has(mark)
          seen.add(mark)
          return mark !== undefined && !known
        }
        expect(isNew()).toBe(true)
        expect(isNew()).toBe(false)
        expect([...marks().keys()]).toEqual([session.id])
        await users.setGroups(user.id, ['editors'])
        expect(isNew()).toBe(true)
        await users.setStatus(user.id, 'disabled')
        expect(isNew()).toBe(true)
        await sessions.touch(session.id, NOON + 30)
        expect(isNew()).toBe(true)
        await sessions.lower(session.id, NOON + 60)
        expect(isNew()).toBe(true)
        await sessions.delete(session.id)
        expect(marks().size).toBe(0)
        expect(sessions.marks([]).size).toBe(0)
      })

      it('knows which authenticators proved it', async () => {
        await store.sessions.insert({ ...session, id: 'proved', by: ['c1', 'c2'] })
        expect(store.sessions.find('proved')?.session.by).toEqual(['c1', 'c2'])
        expect(store.sessions.find(session.id)?.session).not.toHaveProperty('by')
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
      beforeEach(async () => {
        await store.credentials.insert(credential)
      })
      const accept = (version: number, given: Partial<Acceptance> = {}) =>
        store.credentials.accept({ id: credential.id, version, data: {}, at: NOON, ...given })

      it('gives back what was inserted', async () => {
        expect(await store.credentials.find(credential.id)).toEqual(credential)
        expect(await store.credentials.listByUser(user.id)).toEqual([credential])
      })

      it('accepts one of fifty parallel answers', async () => {
        const tries = Array.from({ length: 50 }, (_, index) =>
          accept(1, { data: { index }, at: NOON + 5 }),
        )
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
        const found = await store.credentials.find(credential.id)
        expect(found).toMatchObject({ version: 2, state: 'active', lastUsedAt: NOON + 5 })
      })

      it('accepts a first authenticator only while there is no other', async () => {
        expect(await accept(1, { onlyAsFirst: true })).toBe(true)
        const second = aCredential({ userId: user.id, state: 'pending' })
        await store.credentials.insert(second)
        expect(await accept(1, { id: second.id, onlyAsFirst: true })).toBe(false)
        expect(await accept(1, { id: second.id })).toBe(true)
      })

      it('accepts no more of a kind than one may have', async () => {
        for (const id of ['one', 'two', 'three']) {
          await store.credentials.insert(aCredential({ id, userId: user.id, state: 'pending' }))
        }
        const another = aCredential({ id: 'another', userId: user.id, kind: 'passkey' })
        await store.credentials.insert(another)
        const ids = [credential.id, 'one', 'two', 'three']
        const all = await Promise.all(ids.map((id) => accept(1, { id, atMost: 2 })))
        expect(all.filter(Boolean)).toHaveLength(2)
      })

      it('puts one in the place of all others of its kind, where that is asked for', async () => {
        const others = ['old', 'older'].map((id) => aCredential({ id, userId: user.id }))
        const another = aCredential({ id: 'another', userId: user.id, kind: 'passkey' })
        for (const other of [...others, another]) await store.credentials.insert(other)
        const stranger = aUser({ id: 'u2', name: 'bob' })
        await store.users.insert(stranger)
        await store.credentials.insert(aCredential({ id: 'theirs', userId: 'u2' }))
        // Too late: nothing is taken away either.
        expect(await accept(7, { insteadOfOthers: true })).toBe(false)
        expect(await store.credentials.listByUser(user.id)).toHaveLength(4)
        expect(await accept(1, { insteadOfOthers: true })).toBe(true)
        const left = (await store.credentials.listByUser(user.id)).map(({ id }) => id)
        expect(left.toSorted()).toEqual([credential.id, 'another'].toSorted())
        expect(await store.credentials.listByUser('u2')).toHaveLength(1)
      })

      it('accepts nothing for a challenge that is over or was sent again', async () => {
        const challenge = aChallenge({ userId: user.id, credentialId: credential.id })
        await store.challenges.open(challenge, false)
        expect(await accept(1, { challenge: { ...challenge, sends: 2 } })).toBe(false)
        await store.challenges.end(challenge.id, 'denied')
        expect(await accept(1, { challenge })).toBe(false)
        expect((await store.credentials.find(credential.id))?.version).toBe(1)
      })

      it('verifies the challenge in the same step, once', async () => {
        const challenge = aChallenge({ userId: user.id, credentialId: credential.id })
        await store.challenges.open(challenge, false)
        const proved = { credentialId: credential.id, amr: ['otp'], at: NOON }
        const answered = { ...challenge, proved }
        const tries = [1, 2, 1, 2].map((version) => accept(version, { challenge: answered }))
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
        expect(await store.challenges.find(challenge.id)).toEqual({
          ...answered,
          state: 'verified',
        })
      })

      it('accepts a mark once, and undoes everything else where it is spent', async () => {
        const challenge = aChallenge({ userId: user.id, credentialId: credential.id })
        await store.challenges.open(challenge, false)
        const mark = new Uint8Array([9, 9])
        expect(await accept(1, { spends: [mark] })).toBe(true)
        expect(await accept(2, { spends: [mark], challenge })).toBe(false)
        expect((await store.challenges.find(challenge.id))?.state).toBe('pending')
        expect((await store.credentials.find(credential.id))?.version).toBe(2)
      })

      it('finds a credential by its handle, which no other of its kind can take', async () => {
        expect(await accept(1, { handle: 'h', label: 'Mine' })).toBe(true)
        const found = await store.credentials.findByHandle('totp', 'h')
        expect(found).toMatchObject({ id: credential.id, label: 'Mine' })
        expect(await store.credentials.findByHandle('passkey', 'h')).toBeUndefined()
        const other = aCredential({ userId: user.id, handle: 'h' })
        expect(await store.credentials.insert(other)).toBe(false)
      })

      it('revises what a factor keeps, on the version that was read', async () => {
        expect(await store.credentials.revise(credential.id, 1, { data: { a: 1 } })).toBe(true)
        expect(await store.credentials.revise(credential.id, 1, { data: { a: 2 } })).toBe(false)
        expect((await store.credentials.find(credential.id))?.data).toEqual({ a: 1 })
      })

      it('renames a credential for its own user alone', async () => {
        expect(await store.credentials.rename(credential.id, 'somebody', 'x')).toBe(false)
        expect(await store.credentials.rename(credential.id, user.id, 'Phone')).toBe(true)
        expect((await store.credentials.find(credential.id))?.label).toBe('Phone')
      })

      it('counts failures in a row, and disables at the limit', async () => {
        await accept(1)
        expect(await store.credentials.recordFailure(credential.id, 3)).toBe('active')
        expect(await store.credentials.recordFailure(credential.id, 3)).toBe('active')
        expect(await store.credentials.recordFailure(credential.id, 3)).toBe('disabled')
        expect(await accept(2)).toBe(false)
      })

      it('forgets failures with a success', async () => {
        await accept(1)
        await store.credentials.recordFailure(credential.id, 3)
        await accept(2)
        expect((await store.credentials.find(credential.id))?.failures).toBe(0)
      })

      it('sets aside what began to count since a moment, and lets it count again for its own user alone', async () => {
        const before = aCredential({ userId: user.id, createdAt: NOON - 10 })
        const begun = aCredential({ userId: user.id, state: 'pending', createdAt: NOON - 10 })
        for (const it of [before, begun]) await store.credentials.insert(it)
        // Begun before the moment, and confirmed after it.
        await accept(1, { at: NOON + 60 })
        const set = await store.credentials.contest(user.id, NOON + 30, NOON + 90)
        expect(set.map(({ id }) => id)).toEqual([credential.id])
        expect(await store.credentials.find(before.id)).toEqual(before)
        expect(await store.credentials.find(begun.id)).toBeUndefined()
        const now = await store.credentials.find(credential.id)
        expect(now).toMatchObject({ state: 'disabled', contestedAt: NOON + 90 })
        expect(await accept(2)).toBe(false)
        expect(await store.credentials.contest(user.id, NOON + 30, NOON + 99)).toEqual([])

        expect(await store.credentials.restore(credential.id, 'somebody')).toBe(false)
        expect(await store.credentials.restore(before.id, user.id)).toBe(false)
        expect(await store.credentials.restore(credential.id, user.id)).toBe(true)
        expect(await accept(2)).toBe(true)
        expect(await store.credentials.find(credential.id)).not.toHaveProperty('contestedAt')
      })

      it('removes a credential for its own user alone', async () => {
        expect(await store.credentials.delete(credential.id, 'somebody')).toBe(false)
        expect(await store.credentials.delete(credential.id, user.id)).toBe(true)
      })
    })

    describe('challenges', () => {
      const credential = aCredential({ userId: user.id })
      const challenge = aChallenge({ userId: user.id, credentialId: credential.id })
      beforeEach(async () => {
        await store.credentials.insert(credential)
        await store.challenges.open(challenge, false)
      })
      const other = (given: Partial<Challenge> = {}) =>
        aChallenge({ userId: user.id, credentialId: credential.id, ...given })

      it('gives back what was put on file', async () => {
        expect(await store.challenges.find(challenge.id)).toEqual(challenge)
        expect(await store.challenges.findBound(challenge.boundTo)).toEqual(challenge)
        expect(await store.challenges.listOpen(user.id, NOON)).toEqual([challenge])
      })

      it('ends the one before that was bound to the same', async () => {
        const next = other()
        expect(await store.challenges.open(next, true)).toBeUndefined()
        expect((await store.challenges.find(challenge.id))?.state).toBe('superseded')
        expect(await store.challenges.findBound(challenge.boundTo)).toEqual(next)
      })

      it('knows the one that came last by what became of it, too', async () => {
        // All within one second.
        const next = other({ id: `0${challenge.id}` })
        await store.challenges.open(next, true)
        await store.challenges.end(next.id, 'denied')
        expect((await store.challenges.findBound(challenge.boundTo))?.id).toBe(next.id)
      })

      it('keeps one a user, where that is asked for, until its time is up', async () => {
        const next = other({ boundTo: 'attempt/other' })
        expect((await store.challenges.open(next, true))?.id).toBe(challenge.id)
        const later = other({ boundTo: 'attempt/other', createdAt: challenge.expiresAt })
        expect(await store.challenges.open(later, true)).toBeUndefined()
      })

      it('counts tries before they are checked, and takes no more than it may', async () => {
        const tries = Array.from({ length: 50 }, () =>
          store.challenges.spendTry(challenge.id, 5, NOON),
        )
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(5)
      })

      it('takes no try after its time, or once it has ended', async () => {
        expect(
          await store.challenges.spendTry(challenge.id, 5, challenge.expiresAt),
        ).toBeUndefined()
        expect(await store.challenges.end(challenge.id, 'canceled')).toBe(true)
        expect(await store.challenges.end(challenge.id, 'denied')).toBe(false)
        expect(await store.challenges.spendTry(challenge.id, 5, NOON)).toBeUndefined()
      })

      it('stores one of several changes that were made from the same version', async () => {
        const changes = [1, 2, 3].map((data) => store.challenges.update({ ...challenge, data }))
        expect((await Promise.all(changes)).filter(Boolean)).toHaveLength(1)
      })

      it('hears of the newest message alone', async () => {
        await store.challenges.setDelivery(challenge.id, 2, 'failed')
        expect((await store.challenges.find(challenge.id))?.delivery).toBe('none')
        await store.challenges.setDelivery(challenge.id, 1, 'sent')
        expect(await store.challenges.find(challenge.id)).toMatchObject({ delivery: 'sent' })
        expect(await store.challenges.find(challenge.id)).not.toHaveProperty('reference')
      })

      it('keeps what the carrier calls its message, until another one is sent', async () => {
        await store.challenges.setDelivery(challenge.id, 1, 'sent', 'SM1')
        const sent = await store.challenges.find(challenge.id)
        expect(sent).toMatchObject({ delivery: 'sent', reference: 'SM1' })
        await store.challenges.setDelivery(challenge.id, 1, 'failed')
        expect((await store.challenges.find(challenge.id))?.reference).toBe('SM1')
        const { reference: _, ...again } = { ...challenge, sends: 2 }
        await store.challenges.update(again)
        expect(await store.challenges.find(challenge.id)).not.toHaveProperty('reference')
      })

      it('is taken back with its credential, and stays readable as it ended', async () => {
        const ended = other({ boundTo: 'attempt/other' })
        await store.challenges.open(ended, false)
        await store.challenges.end(ended.id, 'denied')
        await store.credentials.delete(credential.id, user.id)
        expect((await store.challenges.find(challenge.id))?.state).toBe('canceled')
        expect((await store.challenges.find(ended.id))?.state).toBe('denied')
      })
    })

    describe('webhooks', () => {
      const credential = aCredential({ userId: user.id })
      const challenge = aChallenge({ userId: user.id, credentialId: credential.id })
      const webhook: Webhook = {
        ...{ id: 'msg_1', challengeId: challenge.id, userId: user.id, application: 'shop' },
        ...{ url: 'https://shop.test/hook', about: { id: challenge.id }, createdAt: NOON },
      }
      const due = async (now = NOON) =>
        (await store.webhooks.listDue(now, 10)).map(({ id, state }) => [id, state])
      beforeEach(async () => {
        await store.credentials.insert(credential)
        await store.challenges.open(challenge, false)
        await store.webhooks.insert(webhook, 2)
      })

      it('are due once their challenge is over, however it ended', async () => {
        expect(await due()).toEqual([])
        expect(await due(challenge.expiresAt)).toEqual([['msg_1', 'expired']])
        await store.challenges.end(challenge.id, 'denied')
        expect(await due()).toEqual([['msg_1', 'denied']])
        await store.credentials.delete(credential.id, user.id)
        expect(await due()).toEqual([['msg_1', 'denied']])
      })

      it('are due when the authenticator goes that was to answer', async () => {
        await store.credentials.delete(credential.id, user.id)
        expect(await due()).toEqual([['msg_1', 'canceled']])
      })

      it('are one caller’s until their time is up', async () => {
        await store.challenges.end(challenge.id, 'denied')
        const [it] = await store.webhooks.listDue(NOON, 10)
        const claimed = await Promise.all(
          [1, 2, 3].map(() => store.webhooks.claim(it as DueWebhook, NOON + 60)),
        )
        expect(claimed.filter(Boolean)).toHaveLength(1)
        expect(await due(NOON + 59)).toEqual([])
        expect(await due(NOON + 60)).toEqual([['msg_1', 'denied']])
        await store.webhooks.delete('msg_1')
        expect(await due(NOON + 60)).toEqual([])
      })

      it('take the place of the one before about the same challenge, and are bounded', async () => {
        expect(await store.webhooks.insert({ ...webhook, id: 'msg_2' }, 2)).toBe(true)
        const another = { ...webhook, challengeId: 'gone' }
        expect(await store.webhooks.insert({ ...another, id: 'msg_3' }, 2)).toBe(true)
        const third = { ...webhook, id: 'msg_4', challengeId: 'gone, too' }
        expect(await store.webhooks.insert(third, 2)).toBe(false)
        expect(await store.webhooks.insert({ ...third, application: 'other' }, 2)).toBe(true)
        expect(await due(challenge.expiresAt)).toEqual([
          ['msg_2', 'expired'],
          ['msg_3', 'canceled'],
          ['msg_4', 'canceled'],
        ])
      })

      it('go with their user, and after a day', async () => {
        await store.sweep(NOON + 86_400)
        expect(await due(NOON + 86_400)).toEqual([])
        await store.webhooks.insert(webhook, 2)
        await store.users.delete(user.id)
        expect(await due(challenge.expiresAt)).toEqual([])
      })
    })

    describe('events', () => {
      it('gives back those of a user, newest first, and no others', async () => {
        const event = { name: 'login.succeeded', at: NOON, userId: user.id } as const
        await store.events.insert({ ...event, address: '192.0.2.1', details: { aal: 2 } })
        await store.events.insert({ ...event, at: NOON + 1 })
        await store.events.insert({ ...event, name: 'factor.enrolled' })
        await store.events.insert({ ...event, userId: 'somebody' })
        const found = await store.events.listByUser(user.id, ['login.succeeded'], 10)
        expect(found).toEqual([
          { ...event, id: 2, isErased: false, at: NOON + 1, details: {} },
          { ...event, id: 1, isErased: false, address: '192.0.2.1', details: { aal: 2 } },
        ])
        expect(await store.events.listByUser(user.id, ['login.succeeded'], 1)).toHaveLength(1)
      })

      it('finds them by whatever is known, in pages of either order', async () => {
        const { events } = store
        const refused = { name: 'access.denied', at: NOON, details: { host: 'a.gw.test' } } as const
        await events.insert({ ...refused, reference: '7K3M-Q2XZ', sessionId: 's1' })
        await events.insert({ ...refused, address: '192.0.2.1', details: { host: 'b.gw.test' } })
        await events.insert({ name: 'login.refused', at: NOON + 60, userId: user.id })
        await events.insert({ name: 'logins.other', at: NOON + 60 } as never)
        const found = async (filter: EventFilter, page: Partial<EventPage> = {}) =>
          (await events.list(filter, { limit: 9, ...page })).map(({ id }) => id)
        expect(await found({})).toEqual([1, 2, 3, 4])
        expect(await found({}, { newestFirst: true, limit: 2 })).toEqual([4, 3])
        expect(await found({}, { newestFirst: true, after: 3 })).toEqual([2, 1])
        expect(await found({}, { after: 3 })).toEqual([4])
        expect(await found({ reference: '7K3M-Q2XZ' })).toEqual([1])
        expect(await found({ sessionId: 's1' })).toEqual([1])
        expect(await found({ host: 'b.gw.test' })).toEqual([2])
        expect(await found({ address: '192.0.2.1' })).toEqual([2])
        expect(await found({ since: NOON + 1 })).toEqual([3, 4])
        expect(await found({ until: NOON + 1, names: ['access.*', 'login.refused'] })).toEqual([
          1, 2,
        ])
        expect(await found({ names: ['login.*'] })).toEqual([3])
        expect(await found({ application: 'shop' })).toEqual([])
        await store.users.insert(aUser({ id: 'theirs', name: 'x', application: 'shop' }))
        await events.insert({ name: 'login.refused', at: NOON, userId: 'theirs' })
        expect(await found({ application: 'shop' })).toEqual([5])
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

      it('end all at once for a user, and for no other', async () => {
        const stranger = aUser({ id: 'u2', name: 'bob' })
        await store.users.insert(stranger)
        const other = anAttempt({ userId: 'u2' })
        for (const it of [anAttempt({ userId: user.id }), other]) await store.attempts.insert(it)
        await store.attempts.deleteByUser(user.id)
        expect(await store.attempts.find(attempt.id)).toBeUndefined()
        expect(await store.attempts.find(other.id)).toBeDefined()
      })
    })

    describe('limits', () => {
      const bucket: Bucket = {
        key: 'b',
        about: { kind: 'test' },
        windowSeconds: 600,
        slowAfter: 3,
        maxDelaySeconds: 8,
      }
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
        expect(await store.limits.counted([bucket.key, 'x'], NOON)).toEqual(
          new Map([[bucket.key, 3]]),
        )
        expect(await store.limits.counted([bucket.key], NOON + 600)).toEqual(new Map())
        expect(await store.limits.forgive([bucket.key])).toEqual(new Map([[bucket.key, 3]]))
        expect(await store.limits.forgive([bucket.key])).toEqual(new Map())
        expect(await store.limits.take([bucket], NOON)).toBe(0)
      })

      it('makes no wait longer than it was, and none end sooner, when the clock is set back', async () => {
        const strict = { ...bucket, slowAfter: 100, block: { after: 5, seconds: 900 } }
        await spend(5, strict)
        const before = NOON - 3600
        expect(await store.limits.take([strict], before)).toBe(900)
        expect(await store.limits.take([strict], before + 899)).toBe(1)
        expect(await store.limits.take([strict], before + 900)).toBe(0)
        // Its failures are forgotten in time, too.
        expect(await store.limits.listSlowed(before + 900 + 1200)).toEqual([])
      })

      it('keeps a block while its failures are forgotten', async () => {
        const strict = { ...bucket, slowAfter: 100, block: { after: 5, seconds: 900 } }
        await spend(5, strict)
        expect(await store.limits.take([strict], NOON + 700)).toBe(200)
        expect(await store.limits.take([strict], NOON + 899)).toBe(1)
        expect(await store.limits.listSlowed(NOON + 899)).toMatchObject([{ isBlocked: true }])
      })

      it('tells who has to wait, since when and until when, and of nobody else', async () => {
        const whom = (userId: string, key: string) => ({
          ...bucket,
          key,
          about: { kind: 'codes', userId },
        })
        await store.limits.take([whom('u1', 'one')], NOON)
        expect(await store.limits.listSlowed(NOON)).toEqual([])
        for (const now of [NOON, NOON + 1, NOON + 5]) {
          await store.limits.take([whom('u2', 'two')], now)
        }
        const blocked = { ...whom('u3', 'three'), block: { after: 1, seconds: 60 } }
        await store.limits.take([blocked], NOON + 6)
        expect(await store.limits.listSlowed(NOON + 7)).toEqual([
          {
            about: { kind: 'codes', userId: 'u3' },
            count: 1,
            isBlocked: true,
            since: NOON + 6,
            until: NOON + 66,
          },
          {
            about: { kind: 'codes', userId: 'u2' },
            count: 3,
            isBlocked: false,
            since: NOON + 5,
            until: NOON + 600,
          },
        ])
        expect(await store.limits.listSlowed(NOON + 700)).toEqual([])
      })

      it('lets those go that somebody picks, or all', async () => {
        for (const userId of ['u1', 'u2']) {
          await spend(3, { ...bucket, key: userId, about: { kind: 'codes', userId } })
        }
        expect(await store.limits.clear(({ userId }) => userId === 'u1')).toBe(1)
        expect(await store.limits.listSlowed(NOON)).toMatchObject([{ about: { userId: 'u2' } }])
        await spend(1)
        expect(await store.limits.clear()).toBe(2)
        expect(await store.limits.listSlowed(NOON)).toEqual([])
      })

      it('gives a single guess back', async () => {
        await spend(2)
        expect(await store.limits.giveBack([bucket.key])).toEqual(new Map([[bucket.key, 1]]))
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

      it('forgets the browsers of one user', async () => {
        const browser = new Uint8Array([5])
        const stranger = aUser({ id: 'u2', name: 'bob' })
        await store.users.insert(stranger)
        for (const { id } of [user, stranger]) await store.devices.remember(id, browser, NOON)
        await store.devices.forget(user.id)
        expect(await store.devices.knows(user.id, browser)).toBe(false)
        expect(await store.devices.knows('u2', browser)).toBe(true)
      })

      it('keeps what is usual for a user, in its newest form, until it is old', async () => {
        const habits = {
          networks: [{ key: 'n', since: NOON, at: NOON }],
          countries: [],
          hours: [1, 2, 3],
          last: { latitude: 52, longitude: -13, at: NOON },
          at: NOON,
        }
        expect(await store.habits.find(user.id)).toBeUndefined()
        await store.habits.save(user.id, habits)
        await store.habits.save(user.id, { ...habits, hours: [4] })
        expect(await store.habits.find(user.id)).toEqual({ ...habits, hours: [4] })
        await store.sweep(NOON + 179 * 86_400)
        expect(await store.habits.find(user.id)).toBeDefined()
        await store.sweep(NOON + 180 * 86_400)
        expect(await store.habits.find(user.id)).toBeUndefined()
      })

      it('notes once where a session has been, as long as it lives', async () => {
        const session = { ...aSession({ id: 's1', userId: user.id }), secretHash: new Uint8Array() }
        await store.sessions.insert(session)
        const visit = { sessionId: 's1', userId: user.id, host: 'wiki.gw.test', at: NOON }
        const elsewhere = { ...visit, host: 'mail.gw.test' }
        expect(await store.visits.note([visit, visit, elsewhere])).toEqual([
          'first',
          'again',
          'first',
        ])
        expect(await store.visits.note([visit])).toEqual(['again'])
        await store.sessions.delete('s1')
        await store.sessions.insert(session)
        expect(await store.visits.note([visit])).toEqual(['first'])
        expect(await store.visits.note([{ ...visit, userId: 'gone' }])).toEqual(['nobody'])
      })

      it('forgets what is usual for a user who is gone', async () => {
        await store.habits.save(user.id, { networks: [], countries: [], hours: [], at: NOON })
        await store.users.delete(user.id)
        expect(await store.habits.find(user.id)).toBeUndefined()
      })

      it('keeps one ticket a purpose', async () => {
        const [first, second] = [new Uint8Array([1]), new Uint8Array([2])]
        await store.tickets.replace({ purpose: 'setup', hash: first, expiresAt: NOON + 60 })
        await store.tickets.replace({ purpose: 'setup', hash: second, expiresAt: NOON + 60 })
        expect(await store.tickets.isOpen('setup', first, NOON)).toBe(false)
        expect(await store.tickets.isOpen('setup', second, NOON)).toBe(true)
        expect(await store.tickets.isOpen('setup', second, NOON + 60)).toBe(false)
      })

      it('puts a ticket in the place of those of the same user, and of nobody else', async () => {
        await store.users.insert(aUser({ id: 'u2', name: 'bob' }))
        const put = (first: number, userId: string) =>
          store.tickets.replace({
            purpose: 'reset',
            hash: new Uint8Array([first]),
            userId,
            expiresAt: NOON + 60,
          })
        await put(1, user.id)
        await put(2, 'u2')
        await put(3, user.id)
        const open = await Promise.all(
          [1, 2, 3].map((it) => store.tickets.isOpen('reset', new Uint8Array([it]), NOON)),
        )
        expect(open).toEqual([false, true, true])
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

    describe('alerts', () => {
      const letter = { id: 'l1', to: 'email:ops@gw.test', alert: { kind: 'test' }, createdAt: NOON }

      it('remembers a kind until there is nothing left to remember', async () => {
        const seen: unknown[] = []
        for (const state of [{ count: 1 }, undefined, { count: 2 }]) {
          await store.alerts.update('burst', (before) => {
            seen.push(before)
            return { state }
          })
        }
        expect(seen).toEqual([undefined, { count: 1 }, undefined])
      })

      it('lets one come after the other, however many come at once', async () => {
        await Promise.all(
          Array.from({ length: 20 }, () =>
            store.alerts.update('burst', (before) => ({ state: Number(before ?? 0) + 1 })),
          ),
        )
        await store.alerts.update('burst', (state) => {
          expect(state).toBe(20)
          return { state }
        })
      })

      it('says which kinds have to be looked at, and when', async () => {
        await store.alerts.update('soon', () => ({ state: 1, wakeAt: NOON + 10 }))
        await store.alerts.update('never', () => ({ state: 1 }))
        expect((await store.alerts.due(NOON + 9, 10)).kinds).toEqual([])
        expect((await store.alerts.due(NOON + 10, 10)).kinds).toEqual(['soon'])
      })

      it('puts letters in the box together with what is remembered, or not at all', async () => {
        const failing = store.alerts.update('burst', () => ({
          state: 1,
          letters: [letter, letter],
        }))
        await expect(failing).rejects.toThrow()
        expect((await store.alerts.due(NOON, 10)).letters).toEqual([])
        await store.alerts.update('burst', (state) => {
          expect(state).toBeUndefined()
          return { state: 1, letters: [letter] }
        })
        expect((await store.alerts.due(NOON, 10)).letters).toEqual([{ ...letter, claims: 0 }])
      })

      it('gives a letter to one of several, and again when that one does not come back', async () => {
        await store.alerts.update('burst', () => ({ state: 1, letters: [letter] }))
        const claim = () => store.alerts.claim({ id: 'l1', claims: 0 }, NOON + 60)
        const claimed = await Promise.all([claim(), claim(), claim()])
        expect(claimed.filter(Boolean)).toHaveLength(1)
        expect((await store.alerts.due(NOON + 59, 10)).letters).toEqual([])
        expect((await store.alerts.due(NOON + 60, 10)).letters).toMatchObject([{ claims: 1 }])
        expect([await store.alerts.delete('l1'), await store.alerts.delete('l1')]).toEqual([
          true,
          false,
        ])
      })

      it('takes no more letters than a thousand', async () => {
        const letters = Array.from({ length: 1100 }, (_, one) => ({ ...letter, id: `l${one}` }))
        await store.alerts.update('burst', () => ({ state: 1, letters }))
        expect((await store.alerts.due(NOON, 5000)).letters).toHaveLength(1000)
      })
    })

    it('finds everybody of a group, and nobody whose group is called alike', async () => {
      for (const [id, ...groups] of [
        ['a', 'admins', 'staff'],
        ['b', 'admins2'],
        ['c', 'dmins'],
        ['d'],
      ]) {
        await store.users.insert(aUser({ id: `g${id}`, name: `group ${id}`, groups }))
      }
      expect((await store.users.listByGroup('admins')).map(({ id }) => id)).toEqual(['ga'])
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
