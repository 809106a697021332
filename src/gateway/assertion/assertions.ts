import { createPublicKey } from 'node:crypto'
import { type JWK, SignJWT } from 'jose'
import { randomToken } from '../../base/bytes.ts'
import type { Clock, UnixSeconds } from '../../base/clock.ts'
import type { SignedIn } from '../../model/session.ts'
import type { SigningKeyRepository } from '../../store/contract.ts'
import { IdentityUnavailable } from '../errors.ts'
import type { AssertionProfile, KeysForm, Place } from './profile.ts'
import { type Algorithm, createSigningKeys } from './signing-keys.ts'

/** An application, as far as statements for it are concerned. */
export interface Audience extends Place {
  assertion: AssertionProfile
}

/** Signed statements about who is there, for applications that trust no header. */
export interface Assertions {
  /**
   * States who is there, for one application and a short time.
   *
   * @throws {IdentityUnavailable} when it cannot be signed. A request must not go on without it.
   */
  sign(audience: Audience, signedIn: SignedIn): Promise<string>
  /**
   * The same, where it was stated a moment ago and may be handed out again; `undefined` when it has to be
   * signed.
   */
  known(audience: Audience, signedIn: SignedIn): string | undefined
  /** States anything, under our name, to one audience, for a short time. */
  state(claims: Readonly<Record<string, unknown>>, to: Statement): Promise<string>
  /** The public keys, tomorrow's among them: those of one application's statements, or all. */
  jwks(audience?: Audience): Promise<{ keys: JWK[] }>
  /** The public keys of one application's statements as JSON, in one of the forms that exist. */
  keysAs(form: KeysForm, audience: Audience): Promise<string>
}

/** How a statement that is about no session is addressed. */
export interface Statement {
  issuer: string
  audience: string
  /** The media type that tells it from every other one (RFC 8725, section 3.11). */
  type: string
  lifetimeSeconds: number
}

export interface AssertionsDeps {
  repository: SigningKeyRepository
  clock: Clock
  /** Algorithms that applications ask for. */
  algorithms: readonly Algorithm[]
}

const MAX_CACHED = 10_000

/** What was stated last about a session. */
interface Ready {
  audience: Audience
  token: string
  until: UnixSeconds
}

export function createAssertions({ repository, clock, ...deps }: AssertionsDeps): Assertions {
  const algorithms = [...new Set<Algorithm>(['ES256', ...deps.algorithms])]
  const keys = createSigningKeys({ repository, clock, algorithms })
  const cache = new Map<string, { token: Promise<string>; until: UnixSeconds }>()
  /** By the very values: as long as nothing has changed, a session is the same one. */
  const ready = new WeakMap<SignedIn, Ready>()

  const make = async (to: Audience, signedIn: SignedIn, now: UnixSeconds): Promise<string> => {
    const { assertion } = to
    try {
      const { id, key } = await keys.signing(assertion.algorithm)
      const statement = new SignJWT(assertion.claimsOf(signedIn))
        .setProtectedHeader({ alg: assertion.algorithm, typ: 'JWT', kid: id })
        .setIssuer(assertion.issuerAt(to))
        .setAudience(assertion.audienceAt(to))
        .setIssuedAt(now)
        .setExpirationTime(now + assertion.lifetimeSeconds)
        .setJti(randomToken(16))
      if (assertion.statesBeginning) statement.setNotBefore(now)
      return await statement.sign(key)
    } catch (cause) {
      throw new IdentityUnavailable({ cause, detail: String(cause) })
    }
  }

  const kept = async (
    { token: coming, until }: { token: Promise<string>; until: UnixSeconds },
    audience: Audience,
    signedIn: SignedIn,
  ): Promise<string> => {
    const token = await coming
    ready.set(signedIn, { audience, token, until })
    return token
  }

  const jwks: Assertions['jwks'] = async (audience) => ({
    keys: await keys.published(audience ? [audience.assertion.algorithm] : algorithms),
  })

  return {
    jwks,

    known(to, signedIn) {
      const last = ready.get(signedIn)
      return last?.audience === to && clock.now() < last.until ? last.token : undefined
    },

    sign(to, signedIn) {
      const now = clock.now()
      const about = keyOf(to.origin, signedIn)
      const known = cache.get(about)
      if (known && now < known.until) return kept(known, to, signedIn)

      const token = make(to, signedIn, now)
      // Handed out again for half its life, so that it lives at least as long again.
      const until = now + Math.floor(to.assertion.lifetimeSeconds / 2)
      cache.delete(about)
      cache.set(about, { token, until })
      if (cache.size > MAX_CACHED) forgetOldest(cache)
      token.catch(() => cache.delete(about))
      return kept({ token, until }, to, signedIn)
    },

    async state(claims, { issuer, audience, type, lifetimeSeconds }) {
      const now = clock.now()
      const { id, key } = await keys.signing('ES256')
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: type, kid: id })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .setJti(randomToken(16))
        .sign(key)
    },

    async keysAs(form, audience) {
      const set = await jwks(audience)
      return JSON.stringify(form === 'jwks' ? set : Object.fromEntries(set.keys.map(pemEntry)))
    },
  }
}

const pemEntry = (key: JWK): [string, string] => [
  key.kid ?? '',
  createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
]

/** All that goes in: whoever is moved to another group is so in the next request. */
function keyOf(origin: string, { session, user }: SignedIn): string {
  const { id, aal, phishingResistant, amr, authenticatedAt } = session
  const { name, displayName, email, groups } = user
  const proof = [id, aal, phishingResistant, amr, authenticatedAt]
  return JSON.stringify([origin, proof, user.id, name, displayName, email ?? null, groups])
}

function forgetOldest(cache: Map<string, unknown>): void {
  for (const key of cache.keys()) {
    cache.delete(key)
    return
  }
}
