import { expect, it } from 'vitest'
import { createTurn } from '../../../src/base/turn.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

it('is first once, however much is taken in it', async () => {
  const turn = createTurn(() => 0)
  const asked = () => turn.take(() => turn.isFirst())
  expect([asked(), asked(), asked()]).toEqual([true, false, false])
  await nextTurn()
  expect([asked(), asked()]).toEqual([true, false])
})

it('is always first for whatever is not taken, before, in and after a turn', async () => {
  const turn = createTurn(() => 0)
  expect([turn.isFirst(), turn.isFirst()]).toEqual([true, true])
  turn.take(() => turn.isFirst())
  expect([turn.isFirst(), turn.isFirst()]).toEqual([true, true])
  // What goes on later is not of this turn any more.
  const later = await turn.take(async () => {
    await undefined
    return turn.isFirst()
  })
  expect(later).toBe(true)
})

it('says nothing to what is taken of an answer that was given outside', () => {
  const turn = createTurn(() => 0)
  expect(turn.isFirst()).toBe(true)
  expect(turn.take(() => turn.isFirst())).toBe(true)
})

it('does not last, even if the loop does not come round', () => {
  let now = 0
  const turn = createTurn(() => now)
  const asked = () => turn.take(() => turn.isFirst())
  expect(asked()).toBe(true)
  now += 0.2
  expect(asked()).toBe(false)
  now += 0.06
  expect(asked()).toBe(true)
  expect(asked()).toBe(false)
})

it('is over for what fails', () => {
  const turn = createTurn(() => 0)
  expect(() =>
    turn.take(() => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect([turn.isFirst(), turn.isFirst()]).toEqual([true, true])
})
