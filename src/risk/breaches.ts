import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { followFile } from '../base/followed-file.ts'

/** Knows leaked passwords, by a file that never leaves the machine. */
export interface Breaches {
  /** @returns `undefined` while the file is missing or broken. */
  has(password: string): Promise<boolean | undefined>
}

export interface BreachesDeps {
  /**
   * A text file, sorted: a SHA-1 digest in hexadecimal a line, or the first ten digits of it or more,
   * perhaps with `:` and a number behind.
   */
  path: string
  clock: Clock
  /** Hears whether the file is good; `fault` says what is wrong. */
  told(fault: string | undefined): void
}

/** Never reads the file as a whole: it may be larger than the memory. */
export function openBreaches({ path, clock, told }: BreachesDeps): Breaches {
  const file = followFile({ path, open: checkList, clock, told })
  return {
    has: (password) =>
      file.with(({ digits }) => {
        const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
        return reading(path, (handle, size) => search(handle, size, digest.slice(0, digits)))
      }),
  }
}

const LINE = /^([0-9A-Fa-f]{10,40})(?::\d{1,12})?$/
/** No line is longer, with its end. */
const LONGEST_LINE = 64
/** What is read at once where the search has become narrow. */
const BLOCK = 4096
const SAMPLES = 64

/** Looks at lines all over the file: is it a list, and sorted? */
async function checkList(path: string): Promise<{ digits: number }> {
  return reading(path, async (handle, size) => {
    let before = ''
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const line = await lineAfter(handle, Math.floor((size * sample) / SAMPLES))
      if (line === undefined && sample > 0) break
      if (line === undefined) throw new Error('it is empty')
      if (before !== '' && line.length !== before.length)
        throw new Error('its lines differ in form')
      if (line < before) throw new Error('it is not sorted')
      before = line
    }
    return { digits: before.length }
  })
}

async function reading<T>(
  path: string,
  work: (handle: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  const handle = await open(path)
  try {
    return await work(handle, (await handle.stat()).size)
  } finally {
    await handle.close()
  }
}

async function search(handle: FileHandle, size: number, wanted: string): Promise<boolean> {
  let [low, high] = [0, size]
  while (high - low > BLOCK) {
    const middle = Math.floor((low + high) / 2)
    const line = await lineAfter(handle, middle)
    if (line === undefined || line > wanted) high = middle
    else low = middle
  }
  const text = await textFrom(handle, low, high - low + LONGEST_LINE)
  return text.split('\n').some((line) => digestIn(line) === wanted)
}

/** The digits of the first line that begins at a place or behind it; `undefined` where none does. */
async function lineAfter(handle: FileHandle, place: number): Promise<string | undefined> {
  const [line = ''] = (await textFrom(handle, place, 2 * LONGEST_LINE)).split('\n')
  if (line === '') return undefined
  const digest = digestIn(line)
  if (digest === undefined) throw new Error('a line of it is no digest')
  return digest
}

/** Whole lines: what belongs to a line that began earlier is left out. */
async function textFrom(handle: FileHandle, place: number, length: number): Promise<string> {
  // One sign before: a line may begin at the very place.
  const start = Math.max(0, place - 1)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start)
  const text = buffer.toString('latin1', 0, bytesRead)
  if (place === 0) return text
  const end = text.indexOf('\n')
  return end < 0 ? '' : text.slice(end + 1)
}

const digestIn = (line: string) => LINE.exec(line.trimEnd())?.[1]?.toUpperCase()
