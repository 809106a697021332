import { expect, it } from 'vitest'
import { createWaiting } from '../../../src/api/waiting.ts'

it('lets so many of one key wait, and so many in all', () => {
  const waiting = createWaiting({ mostOfAKey: 2, mostInAll: 3 })
  const [first] = [waiting.begin('a'), waiting.begin('a')]
  expect(waiting.begin('a')).toBeUndefined()
  expect(waiting.begin('b')).toBeDefined()
  expect(waiting.begin('c')).toBeUndefined()
  first?.()
  // Ended once, however often it is said.
  first?.()
  expect(waiting.begin('c')).toBeDefined()
  expect(waiting.begin('b')).toBeUndefined()
})
