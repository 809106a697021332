import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watchClock } from '../../../src/base/clock.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('tells of a clock that was set, by how much, and once', () => {
  const jumps: number[] = []
  const end = watchClock((seconds) => jumps.push(seconds))
  vi.advanceTimersByTime(60_000)
  expect(jumps).toEqual([])

  for (const seconds of [-3_600, 3_600, 3_650 * 86_400]) {
    vi.setSystemTime(Date.now() + seconds * 1_000)
    vi.advanceTimersByTime(60_000)
  }
  expect(jumps).toEqual([-3_600, 3_600, 3_650 * 86_400])

  // A clock is set right by a little every day.
  vi.setSystemTime(Date.now() + 2_000)
  vi.advanceTimersByTime(60_000)
  end()
  vi.setSystemTime(Date.now() + 3_600_000)
  vi.advanceTimersByTime(60_000)
  expect(jumps).toHaveLength(3)
})
