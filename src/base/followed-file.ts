import { stat } from 'node:fs/promises'
import type { Clock, UnixSeconds } from './clock.ts'

/** A file that somebody else provides and replaces from time to time. */
export interface FollowedFile<T> {
  /**
   * Works with what the file holds, in its newest version.
   *
   * @returns `undefined` while the file is missing or broken.
   */
  with<R>(work: (held: T) => R | Promise<R>): Promise<R | undefined>
}

export interface FollowedFileDeps<T> {
  path: string
  /** Reads the file as far as it has to be read. Rejects when it is broken. */
  open(path: string): Promise<T>
  /** Hears whether it is good, at the first look and at every change; `fault` says what is wrong. */
  told(fault: string | undefined): void
  clock: Clock
}

/** How soon another version of it is seen. */
const LOOK_EVERY_SECONDS = 30

/** Opens a file at once, and again whenever it has changed; a broken one stands in nobody's way. */
export function followFile<T>({ path, open, told, clock }: FollowedFileDeps<T>): FollowedFile<T> {
  let state: Promise<Version<T>> | undefined
  let lookedAt: UnixSeconds = 0
  let said: string | undefined | typeof NOTHING = NOTHING

  const say = (fault: string | undefined) => {
    if (fault === said) return
    said = fault
    told(fault)
  }

  const look = async (before: Version<T> | undefined): Promise<Version<T>> => {
    try {
      const { mtimeMs, size, ino } = await stat(path)
      const mark = `${mtimeMs} ${size} ${ino}`
      if (before?.held !== undefined && before.mark === mark) return before
      const held = await open(path)
      say(undefined)
      return { mark, held }
    } catch (cause) {
      say(cause instanceof Error ? cause.message : String(cause))
      return {}
    }
  }

  const current = () => {
    const now = clock.now()
    if (!state || now - lookedAt >= LOOK_EVERY_SECONDS || now < lookedAt) {
      lookedAt = now
      const before = state
      state = (async () => look(await before))()
    }
    return state
  }

  // Known to be good or broken from the start, and not only once somebody needs it.
  void current()

  return {
    async with(work) {
      const { held } = await current()
      if (held === undefined) return undefined
      try {
        return await work(held)
      } catch (cause) {
        state = Promise.resolve({})
        say(cause instanceof Error ? cause.message : String(cause))
        return undefined
      }
    },
  }
}

const NOTHING = Symbol('nothing said yet')

interface Version<T> {
  mark?: string
  held?: T
}
