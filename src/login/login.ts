import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Outbox } from '../channels/contract.ts'
import type { Directory } from '../directories/contract.ts'
import type { Factors } from '../factors/contract.ts'
import type { Store } from '../store/contract.ts'
import { type Attempts, createAttempts } from './attempts.ts'
import { type Challenges, createChallenges } from './challenges.ts'
import { createEnrollments, type Enrollments } from './enrollments.ts'
import { createLoginFlow, type LoginFlow, type LoginFlowDeps } from './flow.ts'
import { createGuesses, type Guesses } from './guesses.ts'
import { createLimits, type Limits } from './limits.ts'

/** Everything by which people prove who they are: one engine behind the portal and the API. */
export interface Login {
  flow: LoginFlow
  attempts: Attempts
  challenges: Challenges
  enrollments: Enrollments
  guesses: Guesses
  limits: Limits
}

export interface LoginDeps
  extends Pick<
    LoginFlowDeps,
    | 'destinations'
    | 'freshnessFor'
    | 'nameOf'
    | 'passwordMaxAge'
    | 'passwords'
    | 'requirementFor'
    | 'sessions'
    | 'twoFactorKinds'
  > {
  audit: Audit
  /** Seconds within which a sign-in must be finished. */
  attemptSeconds: number
  clock: Clock
  directory: Directory
  factors: Factors
  /** Makes digests of what limits are counted under. */
  limitsKey: Uint8Array
  outbox: Outbox
  store: Store
}

export function createLogin(deps: LoginDeps): Login {
  const { audit, clock, directory, factors, outbox, store } = deps
  const { credentials, devices } = store
  const limits = createLimits({ repository: store.limits, devices, clock, key: deps.limitsKey })
  const shared = { audit, clock, credentials, factors, limits }
  const challenges = createChallenges({ ...shared, challenges: store.challenges, outbox })
  const enrollments = createEnrollments({ challenges, clock, credentials, factors })
  const guesses = createGuesses({ ...shared, challenges, directory })
  const attempts = createAttempts({
    repository: store.attempts,
    clock,
    lifetimeSeconds: deps.attemptSeconds,
  })
  const flow = createLoginFlow({
    ...deps,
    attempts,
    challenges,
    credentials,
    devices,
    enrollments,
    guesses,
  })
  return { flow, attempts, challenges, enrollments, guesses, limits }
}
