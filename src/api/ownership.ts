import type { Context } from 'hono'
import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Factor } from '../factors/contract.ts'
import type { Source } from '../login/guess.ts'
import type { Engine } from '../login/login.ts'
import type { Challenge, ChallengeAbout } from '../model/challenge.ts'
import type { Credential } from '../model/factor.ts'
import { isFrozen, type User } from '../model/user.ts'
import type { CredentialRepository, UserRepository } from '../store/contract.ts'
import { isForTests } from './config.ts'
import type { ApiEnv } from './env.ts'
import { type Refusal, refuse } from './faults.ts'
import type { People } from './people.ts'
import { frozenProblem } from './problems.ts'

export interface OwnershipDeps {
  clock: Clock
  credentials: CredentialRepository
  /** The engine of each application that is known, with factors of its own. */
  engines: ReadonlyMap<string, Engine>
  people: People
  users: UserRepository
}

/** A credential of a user of the calling application. */
export interface OwnCredential {
  credential: Credential
  user: User
}

/** A challenge of the calling application, with what belongs to it and is still there. */
export interface OwnChallenge {
  challenge: Challenge
  user: User
  /** Absent when the authenticator was removed, or its kind switched off: then nothing answers any more. */
  asked?: { credential: Credential; factor: Factor }
}

export type Call = Context<ApiEnv>

/** What belongs to the calling application: its engine, its users, and what is theirs. */
export function createOwnership(deps: OwnershipDeps) {
  const { clock, credentials, people, users } = deps

  const engineOf = (c: Call): Engine => {
    const engine = deps.engines.get(c.get('key').application)
    // The key would not have come this far.
    if (!engine) throw new Error('a key of an application that is not known')
    return engine
  }

  /** A user of the calling application, who may sign in. */
  const ownUser = async (c: Call, userId: string): Promise<User | undefined> => {
    const user = await users.find(userId)
    const own = user && (await people.find(c.get('key'), people.nameOf(user)))
    return own?.id === userId ? own : undefined
  }

  const isOwn = (c: Call, { boundTo }: Challenge) =>
    boundTo.startsWith(`api/${c.get('key').application}/`)

  return {
    engineOf,

    unknown: (c: Call, what: string) =>
      refuse(c, { status: 404, code: `unknown_${what}`, title: `There is no such ${what}.` }),

    throttled(c: Call, wait: number) {
      const seconds = Math.max(1, wait)
      const title = `Too many tries. Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`
      return refuse(c, { status: 429, code: 'throttled', title, retryAfter: seconds })
    },

    /** Why nothing about a user may change at this moment; `undefined` where it may. */
    closed(c: Call, user: User): Refusal | undefined {
      const until = isFrozen(user, clock.now()) ? user.frozenUntil : undefined
      return until === undefined ? undefined : refuse(c, frozenProblem(until))
    },

    /** A credential of a user of the calling application; anybody else's is as good as none. */
    async ownCredential(c: Call, credentialId: string): Promise<OwnCredential | undefined> {
      const credential = await credentials.find(credentialId)
      const user = credential && (await ownUser(c, credential.userId))
      return credential && user ? { credential, user } : undefined
    },

    /** A challenge of the calling application; anybody else's is as good as none. */
    async ownChallenge(c: Call, challengeId: string): Promise<OwnChallenge | undefined> {
      const challenge = await engineOf(c).challenges.find(challengeId)
      if (!challenge || !isOwn(c, challenge)) return undefined
      const user = await ownUser(c, challenge.userId)
      if (!user) return undefined
      const credential = await credentials.find(challenge.credentialId)
      const factor = engineOf(c).factors.get(challenge.kind)
      return { challenge, user, ...(credential && factor ? { asked: { credential, factor } } : {}) }
    },

    /** What a challenge of the application is bound to; two of them never are to the same. */
    bindingOf: (c: Call): string => `api/${c.get('key').application}/${randomToken(12)}`,

    aboutOf: (c: Call): ChallengeAbout => ({
      address: c.env.client.address,
      userAgent: c.env.client.userAgent,
      destination: c.get('key').application,
    }),

    /** The application stands between us and the browser: each of its users is a source of their own. */
    sourceOf(c: Call, userId: string): Source {
      const who = `api ${c.get('key').application} ${userId}`
      // Wrong codes of one user must not hold up all others, who come from the same address.
      return { browser: who, address: c.env.client.address, relayed: true }
    },

    /** Stands in every answer about what is done by a key for tests. */
    marks: (c: Call) => (isForTests(c.get('key').application) ? { test: true as const } : {}),
  }
}
