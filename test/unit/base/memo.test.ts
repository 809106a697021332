import { expect, it } from 'vitest'
import { remembering } from '../../../src/base/memo.ts'

it('is asked once about the same, and anew once there are too many others', () => {
  const asked: string[] = []
  const ask = remembering(2, (text) => {
    asked.push(text)
    return text.length
  })
  expect(['a', 'bb', 'a', 'bb'].map(ask)).toEqual([1, 2, 1, 2])
  expect(asked).toEqual(['a', 'bb'])
  expect(['ccc', 'ccc', 'a'].map(ask)).toEqual([3, 3, 1])
  expect(asked).toEqual(['a', 'bb', 'ccc', 'a'])
})

it('keeps nothing of what is longer than usual', () => {
  let asked = 0
  const ask = remembering(2, () => ++asked, 3)
  expect(['long', 'long'].map(ask)).toEqual([1, 2])
})

it('remembers a no as well as a yes', () => {
  let asked = 0
  const ask = remembering(2, () => {
    asked += 1
    return false
  })
  expect([ask('a'), ask('a'), asked]).toEqual([false, false, 1])
})
