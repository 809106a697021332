import { hmac, randomToken, sameBytes, sha256 } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Assessment } from '../model/risk.ts'
import type { Proof, Session, SignedIn } from '../model/session.ts'
import type { FoundSession, SessionRepository } from '../store/contract.ts'
import type { SessionConfig } from './config.ts'

/** Everything after sign-in: who is there, for how long, and how it ends. */
export interface Sessions {
  /**
   * Finds out who is there.
   *
   * @param token The session cookie's value; may be hostile.
   * @param realm Where the cookie came from: one that was made for another realm is worth nothing.
   * @returns `undefined` unless the token is whole and signed, its session lives, and its user is
   * active at this very moment. A remembered session whose proof is no longer fresh comes back at
   * one factor.
   */
  read(token: string | undefined, realm?: string): SignedIn | undefined
  /** The same, but leaves no trace: an open connection alone keeps no session alive. */
  peek(token: string | undefined, realm?: string): SignedIn | undefined
  /** A session by its id, as it is at this moment; `undefined` when it is over. Leaves no trace. */
  living(id: string): SignedIn | undefined
  /**
   * The same session for another realm: its token there, which is worth nothing anywhere else, not
   * even in the hands of whoever has stolen it.
   *
   * @returns `undefined` when the session is over.
   */
  abroad(id: string, realm: string): { token: string; session: Session } | undefined
  /**
   * Looks at many at once, by id.
   *
   * @returns A mark for each that is there. It changes with everything about the session or its user
   * on which {@link peek}, or a rule, may depend; it does not change with the time.
   */
  marks(ids: readonly string[]): ReadonlyMap<string, string>
  /** When the next limit of a session is reached, if it is left alone. */
  changesAt(session: Session): UnixSeconds
  /**
   * Begins a session, always under a fresh id; `replaces` is over in the same moment.
   *
   * @returns The token for the cookie, which exists nowhere else; `undefined`, and nothing has begun, when
   * the user's password has changed since it was proved.
   */
  issue(start: SessionStart): Promise<{ token: string; session: Session } | undefined>
  /** The living sessions of a user, newest first. */
  list(userId: string): Promise<Session[]>
  /** Ends one session. @returns Whether there was one. */
  revoke(id: string): Promise<boolean>
  /** Ends all sessions of a user, or all but one. @returns The ids of those that ended. */
  revokeAll(userId: string, options?: { except?: string }): Promise<string[]>
}

export interface SessionStart {
  userId: string
  proof: Proof
  remember: boolean
  address: string
  userAgent: string
  /** Of the user, when what the session stands on was proved; absent for never changed. */
  passwordVersion?: number
  /** How unusual the sign-in was. */
  risk?: Assessment | undefined
  /** The session that this one takes the place of. */
  replaces?: string
}

export interface SessionsDeps {
  repository: SessionRepository
  clock: Clock
  config: SessionConfig
  /** Signs tokens, so that a forged one is refused without asking the store. */
  key: Uint8Array
  log: Log
  /** What is written down of an address; all of it when left out. */
  writtenAddress?: (address: string) => string
}

const ID_BYTES = 16
const SECRET_BYTES = 32
/** The name of the portal's own realm. */
const HOME = ''
const TOKEN = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/

export function createSessions(deps: SessionsDeps): Sessions {
  const { repository, clock, config, key, log, writtenAddress = (address) => address } = deps
  const sign = (id: string, secret: string, realm: string) =>
    hmac(key, realm === HOME ? `${id}.${secret}` : `${id}.${secret} ${realm}`).toString('base64url')

  /** Follows from the session, so that it need not be stored, and from no other secret of it. */
  const secretAbroad = (id: string, secretHash: Uint8Array, realm: string) =>
    hmac(key, `abroad ${realm} ${id} ${Buffer.from(secretHash).toString('base64url')}`).toString(
      'base64url',
    )

  /** A session seen once in a while is written once in a while: never a row a request. */
  const touchEverySeconds = Math.max(1, Math.min(60, Math.floor(config.idle / 10)))

  /** Nobody waits for a last sight, and a lost one only ends a session sooner. */
  const inBackground = (write: Promise<unknown>) => {
    write.catch((cause) => log.warn({ error: String(cause) }, 'session: last sight not written'))
  }

  const proved = createProvedTokens()

  /** @returns What a token names, when it is one of ours. */
  const prove = (token: string, realm: string): Proved | undefined => {
    const [, id, secret, signature] = TOKEN.exec(token) ?? []
    if (!id || !secret || !signature) return undefined
    // Compared as text: several spellings of the last letter decode to the same bytes.
    if (!sameBytes(Buffer.from(sign(id, secret, realm)), Buffer.from(signature))) return undefined
    return { id, digest: sha256(secret) }
  }

  const find = (token: string | undefined, realm: string): FoundSession | undefined => {
    if (token === undefined) return undefined
    const known = proved.find(token, realm) ?? prove(token, realm)
    const found = known && repository.find(known.id)
    if (!known || !found || known.found === found) return found
    const expected =
      realm === HOME ? found.secretHash : sha256(secretAbroad(known.id, found.secretHash, realm))
    if (!sameBytes(expected, known.digest)) return undefined
    proved.remember(token, realm, { ...known, found })
    return found
  }

  const fresh = new WeakMap<FoundSession, SignedIn>()
  /** The same value for the same session, so that what follows from it can be kept beside it. */
  const inFull = (found: FoundSession): SignedIn => {
    const known = fresh.get(found)
    if (known) return known
    const { session, user } = found
    const made = { session: withoutLost(session), user }
    fresh.set(found, made)
    return made
  }

  const admit = (found: FoundSession, now: UnixSeconds): SignedIn | undefined => {
    const { session, user } = found
    if (user.status !== 'active' || isFromLater(session, now)) return undefined
    if (isFresh(session, config, now)) return now < session.expiresAt ? inFull(found) : undefined
    return isAlive(session, config, now) ? { session: lowered(session), user } : undefined
  }

  return {
    read(token, realm = HOME) {
      const found = find(token, realm)
      if (!found) return undefined
      const { session: stored } = found
      const now = clock.now()
      const admitted = admit(found, now)
      if (!isAlive(stored, config, now)) {
        // What is over stays over, also when the clock is set back.
        inBackground(repository.delete(stored.id))
      } else if (admitted && admitted.session.aal !== stored.aal) {
        // Written before the last sight moves, or the next request would find the proof fresh again.
        inBackground(repository.lower(stored.id, now))
      } else if (admitted && now - stored.lastSeenAt >= touchEverySeconds) {
        inBackground(repository.touch(stored.id, now))
      }
      return admitted
    },

    peek(token, realm = HOME) {
      const found = find(token, realm)
      return found && admit(found, clock.now())
    },

    living(id) {
      const found = repository.find(id)
      return found && admit(found, clock.now())
    },

    abroad(id, realm) {
      const found = repository.find(id)
      if (!found || !admit(found, clock.now())) return undefined
      const secret = secretAbroad(id, found.secretHash, realm)
      return { token: `${id}.${secret}.${sign(id, secret, realm)}`, session: found.session }
    },

    marks: (ids) => repository.marks(ids),

    changesAt({ lastSeenAt, createdAt, expiresAt }) {
      const now = clock.now()
      const limits = [lastSeenAt + config.idle, createdAt + config.absolute, expiresAt]
      return Math.min(...limits.filter((at) => at > now))
    },

    async issue(start) {
      const { userId, proof, remember, address, userAgent, passwordVersion, risk, replaces } = start
      const now = clock.now()
      const id = randomToken(ID_BYTES)
      const secret = randomToken(SECRET_BYTES)
      const lasts = remember ? config.remembered : config.absolute
      const session: Session = {
        id,
        userId,
        ...proof,
        createdAt: now,
        lastSeenAt: now,
        expiresAt: now + lasts,
        remembered: remember,
        address: writtenAddress(address),
        userAgent: userAgent.slice(0, 300),
        ...(risk ? { risk } : {}),
      }
      const stored = { ...session, secretHash: sha256(secret) }
      if (!(await repository.insert(stored, passwordVersion))) return undefined
      if (replaces) await repository.delete(replaces)
      await repository.trim(userId, config.per_user)
      return { token: `${id}.${secret}.${sign(id, secret, HOME)}`, session }
    },

    async list(userId) {
      const now = clock.now()
      const sessions = await repository.listByUser(userId)
      return sessions.filter((session) => isAlive(session, config, now))
    },

    revoke: (id) => repository.delete(id),
    revokeAll: (userId, options) => repository.deleteByUser(userId, options),
  }
}

/** A token whose signature was found right. Whether its session lives is another question, asked every time. */
interface Proved {
  id: string
  digest: Uint8Array
  /** What it was found to belong to; another value has to be compared anew. */
  found?: FoundSession
}

const REMEMBERED = 5_000

function createProvedTokens() {
  const known = new Map<string, Proved>()
  const keyOf = (token: string, realm: string) => (realm === HOME ? token : `${token} ${realm}`)
  return {
    find: (token: string, realm: string) => known.get(keyOf(token, realm)),
    remember(token: string, realm: string, proved: Proved) {
      if (known.size >= REMEMBERED) forgetOldest(known)
      known.set(keyOf(token, realm), proved)
    },
  }
}

function forgetOldest(known: Map<string, unknown>): void {
  for (const key of known.keys()) {
    known.delete(key)
    return
  }
}

/** The id of the session that a token of ours names. */
export const idIn = (token: string): string => token.slice(0, token.indexOf('.'))

/** What is left of a remembered session whose proof is no longer fresh: nothing that a password cannot do. */
const lowered = ({ by: _, ...session }: Session): Session => ({
  ...session,
  aal: 1,
  phishingResistant: false,
  amr: session.amr.filter((method) => method === 'pwd'),
})

// The row still names the methods of a second factor after it was lowered.
const withoutLost = (session: Session): Session =>
  session.aal < 2 && session.amr.includes('mfa') ? lowered(session) : session

/** Two machines may tell the time this differently. */
const SKEW_SECONDS = 300

/** Last seen at a time that is still to come: the clock was set back, and who knows for how long it idled. */
const isFromLater = (session: Session, now: UnixSeconds): boolean =>
  session.lastSeenAt > now + SKEW_SECONDS

/** Within both limits of a session that was proved in full. */
const isFresh = (session: Session, config: SessionConfig, now: UnixSeconds): boolean =>
  now - session.lastSeenAt < config.idle && now - session.createdAt < config.absolute

const isAlive = (session: Session, config: SessionConfig, now: UnixSeconds): boolean =>
  now < session.expiresAt && (session.remembered || isFresh(session, config, now))
