import type Database from 'better-sqlite3'
import { hmac } from '../base/bytes.ts'
import { OperatorError } from '../base/errors.ts'
import { createKeyring } from '../base/keyring.ts'
import { createSeal } from '../base/seal.ts'
import type { SecretKeyWraps } from './contract.ts'
import type { Guard } from './guard.ts'

/*
 * Everything is derived from one key. Before the first rotation that is the operator's own. From then on it lies
 * in the database, sealed once for each secret key that may open it; a secret key is exchanged by sealing it for
 * another one. What it seals and signs stays as it is, so that a rotation is over at once, whatever the size.
 */

const PREFIX = 'key_wrap/'

interface Wrap {
  id: string
  /** The higher, the later it came. */
  number: number
  sealed: Uint8Array
}

const idOf = (secretKey: Uint8Array): string =>
  hmac(createKeyring(secretKey)('wrap'), 'id').toString('base64url').slice(0, 16)
const sealOf = (secretKey: Uint8Array) => createSeal(createKeyring(secretKey)('wrap'))
const placeOf = (id: string) => `key-wrap/${id}`

function wrapsIn(raw: Database.Database): Wrap[] {
  return raw
    .prepare<[string], { key: string; value: string }>(
      'select key, value from meta where key >= ? order by key',
    )
    .all(PREFIX)
    .filter(({ key }) => key.startsWith(PREFIX))
    .map(({ key, value }) => {
      const [number = '', sealed = ''] = value.split(' ')
      return {
        id: key.slice(PREFIX.length),
        number: Number(number),
        sealed: Buffer.from(sealed, 'base64url'),
      }
    })
}

/**
 * Finds the key from which all others are derived.
 *
 * @throws {OperatorError} when the secret key was exchanged for another one.
 */
export function rootKey(raw: Database.Database, secretKey: Uint8Array, file: string): Uint8Array {
  const wraps = wrapsIn(raw)
  if (wraps.length === 0) return secretKey
  const id = idOf(secretKey)
  const own = wraps.find((wrap) => wrap.id === id)
  if (own) return Buffer.from(sealOf(secretKey).open(own.sealed, placeOf(id)), 'base64url')
  throw new OperatorError(
    `The secret key of the database ${file} was exchanged, and this one opens it no longer. ` +
      'Use the new key; a backup from before still opens with the old one.',
  )
}

export interface WrapsDeps {
  raw: Database.Database
  guard: Guard
  /** The one that has opened the database. */
  secretKey: Uint8Array
  root: Uint8Array
}

export function createWraps({ raw, guard, secretKey, root }: WrapsDeps): SecretKeyWraps {
  const keep = raw.prepare<[string, string]>(
    'insert into meta (key, value) values (?, ?) on conflict (key) do nothing',
  )
  const forget = raw.prepare<[string]>('delete from meta where key = ?')
  const wrap = (key: Uint8Array, number: number) => {
    const id = idOf(key)
    const sealed = sealOf(key).seal(Buffer.from(root).toString('base64url'), placeOf(id))
    keep.run(PREFIX + id, `${number} ${Buffer.from(sealed).toString('base64url')}`)
  }
  const admit = raw.transaction((next: Uint8Array) => {
    const latest = Math.max(0, ...wrapsIn(raw).map(({ number }) => number))
    // The first time, also for the one that has needed none so far.
    wrap(secretKey, latest + 1)
    wrap(next, latest + 2)
  })
  const settle = raw.transaction((key: Uint8Array) => {
    const wraps = wrapsIn(raw)
    const own = wraps.find(({ id }) => id === idOf(key))
    // A later one may be about to take our place: it is not for us to remove.
    const former = wraps.filter(({ number }) => own && number < own.number)
    for (const { id } of former) forget.run(PREFIX + id)
    return former.length
  })

  return {
    admit: (next) => guard.write(() => admit.immediate(next)),
    settle: (key = secretKey) => guard.write(() => settle.immediate(key)),
  }
}
