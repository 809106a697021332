import type { UnixSeconds } from '../base/clock.ts'

/** Lines of a table with aligned columns. Control characters of stored texts stay out of the terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [...(head.length > 0 ? [head] : []), ...rows].map((row) => row.map(printable))
  const widths = (all[0] ?? []).map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  )
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** A time as people sort it: `2026-05-01 14:03`, UTC. */
export const day = (at: UnixSeconds): string =>
  new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')

const printable = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
