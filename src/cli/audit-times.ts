import type { UnixSeconds } from '../base/clock.ts'
import { WrongUsage } from './command.ts'

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Reads a moment: so long ago (`24h`), a day or a time of day in UTC (`2026-05-01`, `2026-05-01T14:00`).
 *
 * @throws {WrongUsage} when it is none.
 */
export function momentIn(text: string, now = Date.now()): UnixSeconds {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count !== undefined) return Math.floor(now / 1000) - Number(count) * (UNIT_SECONDS[unit] ?? 0)
  const isDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?$/.test(text)
  const written = text.length > 10 && !text.endsWith('Z') ? `${text}Z` : text
  const ms = isDate ? Date.parse(written.replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(ms))
    throw new WrongUsage(`"${text}" is no time: write 24h, 2026-05-01 or 2026-05-01T14:00`)
  return Math.floor(ms / 1000)
}
