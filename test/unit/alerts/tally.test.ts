import { expect, it } from 'vitest'
import {
  countsBy,
  createCollector,
  MOST_SEEN,
  part,
  type Tally,
  tallyOf,
  together,
} from '../../../src/alerts/tally.ts'

const many = (count: number, of = (index: number) => ({ source: `source ${index}` })): Tally =>
  Array.from({ length: count }, (_, index) => tallyOf(of(index), index)).reduce(together)

it('counts by address and by account', () => {
  const tally = [
    tallyOf({ source: '192.0.2.1', userId: 'a' }, 5),
    tallyOf({ source: '192.0.2.1', userId: 'b' }, 7, 3),
    tallyOf({ source: '192.0.2.2', userId: 'a' }, 6),
  ].reduce(together)
  expect(tally).toMatchObject({ count: 5, first: 5, last: 7 })
  expect(countsBy(tally, 'source')).toEqual([
    ['192.0.2.1', 4],
    ['192.0.2.2', 1],
  ])
  expect(countsBy(tally, 'userId')).toEqual([
    ['b', 3],
    ['a', 2],
  ])
})

it('is bounded, and keeps count and the most frequent', () => {
  const loud = tallyOf({ source: 'loud' }, 0, 50)
  const tally = together(
    together(many(MOST_SEEN), loud),
    many(5000, (it) => ({ source: `x${it}` })),
  )
  expect(Object.keys(tally.seen).length).toBeLessThanOrEqual(MOST_SEEN)
  expect(tally).toMatchObject({ count: MOST_SEEN + 50 + 5000, isCut: true })
  expect(countsBy(tally, 'source')[0]).toEqual(['loud', 50])
})

it('takes a part, with its own count', () => {
  expect(part(many(10), ({ source }) => source === 'source 3')).toMatchObject({ count: 1 })
  expect(part(many(10), () => false)).toBeUndefined()
})

it('collects as much as it may, counts all, and gives it away once', () => {
  const collected = createCollector()
  for (let one = 0; one < 2 * MOST_SEEN; one += 1) collected.add({ source: `x${one}` }, one)
  const tally = collected.take()
  expect(tally).toMatchObject({
    count: 2 * MOST_SEEN,
    first: 0,
    last: 2 * MOST_SEEN - 1,
    isCut: true,
  })
  expect(collected.take()).toBeUndefined()
  if (tally) collected.putBack(tally)
  collected.add({ source: 'x0' }, 5000)
  expect(collected.take()?.count).toBe(2 * MOST_SEEN + 1)
})
