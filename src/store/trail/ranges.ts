/** Writes ascending numbers as ranges: `3-5,9`. */
export function writeRanges(numbers: readonly number[]): string {
  const ranges: { from: number; to: number }[] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last && last.to + 1 === number) last.to = number
    else ranges.push({ from: number, to: number })
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

/** @returns Whether a number lies in ranges as {@link writeRanges} writes them. */
export function readRanges(text: string): (number: number) => boolean {
  const numbers = new Set<number>()
  for (const range of text.split(',')) {
    const [, from = '', to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(range) ?? []
    if (from === '' || Number(to) - Number(from) > MOST) continue
    for (let number = Number(from); number <= Number(to); number += 1) numbers.add(number)
  }
  return (number) => numbers.has(number)
}

/** A range longer than any person's rows is none that we wrote. */
const MOST = 10_000_000
