import type { UnixSeconds } from '../base/clock.ts'
import type { Attempt } from '../model/attempt.ts'
import type { Challenge, DeliveryState } from '../model/challenge.ts'
import type { AuditEvent, EventDetails, EventName, StoredEvent } from '../model/event.ts'
import type { Credential } from '../model/factor.ts'
import type { Habits } from '../model/habits.ts'
import type { Session, SignedIn } from '../model/session.ts'
import type { User } from '../model/user.ts'
import type { Field } from './catalog.ts'
import type { Erasure } from './trail/erase.ts'
import type { Retention } from './trail/prune.ts'
import type { Sealed } from './trail/seals.ts'
import type { Anchor, TrailFault, TrailReport } from './trail/verify.ts'

/** All persistence: one repository a noun. What a method has returned from, a crash cannot undo. */
export interface Store {
  users: UserRepository
  sessions: SessionRepository
  credentials: CredentialRepository
  challenges: ChallengeRepository
  attempts: AttemptRepository
  limits: LimitRepository
  devices: DeviceRepository
  habits: HabitRepository
  visits: VisitRepository
  alerts: AlertRepository
  tickets: TicketRepository
  signingKeys: SigningKeyRepository
  apiKeys: ApiKeyRepository
  idempotency: IdempotencyRepository
  consents: ConsentRepository
  webhooks: WebhookRepository
  events: EventRepository
  persons: PersonRepository
  secretKey: SecretKeyWraps
  /**
   * Removes what has expired; safe to call at any time. At most once a day, and only after somebody was
   * erased, it also does what {@link Store.scrub} does.
   *
   * @param browserSeconds How long a browser is known after it was seen last; a year when left out.
   * @param retention How long events are kept; a year when left out.
   */
  sweep(now: UnixSeconds, browserSeconds?: number, retention?: Retention): Promise<void>
  /**
   * Writes the database anew, so that its files hold nothing but what is in it: pages that were once split or
   * merged may have copies of deleted rows between their cells. Nothing else is written meanwhile.
   */
  scrub(): Promise<void>
  /**
   * Copies the living database to a new file, whole and consistent.
   *
   * @throws {OperatorError} when the file exists or cannot be written.
   */
  backup(file: string): Promise<void>
  /** Why nothing is read or written any more, until a start with a database that is whole. */
  damage(): string | undefined
  /** Tells each time that the store cannot do what it is asked for. @returns What ends it. */
  onTrouble(heard: (trouble: StoreTrouble) => void): () => void
  /** Tells how long reads and writes take, with what they waited for. @returns What ends it. */
  onTiming(heard: StoreTiming): () => void
  close(): Promise<void>
}

/** Hears how long something took. */
export type StoreTiming = (kind: 'read' | 'write', seconds: number) => void

/** Why the store could not do something. */
export interface StoreTrouble {
  /** Held by another program for too long, no room on the disk, not to be trusted any more, or anything else. */
  kind: 'busy' | 'full' | 'damaged' | 'failing'
  /** In the words of the engine. */
  detail: string
}

export interface UserRepository {
  /**
   * @returns `false` when the name is taken (names are compared without regard to case), or is the mail
   * address of somebody else, or the mail address is the name of somebody else.
   */
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
  /** Looks up a user of an application by that application's own id. */
  findExternal(application: string, externalId: string): Promise<User | undefined>
  /** People who sign in here, in the order of their names. */
  list(): Promise<User[]>
  /** Everybody of a group, in whatever state. */
  listByGroup(group: string): Promise<User[]>
  count(): Promise<number>
  passwordHash(id: string): Promise<string | undefined>
  /**
   * Another password: `passwordVersion` rises with it.
   *
   * @param at When the person changed it; left out where an operator did.
   */
  setPasswordHash(id: string, passwordHash: string, at?: UnixSeconds): Promise<void>
  /** The same password, hashed anew; nothing happens if the hash is `former` no longer. */
  renewPasswordHash(id: string, former: string, passwordHash: string): Promise<void>
  setStatus(id: string, status: User['status']): Promise<void>
  setGroups(id: string, groups: readonly string[]): Promise<void>
  /** @param emailAt When the person changed the mail address; left out where they did not. */
  setProfile(
    id: string,
    profile: Pick<User, 'displayName' | 'email'>,
    emailAt?: UnixSeconds,
  ): Promise<void>
  /** Until `frozenUntil` nothing about the account may change. */
  freeze(id: string, frozenUntil: UnixSeconds): Promise<void>
  /**
   * Takes away a password and a mail address that the person, or whoever passed for them, has set since a
   * moment. What an operator has set stays.
   */
  disown(id: string, since: UnixSeconds): Promise<{ password: boolean; email: boolean }>
  /** Removes the user and all that belongs to them. */
  delete(id: string): Promise<void>
}

export interface StoredSession extends Session {
  /** SHA-256 of the secret half of the session token. */
  secretHash: Uint8Array
}

/** A session with its user, and what its token is checked against. */
export interface FoundSession extends Readonly<SignedIn> {
  readonly secretHash: Uint8Array
}

export interface SessionRepository {
  /**
   * @param passwordVersion As it was when what the session stands on was proved; 0 for never changed.
   * @returns `false` when the user's password has changed since, or the user is gone: nothing is
   * inserted then.
   */
  insert(session: StoredSession, passwordVersion?: number): Promise<boolean>
  /**
   * The session with its user as both are at this moment, whatever their state: expired sessions and
   * disabled users are for the caller to refuse. The one look-up of the hot path, so it is not async.
   * It is the very same value as before while nothing has changed.
   */
  find(id: string): FoundSession | undefined
  /**
   * A mark for each of these sessions that is there: another one as soon as anything about it or its
   * user has changed on which access may depend. Not async, as {@link find}.
   */
  marks(ids: readonly string[]): ReadonlyMap<string, string>
  /** Moves the last sight forward, never backwards. Counts at once; fulfilled when it is written. */
  touch(id: string, seenAt: UnixSeconds): Promise<void>
  /** Lowers a session to one factor, and moves its last sight forward. */
  lower(id: string, seenAt: UnixSeconds): Promise<void>
  /** Those on file whose absolute end is still to come. */
  count(now: UnixSeconds): Promise<number>
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
  /** @returns `false` when another credential of its kind has its handle. */
  insert(credential: Credential): Promise<boolean>
  find(id: string): Promise<Credential | undefined>
  findByHandle(kind: string, handle: string): Promise<Credential | undefined>
  /** Oldest first; pending and disabled ones too. */
  listByUser(userId: string): Promise<Credential[]>
  /**
   * Stores what a factor made of an accepted answer: new data, active, no failures; the challenge that
   * it answers is verified, its marks are spent. All of it, or nothing.
   *
   * @returns `false` when the credential has changed since its version was read, the challenge is not
   * open any more, or a mark is spent. Exactly one of several parallel calls wins, which is what makes
   * a code good for one use only.
   */
  accept(acceptance: Acceptance): Promise<boolean>
  /**
   * Changes what a factor keeps, and nothing else.
   *
   * @returns `false` when the credential has changed since `version` was read.
   */
  revise(id: string, version: number, change: Pick<Acceptance, 'data' | 'handle'>): Promise<boolean>
  /** @returns Whether there was such a credential of that user. */
  rename(id: string, userId: string, label: string): Promise<boolean>
  /**
   * Counts a failure.
   *
   * @returns The credential's state afterwards: `disabled` once `limit` failures came in a row.
   */
  recordFailure(id: string, limit: number): Promise<Credential['state'] | undefined>
  /**
   * Sets aside what has begun to count since a moment, and removes what was begun and not confirmed.
   *
   * @returns Those that count for nothing from now on, and did before.
   */
  contest(userId: string, since: UnixSeconds, at: UnixSeconds): Promise<Credential[]>
  /** Lets one that was set aside count again. @returns Whether there was such a one of that user. */
  restore(id: string, userId: string): Promise<boolean>
  /** @returns Whether there was such a credential of that user. */
  delete(id: string, userId: string): Promise<boolean>
}

/** An answer that was right, and what becomes of everything that it touches. */
export interface Acceptance {
  id: string
  version: number
  data: unknown
  at: UnixSeconds
  handle?: string
  label?: string
  /** The challenge that is answered, as it was when the answer was checked, with what that has proved. */
  challenge?: Challenge
  /** Marks that nobody may have set before. */
  spends?: readonly Uint8Array[]
  /** Only if the user has no other authenticator by now, in any state but pending. */
  onlyAsFirst?: boolean
  /** Only if the user has fewer others of its kind by now, in any state but pending. */
  atMost?: number
  /** All others of its kind that the user has end with this. */
  insteadOfOthers?: boolean
}

export interface ChallengeRepository {
  /**
   * Puts a challenge on file, and ends all earlier ones that were bound to the same.
   *
   * @param onePerUser Refuse it while another one of this kind is open for the user, bound elsewhere.
   * @returns `undefined` when it is on file, else the challenge that stands in its way.
   */
  open(challenge: Challenge, onePerUser: boolean): Promise<Challenge | undefined>
  find(id: string): Promise<Challenge | undefined>
  /** The newest one that is bound to something, in whatever state. */
  findBound(boundTo: string): Promise<Challenge | undefined>
  /** Those that are open at this moment, oldest first. */
  listOpen(userId: string, now: UnixSeconds): Promise<Challenge[]>
  /** Stores `challenge` if it has not changed since `challenge.version` was read; the version rises by one. */
  update(challenge: Challenge): Promise<boolean>
  /**
   * Counts a try before it is checked.
   *
   * @returns The challenge as it now stands; `undefined` when it is not open or has no tries left.
   */
  spendTry(id: string, tries: number, now: UnixSeconds): Promise<Challenge | undefined>
  /** Ends an open challenge. @returns Whether it was open. */
  end(id: string, state: Exclude<Challenge['state'], 'pending' | 'verified'>): Promise<boolean>
  /**
   * Notes how far a message has come, unless a newer one is on its way.
   *
   * @param reference What the service that has taken it calls it.
   */
  setDelivery(id: string, sends: number, delivery: DeliveryState, reference?: string): Promise<void>
  /**
   * Notes that the message of a name at its carrier was not delivered in the end.
   *
   * @returns Whose it is and what kind of question; `undefined` when it is not known, or was noted before.
   */
  failDelivery(reference: string): Promise<Pick<Challenge, 'userId' | 'kind'> | undefined>
}

/** The audit trail: facts, in one order, each tied to the one before by a hash, and their end signed. */
export interface EventRepository {
  /** Fulfilled once it is written, which may be a moment later. Where it cannot be written it is tried again. */
  insert(event: AuditEvent): Promise<void>
  /** Newest first. */
  listByUser(userId: string, names: readonly EventName[], limit: number): Promise<AuditEvent[]>
  list(filter: EventFilter, page: EventPage): Promise<StoredEvent[]>
  /**
   * Forgets a person: from all rows about them goes who it was and from where. What happened stays, under a
   * pseudonym; the chain still holds, and says itself in which rows this was done.
   *
   * @param details More to be written down about it, e.g. who asked for it. Nothing personal.
   */
  erase(userId: string, now: UnixSeconds, details?: EventDetails): Promise<Erasure>
  /** Removes what has been kept for long enough. @returns How many rows. */
  prune(retention: Retention, now: UnixSeconds): Promise<number>
  /**
   * Checks every row, every link and every signature.
   *
   * @param anchors Places of the trail that were written down elsewhere.
   */
  verify(anchors?: readonly Anchor[]): Promise<TrailReport>
  /** By which checkpoints can be checked without the secret key: a JWK. */
  publicKey(): object
  /** Hears of the checkpoints that this process makes. @returns How to stop. */
  onCheckpoint(heard: (checkpoint: Sealed) => void): () => void
}

/** Which events; all that fulfill everything that is given. */
export interface EventFilter {
  userId?: string
  sessionId?: string
  address?: string
  reference?: string
  /** Whole names, or groups of them: `login.*`. */
  names?: readonly string[]
  since?: UnixSeconds
  /** Before this moment. */
  until?: UnixSeconds
  host?: string
  /** About users of this application, as long as they are there. */
  application?: string
  /** That say of whom these pseudonyms were made. */
  pseudonyms?: readonly string[]
}

export interface EventPage {
  /** From behind the event with this id, in the order of the page. */
  after?: number
  limit: number
  /** Else oldest first. */
  newestFirst?: boolean
}

export type { Anchor, Erasure, Retention, Sealed, TrailFault, TrailReport }

export interface AttemptRepository {
  insert(attempt: Attempt): Promise<void>
  find(id: string): Promise<Attempt | undefined>
  /** Stores `attempt` if it has not changed since `attempt.version` was read; the version rises by one. */
  update(attempt: Attempt): Promise<boolean>
  /** @returns Whether it was there: exactly one of several parallel calls is told yes. */
  delete(id: string): Promise<boolean>
  /** Ends whatever a user has begun. */
  deleteByUser(userId: string): Promise<void>
}

/** A budget of guesses under one key. */
export interface Bucket {
  /** Bounded and opaque: a digest, never what was typed. */
  key: string
  /** For operators; kept, sealed, only while somebody has to wait. */
  about: BucketAbout
  /** Failures are forgotten this long after the first of them. */
  windowSeconds: number
  /** From this many on, each further one must wait, longer and longer up to `maxDelaySeconds`. */
  slowAfter: number
  maxDelaySeconds: number
  /** From this many on, nothing is taken at all for `blockSeconds`. */
  block?: { after: number; seconds: number }
}

/** What is counted, and whom it concerns. */
export interface BucketAbout {
  /** In words of our own. */
  kind: string
  userId?: string
  /** An IPv4 address or an IPv6 network. */
  address?: string
}

/** A budget whose guesses or messages have to wait. */
export interface SlowedBucket {
  about: BucketAbout
  count: number
  /** Is nothing taken at all? */
  isBlocked: boolean
  since: UnixSeconds
  /** When it is forgotten if nothing more comes; of a blocked one, when something is taken again. */
  until: UnixSeconds
}

/** How many guesses, by the key of their bucket. */
export type Counts = ReadonlyMap<string, number>

export interface LimitRepository {
  /**
   * Takes one guess from every bucket, or from none. The guess counts as a failure from this moment,
   * so that parallel guesses cannot slip through together.
   *
   * @returns 0 when it was taken, else the seconds to wait.
   */
  take(buckets: readonly Bucket[], now: UnixSeconds): Promise<number>
  /** The guesses that are counted at this moment, by key. */
  counted(keys: readonly string[], now: UnixSeconds): Promise<Counts>
  /** Empties buckets after a success. @returns The guesses that were counted, by key. */
  forgive(keys: readonly string[]): Promise<Counts>
  /**
   * Takes one guess off the count, and leaves all else: for budgets that many people share.
   *
   * @returns The guesses that are still counted, by key.
   */
  giveBack(keys: readonly string[]): Promise<Counts>
  /** Those that make somebody wait, newest first. */
  listSlowed(now: UnixSeconds): Promise<SlowedBucket[]>
  /** Empties those that make somebody wait and that `matches` picks; all there are, without it. @returns How many. */
  clear(matches?: (about: BucketAbout) => boolean): Promise<number>
}

/** Browsers in which a user has signed in before. */
export interface DeviceRepository {
  knows(userId: string, browserHash: Uint8Array): Promise<boolean>
  remember(userId: string, browserHash: Uint8Array, seenAt: UnixSeconds): Promise<void>
  /** Forgets all of them. */
  forget(userId: string): Promise<void>
}

/** What is usual for a person. Forgotten when nothing was added to it for half a year. */
export interface HabitRepository {
  /** @returns `undefined` for somebody who has never signed in. */
  find(userId: string): Promise<Habits | undefined>
  /** Of two at once the later one stays: no decision hangs on one sign-in more or less. */
  save(userId: string, habits: Habits): Promise<void>
}

/** A session that was let in somewhere. */
export interface Visit {
  sessionId: string
  userId: string
  host: string
  at: UnixSeconds
}

/** Where sessions have been. Forgotten with the session. */
export interface VisitRepository {
  /**
   * Notes several at once, for good and among all processes.
   *
   * @returns For each: was it the first of this session there? `nobody` where the user is gone meanwhile.
   */
  note(visits: readonly Visit[]): Promise<('first' | 'again' | 'nobody')[]>
}

/**
 * What a ticket opens: the set-up link, a new password, the way back from a change, a new mail address,
 * another realm.
 */
export type TicketPurpose = 'setup' | 'reset' | 'undo' | 'invite' | 'mail' | 'hand-off'

/** A secret that opens one thing once. Only its hash is kept. */
export interface Ticket {
  purpose: TicketPurpose
  /** SHA-256 of the secret. */
  hash: Uint8Array
  userId?: string
  /** SHA-256 of the browser's own secret: no other browser may use it. */
  browserHash?: Uint8Array
  /** When that happened which it is the way back from. */
  since?: UnixSeconds
  expiresAt: UnixSeconds
}

export interface TicketRepository {
  /** Puts a ticket in place of all earlier ones for the same purpose, and of the same user where it has one. */
  replace(ticket: Ticket): Promise<void>
  /** Is there such a ticket, not used and not expired? */
  isOpen(purpose: TicketPurpose, hash: Uint8Array, now: UnixSeconds): Promise<boolean>
  /** Puts a ticket beside others. */
  insert(ticket: Ticket): Promise<void>
  /** @returns The ticket, if it is neither used nor expired. */
  find(purpose: TicketPurpose, hash: Uint8Array, now: UnixSeconds): Promise<Ticket | undefined>
  /** Uses a ticket up. @returns It, to exactly one of several parallel callers. */
  use(purpose: TicketPurpose, hash: Uint8Array, now: UnixSeconds): Promise<Ticket | undefined>
  /** Ends all tickets of a user for a purpose. */
  cancel(purpose: TicketPurpose, userId: string): Promise<void>
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

/** Which secret keys open the database. */
export interface SecretKeyWraps {
  /** Lets another one open it too, from now on. */
  admit(next: Uint8Array): Promise<void>
  /** Shuts out all that came before this one; before the one that has opened it, when left out. @returns How many. */
  settle(key?: Uint8Array): Promise<number>
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

/** A key by which an application uses the API. Its secret half is shown once, and only a hash is kept. */
export interface ApiKey {
  id: string
  application: string
  /** What it is for, in the operator's words. */
  label: string
  scopes: readonly string[]
  /** Networks from which it may be used; empty for anywhere. */
  networks: readonly string[]
  createdAt: UnixSeconds
  expiresAt?: UnixSeconds
  lastUsedAt?: UnixSeconds
}

export interface ApiKeyRepository {
  insert(key: ApiKey, secretHash: Uint8Array): Promise<void>
  find(id: string): Promise<{ key: ApiKey; secretHash: Uint8Array } | undefined>
  /** By application, then oldest first. */
  list(): Promise<ApiKey[]>
  touch(id: string, usedAt: UnixSeconds): Promise<void>
  /** @returns Whether there was such a key. */
  delete(id: string): Promise<boolean>
}

/** An answer that was given to a request. */
export interface KeptAnswer {
  status: number
  body: string
}

/** Whoever holds one knows until when: nobody else has had the key since. */
export interface Claim {
  /** Digest of API key, key and path. */
  key: Uint8Array
  until: UnixSeconds
}

export interface IdempotencyRepository {
  /**
   * Claims a key for a request, for a while: a claim of somebody who died frees itself.
   *
   * @param request Digest of the request.
   * @param until How long the claim holds, unless it is renewed or the answer is there.
   * @returns `fresh` for the one that is to do the work, `underway` with the end of the claim while another
   * one does it, the answer once it is there, and `other` when the key belongs to another request.
   */
  claim(
    claim: Claim,
    request: Uint8Array,
    now: UnixSeconds,
  ): Promise<'fresh' | 'other' | { underway: UnixSeconds } | KeptAnswer>
  /** Holds a claim for longer. @returns `false` when it is not held any more. */
  renew(claim: Claim, until: UnixSeconds): Promise<boolean>
  /** Keeps the answer, as long as the claim is held. */
  keep(claim: Claim, answer: KeptAnswer, until: UnixSeconds): Promise<void>
  /** Gives a claim back: the work came to nothing, and may be tried again. */
  release(claim: Claim): Promise<void>
}

/** What a person has agreed to. */
export interface Consent {
  id: string
  userId: string
  /** Which text: the privacy notice here, or what an application asks for. */
  document: 'privacy-notice' | 'application'
  /** The version of the text that they agreed to. */
  version: string
  agreedAt: UnixSeconds
  recordedAt: UnixSeconds
}

export interface ConsentRepository {
  insert(consent: Consent): Promise<void>
  /** Oldest first. */
  listByUser(userId: string): Promise<Consent[]>
}

/** Everything that is stored about one person, in one place. */
export interface PersonRepository {
  /**
   * All of it, table by table, in the words and forms of the catalogue. What would prove who somebody is
   * is told of and not given.
   *
   * @returns `undefined` when there is no such user.
   */
  collect(userId: string, disclose: Disclose): Promise<readonly KeptTable[] | undefined>
  /**
   * Removes all of it at once, and overwrites it in the files of the store.
   *
   * @param userId Also of a user who was deleted, and of whom only the history is left.
   * @returns Whether there was anything. Safe to call again.
   */
  erase(userId: string): Promise<boolean>
}

/** What a person is told of the data of an authenticator. @returns `undefined` for a kind that is not known. */
export type Disclose = (kind: string, data: unknown) => unknown

/** One table's part of what is stored about a person. */
export interface KeptTable {
  table: string
  /** What a row is, as a sentence. */
  holds: string
  /** When rows go, as a sentence. */
  kept: string
  fields: Readonly<Record<string, Field>>
  rows: readonly KeptRow[]
}

/** A column each; times as text, and `withheld` where there is something that is not given. */
export type KeptRow = Readonly<Record<string, unknown>>

/** Word that an application is owed about one of its challenges, once that is over. */
export interface Webhook {
  /** The same however often it is sent. */
  id: string
  challengeId: string
  userId: string
  application: string
  url: string
  /** What is told of the challenge beside how it ended. Sealed at rest. */
  about: Readonly<Record<string, unknown>>
  createdAt: UnixSeconds
}

/** A webhook about a challenge that is over. */
export interface DueWebhook extends Webhook {
  /** How it ended; one that is gone with its factor was canceled. */
  state: Exclude<Challenge['state'], 'pending'>
  /** Claims made so far. */
  claims: number
}

export interface WebhookRepository {
  /**
   * Puts a webhook in the place of the one before it about the same challenge.
   *
   * @param most That wait for one application; beyond that none is taken.
   */
  insert(webhook: Webhook, most: number): Promise<boolean>
  /** Those about challenges that are over, and that nobody has claimed, longest due first. */
  listDue(now: UnixSeconds, limit: number): Promise<DueWebhook[]>
  /** @returns Whether it is the caller's until `until`: of several processes one is told yes. */
  claim(due: Pick<DueWebhook, 'id' | 'claims'>, until: UnixSeconds): Promise<boolean>
  /** Is it still owed? It goes with the person whom it is about. */
  isOwed(id: string): Promise<boolean>
  delete(id: string): Promise<void>
}

/** An alert on its way to one recipient. What it holds is known to the room of alerts alone. */
export interface AlertLetter {
  /** The same however often it is sent. */
  id: string
  to: string
  alert: unknown
  createdAt: UnixSeconds
}

export interface DueAlertLetter extends AlertLetter {
  /** Claims made so far. */
  claims: number
}

/** What becomes of what is remembered of one kind of alert. */
export interface AlertStep {
  /** Nothing, where nothing is left to be remembered. */
  state: unknown
  /** When it has to be looked at again, though nothing may have happened. */
  wakeAt?: UnixSeconds | undefined
  letters?: readonly AlertLetter[]
}

export interface AlertRepository {
  /**
   * Takes what is remembered of a kind one step further and puts letters in the box, both or neither. Of
   * several processes one comes after the other.
   *
   * @param work Gets `undefined` where nothing is remembered.
   */
  update(kind: string, work: (state: unknown) => AlertStep): Promise<void>
  /** Kinds that have to be looked at, and letters that nobody is sending. */
  due(now: UnixSeconds, limit: number): Promise<{ kinds: string[]; letters: DueAlertLetter[] }>
  /** @returns Whether it is the caller's until `until`: of several processes one is told yes. */
  claim(due: Pick<DueAlertLetter, 'id' | 'claims'>, until: UnixSeconds): Promise<boolean>
  /** @returns Whether it was there. */
  delete(id: string): Promise<boolean>
}
