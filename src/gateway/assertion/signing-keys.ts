import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import type { Clock, UnixSeconds } from '../../base/clock.ts'
import type { SigningKey, SigningKeyRepository } from '../../store/contract.ts'

export type Algorithm = 'ES256' | 'RS256'

/** The keys of the store, looked at once in a while, and renewed in time. */
export interface SigningKeys {
  /** The key that signs at this moment. @throws when there is none and none can be made. */
  signing(algorithm: Algorithm): Promise<{ id: string; key: CryptoKey }>
  /** All public keys that are or will soon be in use, oldest first. */
  published(algorithms: readonly Algorithm[]): Promise<JWK[]>
}

export interface SigningKeysDeps {
  repository: SigningKeyRepository
  clock: Clock
  /** Those that some application asks for; no other keys are made. */
  algorithms: readonly Algorithm[]
}

const DAY = 86_400
const SIGNS_FOR = 30 * DAY
/** A new key is published this long before it signs, so that everybody has fetched it by then. */
export const ANNOUNCED_FOR = DAY
/** An old key stays published this long after it has signed for the last time. */
const KEPT_FOR = 7 * DAY
const LOOKS_EVERY_SECONDS = 300
const RSA_BITS = 2048
/** Processes that may make a key at the same moment before one of them gives up. */
const RACES = 20

export function createSigningKeys(deps: SigningKeysDeps): SigningKeys {
  const { clock, algorithms } = deps
  let known: Promise<readonly SigningKey[]> | undefined
  let lookedAt = 0
  const imported = new Map<Algorithm, { id: string; key: CryptoKey }>()

  const all = (): Promise<readonly SigningKey[]> => {
    const now = clock.now()
    if (known && now - lookedAt < LOOKS_EVERY_SECONDS) return known
    const looking = tend(deps, now)
    known = looking
    lookedAt = now
    looking.catch(() => {
      // Not kept: the next one asks again.
      if (known === looking) known = undefined
    })
    return looking
  }

  return {
    async signing(algorithm) {
      const current = currentOf(ofKind(await all(), algorithm), clock.now())
      if (!current) throw new Error(`there is no ${algorithm} key to sign with`)
      const ready = imported.get(algorithm)
      if (ready?.id === current.id) return ready
      const key = await importJWK(JSON.parse(current.privateJwk), algorithm)
      if (key instanceof Uint8Array) throw new Error('the signing key is no private key')
      const fresh = { id: current.id, key }
      imported.set(algorithm, fresh)
      return fresh
    },

    async published(wanted) {
      const keys = await all()
      return algorithms
        .filter((algorithm) => wanted.includes(algorithm))
        .flatMap((algorithm) => ofKind(keys, algorithm))
        .map(({ publicJwk }) => JSON.parse(publicJwk))
    },
  }
}

/** What a key signs with; it is written down with its public half. */
export const algorithmOf = ({ publicJwk }: SigningKey): Algorithm => JSON.parse(publicJwk).alg

const ofKind = (keys: readonly SigningKey[], algorithm: Algorithm): SigningKey[] =>
  keys.filter((key) => algorithmOf(key) === algorithm)

/** The newest key whose time has come. */
const currentOf = (keys: readonly SigningKey[], now: UnixSeconds): SigningKey | undefined =>
  keys.findLast(({ activeAt }) => activeAt <= now)

/**
 * Makes the keys that are missing and removes those that nobody needs any more. Several processes may
 * do so at once: whoever comes second finds the list changed, and looks again.
 */
async function tend(
  { repository, algorithms }: SigningKeysDeps,
  now: UnixSeconds,
): Promise<readonly SigningKey[]> {
  for (let race = 0; race < RACES; race += 1) {
    const keys = await repository.list()
    const [missing] = algorithms.flatMap((algorithm) => {
      const activeAt = nextActiveAt(ofKind(keys, algorithm), now)
      return activeAt === undefined ? [] : [{ algorithm, activeAt }]
    })
    if (!missing) return withoutOutdated(repository, keys, { algorithms, now })
    const key = await makeKey(missing.algorithm, now, missing.activeAt)
    await repository.insert(key, new Set(keys.map(({ id }) => id)))
  }
  throw new Error('signing keys change faster than they can be read')
}

/** When a key that is missing has to begin its work; `undefined` when none is missing. */
function nextActiveAt(keys: readonly SigningKey[], now: UnixSeconds): UnixSeconds | undefined {
  const current = currentOf(keys, now)
  if (!current) return now
  if (keys.some(({ activeAt }) => activeAt > now)) return undefined
  const isTime = now >= current.activeAt + SIGNS_FOR - ANNOUNCED_FOR
  return isTime ? Math.max(current.activeAt + SIGNS_FOR, now + ANNOUNCED_FOR) : undefined
}

async function withoutOutdated(
  repository: SigningKeyRepository,
  keys: readonly SigningKey[],
  { algorithms, now }: { algorithms: readonly Algorithm[]; now: UnixSeconds },
): Promise<SigningKey[]> {
  const outdated = algorithms.flatMap((algorithm) => {
    const kin = ofKind(keys, algorithm)
    return kin.filter((_, index) => {
      const successor = kin[index + 1]
      return successor !== undefined && successor.activeAt + KEPT_FOR <= now
    })
  })
  for (const { id } of outdated) await repository.delete(id)
  return keys.filter((key) => !outdated.includes(key))
}

/** Makes a key that begins its work at a time of its own. */
export async function makeKey(
  algorithm: Algorithm,
  now: UnixSeconds,
  activeAt: UnixSeconds,
): Promise<SigningKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: RSA_BITS })
  const publicJwk = await exportJWK(pair.publicKey)
  const id = await calculateJwkThumbprint(publicJwk)
  return {
    id,
    privateJwk: JSON.stringify(await exportJWK(pair.privateKey)),
    publicJwk: JSON.stringify({ ...publicJwk, kid: id, alg: algorithm, use: 'sig' }),
    activeAt,
    createdAt: now,
  }
}
