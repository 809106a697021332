import { randomBytes } from 'node:crypto'
import { sha256 } from '../../base/bytes.ts'
import {
  type AuditEvent,
  type EventDetails,
  type EventName,
  IMPERSONAL_DETAILS,
  type StoredEvent,
} from '../../model/event.ts'

/**
 * One row of the trail.
 *
 * What happened (`about`) and to whom (`personal`) are kept apart, and the chain covers digests of both:
 * either can go one day, the one when the person is forgotten, both when their time is over, and the chain
 * still holds. The personal part is salted, so that its digest cannot be guessed from a list of people.
 */
export interface TrailRow {
  /** Its place in the chain, from 1. */
  id: number
  at: number
  name: string
  /** JSON of what says nothing about a person; null once its time is over. */
  about: string | null
  about_digest: Uint8Array
  /** Null, with `personal`, once the person is forgotten. */
  salt: Uint8Array | null
  /** JSON of who, from where, and all details that are not known to be impersonal. */
  personal: string | null
  /** SHA-256 of salt and personal part. */
  personal_digest: Uint8Array
  /** SHA-256 of the hash of the row before, and of this row's place, time, name and digests. */
  hash: Uint8Array
  /** Copies to be searched; after an erasure `user_id` is the pseudonym. */
  user_id: string | null
  session_id: string | null
  address: string | null
  reference: string | null
}

/** A place in the chain: the row that comes next is tied to it. */
export interface ChainPlace {
  id: number
  hash: Uint8Array
}

/** What the very first row is tied to. */
export const GENESIS: Uint8Array = sha256('gatehouse-trail/1')

const SALT_BYTES = 16

/** Makes the row that comes after `previous`. */
export function rowFor(event: AuditEvent, previous: ChainPlace): TrailRow {
  const { name, at, userId, sessionId, address, reference } = event
  const { about, personal } = partsOf(event)
  const salt = randomBytes(SALT_BYTES)
  const digests = { about_digest: sha256(about), personal_digest: personalDigest(salt, personal) }
  const place = { id: previous.id + 1, at, name, ...digests }
  return {
    ...place,
    about,
    salt,
    personal,
    hash: chainHash(previous.hash, place),
    user_id: userId ?? null,
    session_id: sessionId ?? null,
    address: address ?? null,
    reference: reference ?? null,
  }
}

/** The link from one row to the next. */
export const chainHash = (
  previous: Uint8Array,
  row: Pick<TrailRow, 'id' | 'at' | 'name' | 'about_digest' | 'personal_digest'>,
): Uint8Array => {
  const { id, at, name } = row
  const digests = [row.about_digest, row.personal_digest].map(hex)
  return sha256(Buffer.concat([previous, Buffer.from(JSON.stringify([id, at, name, ...digests]))]))
}

/** Commits to the personal part without telling it. */
export const personalDigest = (salt: Uint8Array, personal: string): Uint8Array =>
  sha256(Buffer.concat([salt, Buffer.from(personal)]))

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

interface Personal {
  userId?: string
  actorId?: string
  sessionId?: string
  address?: string
  details?: EventDetails
}

type About = Pick<AuditEvent, 'reference' | 'details' | 'walk'>

function partsOf({ userId, actorId, sessionId, address, reference, details, walk }: AuditEvent) {
  const entries = Object.entries(details ?? {})
  const isImpersonal = ([key]: [string, unknown]) => IMPERSONAL_DETAILS.has(key)
  const some = (part: [string, EventDetails[string]][]) =>
    part.length > 0 ? { details: Object.fromEntries(part) } : {}
  const about = { reference, ...some(entries.filter(isImpersonal)), walk }
  const others = entries.filter((entry) => !isImpersonal(entry))
  const personal = { userId, actorId, sessionId, address, ...some(others) }
  return { about: JSON.stringify(about), personal: JSON.stringify(personal) }
}

/** @throws {SyntaxError} when the row holds no JSON: somebody wrote into it. */
export const personalIn = (row: Pick<TrailRow, 'personal'>): Personal =>
  row.personal === null ? {} : (JSON.parse(row.personal) as Personal)

/** @throws {SyntaxError} when the row holds no JSON: somebody wrote into it. */
export const aboutIn = (row: Pick<TrailRow, 'about'>): About =>
  row.about === null ? {} : (JSON.parse(row.about) as About)

/** The event in a row whose time is not over. What somebody made unreadable is told as that. */
export function eventIn(row: TrailRow): StoredEvent {
  const { id, at, name, user_id: userId } = row
  const known = { id, at, name: name as EventName, isErased: row.personal === null }
  try {
    const { details: some, ...about } = aboutIn(row)
    const { details: others, ...personal } = personalIn(row)
    const pseudonym = known.isErased && userId !== null ? { userId } : {}
    return { ...known, ...personal, ...pseudonym, ...about, details: { ...some, ...others } }
  } catch {
    return { ...known, details: { what: 'this row cannot be read: see gatehouse audit verify' } }
  }
}
