import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { auditConfig } from '../../../src/audit/config.ts'
import { tendStore } from '../../../src/cli/tend-store.ts'
import { recordingLog } from '../../support/recording-log.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const audit = auditConfig.parse({})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] })
})
afterEach(() => vi.useRealTimers())

function tended() {
  const swept: number[] = []
  const end = tendStore({ sweep: async (now) => void swept.push(now) }, recordingLog().log, () => ({
    privacy: { browsers: 1 },
    audit,
  }))
  return { swept, end }
}

it('removes every few minutes what has expired', () => {
  const { swept, end } = tended()
  vi.advanceTimersByTime(HOUR_MS)
  expect(swept).toHaveLength(12)
  end()
  vi.advanceTimersByTime(HOUR_MS)
  expect(swept).toHaveLength(12)
})

it.each([3650, -3650])('removes nothing for an hour after the clock was set by %d days', (days) => {
  const { swept, end } = tended()
  vi.setSystemTime(Date.now() + days * DAY_MS)
  vi.advanceTimersByTime(HOUR_MS)
  expect(swept).toEqual([])
  // Nobody has set it back: it is right.
  vi.advanceTimersByTime(HOUR_MS)
  expect(swept.length).toBeGreaterThan(6)
  end()
})

it('goes on when the clock was set by less', () => {
  const { swept, end } = tended()
  vi.setSystemTime(Date.now() + HOUR_MS)
  vi.advanceTimersByTime(HOUR_MS)
  expect(swept).toHaveLength(12)
  end()
})
