import { sha256 } from '../../base/bytes.ts'
import type { SignedIn } from '../../model/session.ts'
import type { User } from '../../model/user.ts'
import { acrOf } from '../answers.ts'
import { headerValue } from '../header-value.ts'
import type { HeaderLine } from '../request.ts'
import type { AssertionConfig, CLAIM_SOURCES, FORMATS, RouteAssertionConfig } from './config.ts'
import type { Algorithm } from './signing-keys.ts'

/** How one application is told who is there: under which name, in whose words, signed how. */
export interface AssertionProfile {
  /** The header that carries the statement. */
  header: string
  algorithm: Algorithm
  lifetimeSeconds: number
  /** Names of headers that tell a part of it without a signature, as the one that is imitated does. */
  companions: readonly string[]
  /** The values of {@link companions}, in their order; empty where there is nothing to tell. */
  companionLines(user: User | undefined): HeaderLine[]
  /** Paths on the application's host at which its public keys are, and in which form. */
  keysAt: ReadonlyMap<string, KeysForm>
  issuerAt(place: Place): string
  audienceAt(place: Place): string | string[]
  claimsOf(signedIn: SignedIn): Record<string, unknown>
  /** Is the beginning of its life stated too? */
  statesBeginning: boolean
}

/** A JSON Web Key Set, or Google's object of PEM texts by key id. */
export type KeysForm = 'jwks' | 'pem'

/** The application that a statement is for. */
export interface Place {
  host: string
  origin: string
}

/** Where the keys of an application's statements are on its host, whatever is configured. */
export const OWN_KEYS_PATH = '/.gatehouse/.well-known/jwks.json'

const LIFETIME_SECONDS = 60

type Claim = (signedIn: SignedIn) => unknown

const CLAIMS: Readonly<Record<(typeof CLAIM_SOURCES)[number], Claim>> = {
  id: ({ user }) => user.id,
  name: ({ user }) => user.name,
  display_name: ({ user }) => user.displayName,
  email: ({ user }) => user.email,
  groups: ({ user }) => [...user.groups],
  amr: ({ session }) => [...session.amr],
  acr: ({ session }) => acrOf(session),
  auth_time: ({ session }) => session.authenticatedAt,
  // A digest: tells sessions apart, and is worth nothing to whoever reads it.
  session: ({ session }) => sha256(`sid/${session.id}`).toString('base64url').slice(0, 22),
  none: () => undefined,
}

interface Format {
  header: string
  algorithm: Algorithm
  issuer(portal: URL, place: Place): string
  audience(place: Place): string
  keysAt: Readonly<Record<string, KeysForm>>
  claims: Readonly<Record<string, Claim>>
  companions?: readonly (readonly [name: string, value: (user: User) => string])[]
  audienceIsList?: boolean
  statesBeginning?: boolean
}

/** Google says so of everybody, whoever vouches for them. */
const GOOGLE = 'accounts.google.com'

const KNOWN: Readonly<Record<(typeof FORMATS)[number], Format>> = {
  gatehouse: {
    header: 'X-Gatehouse-Assertion',
    algorithm: 'ES256',
    issuer: (portal) => portal.origin,
    audience: ({ origin }) => origin,
    keysAt: { '/.well-known/jwks.json': 'jwks' },
    claims: {
      sub: CLAIMS.id,
      preferred_username: CLAIMS.name,
      name: CLAIMS.display_name,
      email: CLAIMS.email,
      groups: CLAIMS.groups,
      amr: CLAIMS.amr,
      acr: CLAIMS.acr,
      auth_time: CLAIMS.auth_time,
      sid: CLAIMS.session,
    },
  },
  // https://www.pomerium.com/docs/capabilities/getting-users-identity
  pomerium: {
    header: 'X-Pomerium-Jwt-Assertion',
    algorithm: 'ES256',
    issuer: (_, { host }) => host,
    audience: ({ host }) => host,
    keysAt: { '/.well-known/pomerium/jwks.json': 'jwks' },
    claims: {
      sub: CLAIMS.id,
      user: CLAIMS.id,
      email: CLAIMS.email,
      groups: CLAIMS.groups,
      name: CLAIMS.display_name,
      sid: CLAIMS.session,
    },
  },
  // https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/application-token/
  cloudflare: {
    header: 'Cf-Access-Jwt-Assertion',
    algorithm: 'RS256',
    issuer: (portal) => portal.origin,
    audience: ({ origin }) => origin,
    audienceIsList: true,
    statesBeginning: true,
    keysAt: { '/cdn-cgi/access/certs': 'jwks' },
    claims: { sub: CLAIMS.id, email: CLAIMS.email, type: () => 'app' },
    companions: [['Cf-Access-Authenticated-User-Email', ({ email = '' }) => email]],
  },
  // https://cloud.google.com/iap/docs/signed-headers-howto
  google_iap: {
    header: 'X-Goog-IAP-JWT-Assertion',
    algorithm: 'ES256',
    issuer: () => 'https://cloud.google.com/iap',
    audience: ({ origin }) => origin,
    keysAt: { '/iap/verify/public_key-jwk': 'jwks', '/iap/verify/public_key': 'pem' },
    claims: { sub: ({ user }) => `${GOOGLE}:${user.id}`, email: CLAIMS.email },
    companions: [
      ['X-Goog-Authenticated-User-Email', ({ email }) => (email ? `${GOOGLE}:${email}` : '')],
      ['X-Goog-Authenticated-User-Id', ({ id }) => `${GOOGLE}:${id}`],
    ],
  },
}

/**
 * Puts together how one application is told who is there. Keys of the route win over those for all; a
 * route that names another `like` starts afresh.
 *
 * @param portal The portal's address.
 */
export function assertionProfile(
  forAll: AssertionConfig,
  forRoute: RouteAssertionConfig,
  portal: URL,
): AssertionProfile {
  const { like: usual = 'gatehouse' } = forAll
  const { like = usual } = forRoute
  const format = KNOWN[like]
  const config: RouteAssertionConfig = like === usual ? { ...forAll, ...forRoute } : forRoute
  const shared = like === usual ? forAll.claims : {}
  const claims = claimList({ ...format.claims, ...chosen({ ...shared, ...forRoute.claims }) })
  const { companions = [] } = format
  const { issuer, audience } = config

  return {
    header: config.header ?? format.header,
    algorithm: config.algorithm ?? format.algorithm,
    lifetimeSeconds: config.lifetime ?? LIFETIME_SECONDS,
    companions: companions.map(([name]) => name),
    companionLines: (user) =>
      companions.map(([name, value]) => [name, headerValue(user ? value(user) : '')]),
    keysAt: keysAt(format, config.keys_path),
    issuerAt: (place) => issuer ?? format.issuer(portal, place),
    audienceAt: (place) => {
      const named = audience ?? format.audience(place)
      return format.audienceIsList ? [named] : named
    },
    claimsOf: (signedIn) =>
      Object.fromEntries(
        claims
          .map(([name, claim]) => [name, claim(signedIn)] as const)
          .filter(([, value]) => value !== undefined),
      ),
    statesBeginning: format.statesBeginning ?? false,
  }
}

const chosen = (sources: Readonly<Record<string, (typeof CLAIM_SOURCES)[number]>>) =>
  Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, CLAIMS[source]]))

const claimList = (claims: Readonly<Record<string, Claim>>) => Object.entries(claims)

function keysAt(format: Format, path: string | undefined): ReadonlyMap<string, KeysForm> {
  const wanted: Readonly<Record<string, KeysForm>> =
    path === undefined ? format.keysAt : path === 'none' ? {} : { [path]: 'jwks' }
  return new Map([[OWN_KEYS_PATH, 'jwks'], ...Object.entries(wanted)])
}
