import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose'
import { randomToken, sha256 } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { SignedIn } from '../model/session.ts'
import type { SigningKey, SigningKeyRepository } from '../store/contract.ts'
import { acrOf } from './answers.ts'
import { IdentityUnavailable } from './errors.ts'

/** Signed statements about who is there, for applications that trust no header. */
export interface Assertions {
  /**
   * States who is there, for one application and one minute (ES256).
   *
   * @param audience The application's origin.
   * @throws {IdentityUnavailable} when it cannot be signed. A request must not go on without it.
   */
  sign(audience: string, signedIn: SignedIn): Promise<string>
  /** The public keys, tomorrow's among them, for `/.well-known/jwks.json`. */
  jwks(): Promise<{ keys: JWK[] }>
}

export interface AssertionsDeps {
  repository: SigningKeyRepository
  clock: Clock
  /** The portal's origin. */
  issuer: string
}

const LIFETIME_SECONDS = 60
/** The same statement is handed out again for this long, so that it lives at least as long again. */
const REUSED_SECONDS = 30
const MAX_CACHED = 10_000

const DAY = 86_400
const SIGNS_FOR = 30 * DAY
/** A new key is published this long before it signs, so that everybody has fetched it by then. */
const ANNOUNCED_FOR = DAY
/** An old key stays published this long after it has signed for the last time. */
const KEPT_FOR = 7 * DAY
const LOOKS_EVERY_SECONDS = 300

export function createAssertions({ repository, clock, issuer }: AssertionsDeps): Assertions {
  const keys = createKeyRing(repository, clock)
  const cache = new Map<string, { token: Promise<string>; until: UnixSeconds }>()

  const make = async (audience: string, signedIn: SignedIn, now: UnixSeconds): Promise<string> => {
    try {
      const { id, key } = await keys.signing()
      return await new SignJWT(claimsOf(signedIn))
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: id })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(signedIn.user.id)
        .setIssuedAt(now)
        .setExpirationTime(now + LIFETIME_SECONDS)
        .setJti(randomToken(16))
        .sign(key)
    } catch (cause) {
      throw new IdentityUnavailable({ cause, detail: String(cause) })
    }
  }

  return {
    sign(audience, signedIn) {
      const now = clock.now()
      const about = keyOf(audience, signedIn)
      const known = cache.get(about)
      if (known && now < known.until) return known.token

      const token = make(audience, signedIn, now)
      cache.delete(about)
      cache.set(about, { token, until: now + REUSED_SECONDS })
      if (cache.size > MAX_CACHED) forgetOldest(cache)
      token.catch(() => cache.delete(about))
      return token
    },

    async jwks() {
      const ring = await keys.all()
      return { keys: ring.map(({ publicJwk }) => JSON.parse(publicJwk)) }
    },
  }
}

function claimsOf({ session, user }: SignedIn) {
  return {
    preferred_username: user.name,
    name: user.displayName,
    ...(user.email === undefined ? {} : { email: user.email }),
    groups: [...user.groups],
    amr: [...session.amr],
    acr: acrOf(session),
    auth_time: session.authenticatedAt,
    // A digest: tells sessions apart, and is worth nothing to whoever reads it.
    sid: sha256(`sid/${session.id}`).toString('base64url').slice(0, 22),
  }
}

/** All that goes in: whoever is moved to another group is so in the next request. */
function keyOf(audience: string, { session, user }: SignedIn): string {
  const { id, aal, phishingResistant, amr, authenticatedAt } = session
  const { name, displayName, email, groups } = user
  const proof = [id, aal, phishingResistant, amr, authenticatedAt]
  return JSON.stringify([audience, proof, user.id, name, displayName, email ?? null, groups])
}

function forgetOldest(cache: Map<string, unknown>): void {
  for (const key of cache.keys()) {
    cache.delete(key)
    return
  }
}

/** The keys of the store, looked at once in a while, and renewed in time. */
interface KeyRing {
  signing(): Promise<{ id: string; key: CryptoKey }>
  /** Oldest first. */
  all(): Promise<readonly SigningKey[]>
}

function createKeyRing(repository: SigningKeyRepository, clock: Clock): KeyRing {
  let ring: Promise<readonly SigningKey[]> | undefined
  let lookedAt = 0
  let imported: { id: string; key: CryptoKey } | undefined

  const all = (): Promise<readonly SigningKey[]> => {
    const now = clock.now()
    if (ring && now - lookedAt < LOOKS_EVERY_SECONDS) return ring
    const looking = tend(repository, now)
    ring = looking
    lookedAt = now
    looking.catch(() => {
      // Not kept: the next one asks again.
      if (ring === looking) ring = undefined
    })
    return looking
  }

  return {
    all,
    async signing() {
      const current = currentOf(await all(), clock.now())
      if (!current) throw new Error('there is no key to sign with')
      if (imported?.id !== current.id) {
        const key = await importJWK(JSON.parse(current.privateJwk), 'ES256')
        if (key instanceof Uint8Array) throw new Error('the signing key is no private key')
        imported = { id: current.id, key }
      }
      return imported
    },
  }
}

/** The newest key whose time has come. */
const currentOf = (keys: readonly SigningKey[], now: UnixSeconds): SigningKey | undefined =>
  keys.findLast(({ activeAt }) => activeAt <= now)

/** Makes the keys that are missing and removes those that nobody needs any more. */
async function tend(repository: SigningKeyRepository, now: UnixSeconds): Promise<SigningKey[]> {
  const keys = (await repository.list()).toSorted((one, other) => one.activeAt - other.activeAt)
  const current = currentOf(keys, now)
  const next = keys.find(({ activeAt }) => activeAt > now)

  if (!current) keys.unshift(await makeKey(repository, now, now))
  else if (!next && now >= current.activeAt + SIGNS_FOR - ANNOUNCED_FOR) {
    const activeAt = Math.max(current.activeAt + SIGNS_FOR, now + ANNOUNCED_FOR)
    keys.push(await makeKey(repository, now, activeAt))
  }

  const outdated = keys.filter((_, index) => {
    const successor = keys[index + 1]
    return successor !== undefined && successor.activeAt + KEPT_FOR <= now
  })
  for (const { id } of outdated) await repository.delete(id)
  return keys.filter((key) => !outdated.includes(key))
}

async function makeKey(
  repository: SigningKeyRepository,
  now: UnixSeconds,
  activeAt: UnixSeconds,
): Promise<SigningKey> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const publicJwk = await exportJWK(pair.publicKey)
  const id = await calculateJwkThumbprint(publicJwk)
  const key = {
    id,
    privateJwk: JSON.stringify(await exportJWK(pair.privateKey)),
    publicJwk: JSON.stringify({ ...publicJwk, kid: id, alg: 'ES256', use: 'sig' }),
    activeAt,
    createdAt: now,
  }
  await repository.insert(key)
  return key
}
