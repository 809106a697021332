import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Signals } from '../base/signals.ts'
import type { Outbox } from '../channels/contract.ts'
import type { Directory } from '../directories/contract.ts'
import type { Factors } from '../factors/contract.ts'
import type { Risk } from '../risk/index.ts'
import type { Store } from '../store/contract.ts'
import { type AccountAccess, createAccountAccess } from './account/access.ts'
import { type Approvers, createApprovers } from './approvers.ts'
import { type Attempts, createAttempts } from './attempts.ts'
import { createCaution } from './caution.ts'
import { type Challenges, createChallenges } from './challenges.ts'
import { createEnrollments, type Enrollments } from './enrollments.ts'
import { createLoginFlow, type LoginFlow, type LoginFlowDeps } from './flow.ts'
import { createGuesses, type Guesses } from './guesses.ts'
import { createLimits, type Limits } from './limits.ts'
import { watched } from './watch.ts'

/** What begins, asks and checks second factors. */
export interface Engine {
  challenges: Challenges
  enrollments: Enrollments
  factors: Factors
  guesses: Guesses
}

/** Everything by which people prove who they are: one engine behind the portal and the API. */
export interface Login extends Engine {
  access: AccountAccess
  approvers: Approvers
  flow: LoginFlow
  attempts: Attempts
  limits: Limits
  /** The same engine, with the same limits, for the users of another application. */
  engineFor(factors: Factors): Engine
}

export interface LoginDeps
  extends Pick<
    LoginFlowDeps,
    | 'accountUseOf'
    | 'destinations'
    | 'firstNeedsPass'
    | 'nameOf'
    | 'notice'
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
  log: Log
  /** How unusual sign-ins are; absent where that is not weighed. */
  risk: Risk | undefined
  /** Makes digests of what limits are counted under. */
  limitsKey: Uint8Array
  outbox: Outbox
  /** Tells whoever waits that something was asked or answered. */
  signals: Signals
  store: Store
}

export function createLogin(deps: LoginDeps): Login {
  const { audit, clock, directory, factors, outbox, store, twoFactorKinds } = deps
  const { credentials, devices } = store
  const limits = createLimits({ repository: store.limits, devices, clock, key: deps.limitsKey })
  const engineFor = (its: Factors): Engine => {
    const shared = { audit, clock, credentials, factors: its, limits }
    const asked = createChallenges({ ...shared, challenges: store.challenges, outbox })
    const watchedOnes = watched(asked, deps.signals)
    return {
      challenges: watchedOnes,
      enrollments: createEnrollments({ ...shared, challenges: watchedOnes }),
      factors: its,
      guesses: createGuesses({ ...shared, challenges: watchedOnes, directory }),
    }
  }
  const engine = engineFor(factors)
  const { challenges, enrollments, guesses } = engine
  const attempts = createAttempts({
    repository: store.attempts,
    clock,
    lifetimeSeconds: deps.attemptSeconds,
  })
  const counting = new Map([...factors].filter(([kind]) => twoFactorKinds.has(kind)))
  const access = createAccountAccess({ clock, credentials, factors: counting })
  const caution = createCaution({ audit, factors: counting, log: deps.log, risk: deps.risk })
  const flow = createLoginFlow({
    ...deps,
    caution,
    access,
    attempts,
    challenges,
    credentials,
    devices,
    enrollments,
    guesses,
    hasPassword: async (id) => (await store.users.passwordHash(id)) !== undefined,
  })
  const approvers = createApprovers({
    audit,
    clock,
    challenges,
    credentials,
    directory,
    enrollments,
    factors,
    guesses,
    signals: deps.signals,
  })
  return { ...engine, access, approvers, flow, attempts, limits, engineFor }
}
