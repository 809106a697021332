import { afterEach, beforeEach, expect, it } from 'vitest'
import { sha256 } from '../../../src/base/bytes.ts'
import type { Claim } from '../../../src/store/contract.ts'
import { NOON } from '../../support/builders.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

let opened: Awaited<ReturnType<typeof temporaryStore>>
beforeEach(async () => {
  opened = await temporaryStore()
})
afterEach(() => opened.end())

const key = sha256('key')
const request = sha256('request')
const ANSWER = { status: 201, body: '{"id":"a"}' }
const claimAt = async (now: number): Promise<[Claim, unknown]> => {
  const claim = { key, until: now + 15 }
  return [claim, await opened.store.idempotency.claim(claim, request, now)]
}

it('a claim is held for as long as it was said, and free afterwards', async () => {
  expect((await claimAt(NOON))[1]).toBe('fresh')
  expect((await claimAt(NOON + 14))[1]).toEqual({ underway: NOON + 15 })
  expect((await claimAt(NOON + 15))[1]).toBe('fresh')
})

it('a claim that is renewed is held for longer', async () => {
  const { idempotency } = opened.store
  const [first] = await claimAt(NOON)
  expect(await idempotency.renew(first, NOON + 25)).toBe(true)
  expect((await claimAt(NOON + 24))[1]).toEqual({ underway: NOON + 25 })
  expect((await claimAt(NOON + 25))[1]).toBe('fresh')
})

it('an answer is kept for a day, whatever became of the claim meanwhile', async () => {
  const { idempotency } = opened.store
  const [claim] = await claimAt(NOON)
  await idempotency.keep(claim, ANSWER, NOON + 86_400)
  expect((await claimAt(NOON + 86_399))[1]).toEqual(ANSWER)
  await idempotency.release(claim)
  expect(await idempotency.renew(claim, NOON + 30)).toBe(false)
  expect((await claimAt(NOON + 86_399))[1]).toEqual(ANSWER)
  expect((await claimAt(NOON + 86_400))[1]).toBe('fresh')
})

it('whoever has lost a claim neither renews it, nor gives it back, nor answers in its name', async () => {
  const { idempotency } = opened.store
  const [lost] = await claimAt(NOON)
  const [now] = await claimAt(NOON + 15)
  expect(await idempotency.renew(lost, NOON + 100)).toBe(false)
  await idempotency.release(lost)
  await idempotency.keep(lost, { status: 201, body: 'late' }, NOON + 86_400)
  expect((await claimAt(NOON + 16))[1]).toEqual({ underway: now.until })
  await idempotency.keep(now, ANSWER, NOON + 86_400)
  expect((await claimAt(NOON + 16))[1]).toEqual(ANSWER)
})
