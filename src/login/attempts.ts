import { randomToken, sameBytes, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Attempt } from '../model/attempt.ts'
import type { Assessment } from '../model/risk.ts'
import type { AttemptRepository } from '../store/contract.ts'
import { TRIES_PER_ATTEMPT } from './limits.ts'

/** Sign-ins on their way, kept on the server and bound to the browser that began them. */
export interface Attempts {
  /** Puts a new attempt on file. */
  open(start: AttemptStart): Promise<Attempt>
  /**
   * @param id From the address bar; may be hostile.
   * @returns `undefined` unless the attempt is on file, in time, and this browser's own.
   */
  find(id: string, browser: string): Promise<Attempt | undefined>
  /**
   * Counts a try before it is checked.
   *
   * @returns The attempt as it now stands, or `undefined` when it has no tries left.
   */
  spendTry(attempt: Attempt): Promise<Attempt | undefined>
  /** @returns The attempt as it now stands, or `undefined` when somebody else has moved it meanwhile. */
  advance(attempt: Attempt, change: Partial<Attempt>): Promise<Attempt | undefined>
  /** Takes the attempt off file. @returns `true` for exactly one of several parallel callers. */
  close(attempt: Attempt): Promise<boolean>
}

export type AttemptStart = Pick<
  Attempt,
  'userId' | 'returnTo' | 'requirement' | 'proved' | 'remember'
> & {
  browser: string
  sessionId?: string
  passwordVersion?: number
  goal?: 'new_password'
  risk?: Assessment
  chosen?: string
  enrollingKind?: string
  enrollingId?: string
}

export interface AttemptsDeps {
  repository: AttemptRepository
  clock: Clock
  /** Seconds within which an attempt must be finished. */
  lifetimeSeconds: number
}

/** Tries that may run into each other before one of them is refused. */
const RACES = 10

export function createAttempts({ repository, clock, lifetimeSeconds }: AttemptsDeps): Attempts {
  const save = async (attempt: Attempt) =>
    (await repository.update(attempt)) ? { ...attempt, version: attempt.version + 1 } : undefined

  return {
    async open({ browser, ...start }) {
      const now = clock.now()
      const attempt: Attempt = {
        ...start,
        id: randomToken(16),
        browserHash: sha256(browser),
        failures: 0,
        createdAt: now,
        expiresAt: now + lifetimeSeconds,
        version: 1,
      }
      await repository.insert(attempt)
      return attempt
    },

    async find(id, browser) {
      const attempt = await repository.find(id)
      if (!attempt || clock.now() >= attempt.expiresAt) return undefined
      if (!sameBytes(attempt.browserHash, sha256(browser))) return undefined
      return attempt.failures < TRIES_PER_ATTEMPT ? attempt : undefined
    },

    async spendTry(attempt) {
      let current: Attempt | undefined = attempt
      for (let race = 0; current && race < RACES; race += 1) {
        if (current.failures >= TRIES_PER_ATTEMPT) return undefined
        const spent = await save({ ...current, failures: current.failures + 1 })
        if (spent) return spent
        current = await repository.find(attempt.id)
      }
      return undefined
    },

    advance: (attempt, change) => save({ ...attempt, ...change }),
    close: ({ id }) => repository.delete(id),
  }
}
