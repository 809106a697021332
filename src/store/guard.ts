import { stat } from 'node:fs'
import type Database from 'better-sqlite3'
import type { StoreTiming, StoreTrouble } from './contract.ts'
import { asUnavailable, codeOf, isBusy, StoreUnavailable } from './errors.ts'
import { createTurns } from './turns.ts'

/** Stands between the repositories and the file: everything that is done with the database goes through it. */
export interface Guard {
  /**
   * Reads at once.
   *
   * @throws {StoreUnavailable} when the machine fails at it, or the database was found damaged.
   */
  read<T>(work: () => T): T
  /** The same, and tells how long it took: for all but the look-up of every request, which memory answers. */
  ask<T>(work: () => T): T
  /** Writes in turn, and tells how long it took, with the wait. @throws {StoreUnavailable} as above, or when the database is held for too long. */
  write<T>(work: () => T): Promise<T>
  /** Why nothing is read or written any more; `undefined` while all is well. */
  damage(): string | undefined
  /** Tells what goes wrong, each time. @returns What ends it. */
  onTrouble(heard: (trouble: StoreTrouble) => void): () => void
  /** Tells how long reads and writes take, in seconds. @returns What ends it. */
  onTiming(heard: StoreTiming): () => void
  close(): void
}

/** A read waits for nobody, but for the moment in which another process opens or mends the log. */
const MOMENT_MS = 30
const LOOK_EVERY_MS = 1_000

/**
 * What is damaged stays damaged: from the first sign on nothing is read and nothing is written, because
 * whatever else is found there may be wrong too. A start looks at the whole file and names the way back.
 */
export function createGuard(raw: Database.Database, file: string): Guard {
  const turns = createTurns()
  const listeners = new Set<(trouble: StoreTrouble) => void>()
  let damage: string | undefined
  const timings = new Set<StoreTiming>()

  const took = (kind: 'read' | 'write', since: number) => {
    const seconds = (performance.now() - since) / 1000
    for (const heard of timings) heard(kind, seconds)
  }
  const tell = (trouble: StoreTrouble) => {
    for (const heard of listeners) heard(trouble)
  }
  const condemn = (why: string) => {
    if (damage !== undefined) return
    damage = why
    tell({ kind: 'damaged', detail: why })
  }
  const failed = (cause: unknown): unknown => {
    const code = codeOf(cause)
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) condemn((cause as Error).message)
    const unavailable = asUnavailable(cause)
    if (unavailable !== cause && damage === undefined) tell({ kind: kindOf(code), detail: code })
    return unavailable
  }
  const requireSound = () => {
    if (damage !== undefined) throw new StoreUnavailable({ detail: `damaged: ${damage}` })
  }
  const endWatch = watchPlace(file, condemn)

  const read: Guard['read'] = (work) => {
    requireSound()
    try {
      return work()
    } catch (cause) {
      if (!isBusy(cause)) throw failed(cause)
    }
    try {
      return patiently(raw, MOMENT_MS, work)
    } catch (cause) {
      throw failed(cause)
    }
  }

  return {
    read,

    ask(work) {
      const since = performance.now()
      try {
        return read(work)
      } finally {
        took('read', since)
      }
    },

    async write(work) {
      const since = performance.now()
      try {
        return await turns(() => {
          requireSound()
          return work()
        })
      } catch (cause) {
        throw failed(cause)
      } finally {
        took('write', since)
      }
    },

    damage: () => damage,
    onTrouble(heard) {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    onTiming(heard) {
      timings.add(heard)
      return () => timings.delete(heard)
    },
    close: endWatch,
  }
}

const kindOf = (code: string): StoreTrouble['kind'] => {
  if (code.startsWith('SQLITE_BUSY')) return 'busy'
  return code.startsWith('SQLITE_FULL') ? 'full' : 'failing'
}

function patiently<T>(raw: Database.Database, ms: number, work: () => T): T {
  raw.pragma(`busy_timeout = ${ms}`)
  try {
    return work()
  } finally {
    raw.pragma('busy_timeout = 0')
  }
}

/**
 * Sees a file go from its place while it is open: what is written to it then is in no file any more, and
 * whoever put another one there means that one. Only looked at, never opened: closing it again would give up
 * the locks that SQLite holds on it.
 *
 * @see https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
function watchPlace(file: string, gone: (why: string) => void): () => void {
  let first: string | undefined
  let before: string | undefined
  /** Seen twice in a row: some file systems are confused for a moment. */
  const seen = (place: string, why: string) => {
    if (place === before) gone(why)
    before = place
  }
  const look = () =>
    stat(file, { bigint: true }, (error, found) => {
      if (error?.code === 'ENOENT') return seen('nowhere', 'the file is gone')
      // Whatever else keeps us from looking keeps SQLite from reading too, and is found there.
      if (error) return
      if (found.size === 0n) return seen('empty', 'the file is empty')
      const place = `${found.dev} ${found.ino}`
      first ??= place
      if (place !== first) seen(place, 'another file has taken its place')
      else before = undefined
    })
  look()
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  return () => clearInterval(timer)
}
