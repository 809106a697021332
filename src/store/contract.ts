import type { UnixSeconds } from '../base/clock.ts'
import type { Attempt } from '../model/attempt.ts'
import type { Credential } from '../model/factor.ts'
import type { Session, SignedIn } from '../model/session.ts'
import type { User } from '../model/user.ts'

/** All persistence: one repository a noun. What a method has returned from, a crash cannot undo. */
export interface Store {
  users: UserRepository
  sessions: SessionRepository
  credentials: CredentialRepository
  attempts: AttemptRepository
  limits: LimitRepository
  devices: DeviceRepository
  tickets: TicketRepository
  signingKeys: SigningKeyRepository
  /** Removes what has expired; safe to call at any time. */
  sweep(now: UnixSeconds): Promise<void>
  /**
   * Copies the living database to a new file, whole and consistent.
   *
   * @throws {OperatorError} when the file exists or cannot be written.
   */
  backup(file: string): Promise<void>
  close(): Promise<void>
}

export interface UserRepository {
  /** @returns `false` when the name is taken (names are compared without regard to case). */
  insert(user: User, passwordHash?: string): Promise<boolean>
  /**
   * Inserts the very first user, and uses up the ticket that allows it, in one step.
   *
   * @returns `false` when there is a user already, or the ticket is unknown, used or expired.
   */
  insertFirst(
    user: User,
    passwordHash: string,
    ticketHash: Uint8Array,
    now: UnixSeconds,
  ): Promise<boolean>
  find(id: string): Promise<User | undefined>
  /** Looks a user up by what was typed. */
  findByName(name: string): Promise<User | undefined>
  /** In the order of their names. */
  list(): Promise<User[]>
  count(): Promise<number>
  passwordHash(id: string): Promise<string | undefined>
  setPasswordHash(id: string, passwordHash: string): Promise<void>
  setStatus(id: string, status: User['status']): Promise<void>
  setGroups(id: string, groups: readonly string[]): Promise<void>
  /** Removes the user and all that belongs to them. */
  delete(id: string): Promise<void>
}

export interface StoredSession extends Session {
  /** SHA-256 of the secret half of the session token. */
  secretHash: Uint8Array
}

export interface SessionRepository {
  insert(session: StoredSession): Promise<void>
  /**
   * The session with its user as both are at this moment, whatever their state: expired sessions and
   * disabled users are for the caller to refuse. The one look-up of the hot path, so it is not async.
   */
  find(id: string): (SignedIn & { secretHash: Uint8Array }) | undefined
  /** Moves the last sight forward, never backwards. */
  touch(id: string, seenAt: UnixSeconds): Promise<void>
  /** Lowers a session to one factor, and moves its last sight forward. */
  lower(id: string, seenAt: UnixSeconds): Promise<void>
  /** Newest first. */
  listByUser(userId: string): Promise<Session[]>
  /** @returns Whether there was such a session. */
  delete(id: string): Promise<boolean>
  /** @returns The ids of the sessions that ended. */
  deleteByUser(userId: string, options?: { except?: string }): Promise<string[]>
  /** Ends the oldest sessions of a user beyond `keep`. */
  trim(userId: string, keep: number): Promise<void>
}

export interface CredentialRepository {
  insert(credential: Credential): Promise<void>
  find(id: string): Promise<Credential | undefined>
  /** Oldest first; pending and disabled ones too. */
  listByUser(userId: string): Promise<Credential[]>
  /**
   * Stores what a factor made of an accepted answer: new data, active, no failures, used `at`.
   *
   * @returns `false` when the credential has changed since `version` was read. Exactly one of several
   * parallel calls wins, which is what makes a code good for one use only.
   */
  accept(id: string, version: number, data: unknown, at: UnixSeconds): Promise<boolean>
  /**
   * The same for a user's very first authenticator.
   *
   * @returns `false` also when the user has another one by now, in any state but pending.
   */
  acceptFirst(id: string, version: number, data: unknown, at: UnixSeconds): Promise<boolean>
  /**
   * Counts a failure.
   *
   * @returns The credential's state afterwards: `disabled` once `limit` failures came in a row.
   */
  recordFailure(id: string, limit: number): Promise<Credential['state'] | undefined>
  /** @returns Whether there was such a credential of that user. */
  delete(id: string, userId: string): Promise<boolean>
}

export interface AttemptRepository {
  insert(attempt: Attempt): Promise<void>
  find(id: string): Promise<Attempt | undefined>
  /** Stores `attempt` if it has not changed since `attempt.version` was read; the version rises by one. */
  update(attempt: Attempt): Promise<boolean>
  /** @returns Whether it was there: exactly one of several parallel calls is told yes. */
  delete(id: string): Promise<boolean>
}

/** A budget of guesses under one key. */
export interface Bucket {
  /** Bounded and opaque: a digest, never what was typed. */
  key: string
  /** Failures are forgotten this long after the first of them. */
  windowSeconds: number
  /** From this many on, each further one must wait, longer and longer up to `maxDelaySeconds`. */
  slowAfter: number
  maxDelaySeconds: number
  /** From this many on, nothing is taken at all for `blockSeconds`. */
  block?: { after: number; seconds: number }
}

export interface LimitRepository {
  /**
   * Takes one guess from every bucket, or from none. The guess counts as a failure from this moment,
   * so that parallel guesses cannot slip through together.
   *
   * @returns 0 when it was taken, else the seconds to wait.
   */
  take(buckets: readonly Bucket[], now: UnixSeconds): Promise<number>
  /** Empties buckets after a success. */
  forgive(keys: readonly string[]): Promise<void>
  /** Takes one guess off the count, and leaves all else: for budgets that many people share. */
  giveBack(keys: readonly string[]): Promise<void>
}

/** Browsers in which a user has signed in before. */
export interface DeviceRepository {
  knows(userId: string, browserHash: Uint8Array): Promise<boolean>
  remember(userId: string, browserHash: Uint8Array, seenAt: UnixSeconds): Promise<void>
}

/** Secrets that open one thing once: the set-up link. */
export interface TicketRepository {
  /** Puts a ticket in place of all earlier ones for the same purpose. */
  replace(purpose: 'setup', hash: Uint8Array, expiresAt: UnixSeconds): Promise<void>
  /** Is there such a ticket, not used and not expired? */
  isOpen(purpose: 'setup', hash: Uint8Array, now: UnixSeconds): Promise<boolean>
}

/** A key that signs assertions. `privateJwk` is sealed at rest. */
export interface SigningKey {
  id: string
  privateJwk: string
  publicJwk: string
  /** Signs from here on; published from `createdAt` on. */
  activeAt: UnixSeconds
  createdAt: UnixSeconds
}

export interface SigningKeyRepository {
  /** Oldest first. */
  list(): Promise<SigningKey[]>
  /**
   * Inserts a key if the keys are still those with the ids `known`.
   *
   * @returns `false` when they are not: of several processes that renew keys at once, one does.
   */
  insert(key: SigningKey, known: ReadonlySet<string>): Promise<boolean>
  delete(id: string): Promise<void>
}
