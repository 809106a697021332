import { expect, it } from 'vitest'
import { nearest } from '../../../src/base/did-you-mean.ts'

it.each([
  ['upsteam', 'upstream'],
  ['hosts', 'host'],
  ['Rules', 'rules'],
])('finds what %s stands for', (typed, meant) => {
  expect(nearest(typed, ['host', 'name', 'upstream', 'headers', 'rules'])).toBe(meant)
})

it.each(['certificate', 'xy', ''])('finds nothing near %j', (typed) => {
  expect(nearest(typed, ['host', 'name', 'upstream', 'headers', 'rules'])).toBeUndefined()
  expect(nearest(typed, [])).toBeUndefined()
})
