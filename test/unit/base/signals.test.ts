import { expect, it } from 'vitest'
import { createSignals } from '../../../src/base/signals.ts'

it('wakes those who wait in this process and tells the others; woken by them, it tells nobody', () => {
  const passedOn: string[] = []
  const heard: string[] = []
  const signals = createSignals((topic) => passedOn.push(topic))
  signals.listen('a', () => heard.push('a'))
  signals.tell('a')
  signals.wake('a')
  signals.tell('b')
  expect([heard, passedOn]).toEqual([
    ['a', 'a'],
    ['a', 'b'],
  ])
})
