import type { Audit } from '../../src/audit/record.ts'
import type { Outbox } from '../../src/channels/contract.ts'
import type { Factor } from '../../src/factors/contract.ts'
import { createChallenges } from '../../src/login/challenges.ts'
import { createEnrollments } from '../../src/login/enrollments.ts'
import { createGuesses } from '../../src/login/guesses.ts'
import { createLimits } from '../../src/login/limits.ts'
import type { AuditEvent } from '../../src/model/event.ts'
import type { Store } from '../../src/store/contract.ts'
import type { StillClock } from './still-clock.ts'

/** Sends at once, and never again: what a test does with a message is its own business. */
export const directOutbox: Outbox = {
  async post({ deliver, told }) {
    const { ok } = await deliver()
    await told?.(ok ? 'sent' : 'refused')
    return ok ? 'sent' : 'failed'
  },
  async close() {},
}

/** The engine of second factors on a store, without pages around it. */
export function createEngine(store: Store, factor: Factor, clock: StillClock) {
  const events: Omit<AuditEvent, 'at'>[] = []
  const audit: Audit = {
    record(event) {
      events.push(event)
      return undefined
    },
  }
  const { credentials, devices } = store
  const factors = new Map([[factor.kind, factor]])
  const limits = createLimits({
    repository: store.limits,
    devices,
    clock,
    key: new Uint8Array(32).fill(7),
  })
  const shared = { audit, clock, credentials, factors, limits }
  const challenges = createChallenges({
    ...shared,
    challenges: store.challenges,
    outbox: directOutbox,
  })
  const enrollments = createEnrollments({ challenges, clock, credentials, factors })
  const directory = {
    findByName: store.users.findByName,
    find: store.users.find,
    checkPassword: async () => false,
  }
  const guesses = createGuesses({ ...shared, challenges, directory })
  return { challenges, enrollments, guesses, events, factor }
}

export type Engine = ReturnType<typeof createEngine>
