import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Factor } from '../../../src/factors/contract.ts'
import type { User } from '../../../src/model/user.ts'
import type { Store } from '../../../src/store/contract.ts'
import { aCredential, aUser } from '../../support/builders.ts'
import { createEngine } from '../../support/engine.ts'
import { stillClock } from '../../support/still-clock.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

let store: Store
let end: () => Promise<void>
beforeEach(async () => {
  ;({ store, end } = await temporaryStore())
})
afterEach(() => end())

const FROM = { browser: 'api shop', address: '192.0.2.1', relayed: true }
const WORTH = { amr: ['otp'], phishingResistant: false, alone: false }

/** Codes on paper that take work to check; how often that was done is counted. */
function paperCodes() {
  const work = { real: 0, feigned: 0 }
  const factor: Factor = {
    ...{ kind: 'paper', title: 'paper', about: 'paper', rank: 1, most: 5, enrollable: 'first' },
    ...{ best: WORTH, guessable: true, lastResort: true },
    worthOf: () => WORTH,
    facts: () => [],
    enroll: async () => ({ ok: false, message: 'none' }),
    offer: () => ({ show: 'codes', codes: [] }),
    prompt: () => ({ ask: 'code', from: 'paper' }),
    fits: (answer) => answer.startsWith('paper'),
    async verifyNothing() {
      work.feigned += 1
    },
    async verify({ credential }, answer) {
      work.real += 1
      const isRight = answer === `paper ${credential.id}`
      return isRight ? { ok: true, data: null, worth: WORTH } : { ok: false, reason: 'wrong' }
    },
  }
  return { factor, work }
}

const setUp = async () => {
  const { factor, work } = paperCodes()
  const engine = createEngine(store, factor, stillClock())
  const alice = aUser({ name: 'alice' })
  const bob = aUser({ name: 'bob' })
  for (const user of [alice, bob]) await store.users.insert(user)
  for (const id of ['a', 'b']) {
    await store.credentials.insert(aCredential({ id, userId: alice.id, kind: 'paper', data: null }))
  }
  const guess = (user: User | undefined, code: string) =>
    engine.guesses.code({ code, name: 'somebody', user }, FROM)
  return { alice, bob, guess, work }
}

it('takes the same work for whoever has such an authenticator, has none, or is nobody', async () => {
  const { alice, bob, guess, work } = await setUp()
  await guess(alice, 'paper x').check()
  expect(work).toEqual({ real: 2, feigned: 0 })
  await guess(bob, 'paper x').check()
  await guess(undefined, 'paper x').check()
  expect(work).toEqual({ real: 2, feigned: 2 })
})

it('takes no work for a code that it cannot be', async () => {
  const { alice, guess, work } = await setUp()
  await guess(alice, '123456').check()
  await guess(undefined, '123456').check()
  expect(work).toEqual({ real: 0, feigned: 0 })
})

it('looks at all of them, whichever is right', async () => {
  const { alice, guess, work } = await setUp()
  expect(await guess(alice, 'paper a').check()).toMatchObject({ ok: true, credential: { id: 'a' } })
  expect(work.real).toBe(2)
  expect(await guess(alice, 'paper b').check()).toMatchObject({ ok: true, credential: { id: 'b' } })
  expect(work.real).toBe(4)
})

it('makes everybody wait after as many', async () => {
  const { alice, bob, guess } = await setUp()
  const taken = async (user: User | undefined) => {
    let count = 0
    while (count < 30 && (await guess(user, 'paper x').take()) === 0) count += 1
    return count
  }
  const known = await taken(alice)
  expect(known).toBeLessThan(30)
  expect([await taken(bob), await taken(undefined)]).toEqual([known, known])
})
