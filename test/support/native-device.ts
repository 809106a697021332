import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** What an app is told when it is to introduce its key. */
export interface Invitation {
  issuer: string
  credential: string
  nonce: string
}

/** What an app is told about a question. */
export interface Question extends Invitation {
  details: string
}

/**
 * An app on a phone: a key that never leaves it, and what the documentation says an app does with it.
 * Shares no code with the server.
 */
export interface NativeDevice {
  publicKey: KeyObject
  /** What the app proves itself by when it fetches questions. */
  secret: string
  introduce(to: Invitation, more?: object): string
  approve(question: Question, number: string): string
  /** The same for an application with a server of its own, which hands on what it is told. */
  register(to: Invitation): { public_key: unknown; signature: string }
  sign(question: Question): string
}

export interface NativeDeviceOptions {
  curve?: string
  keys?: { publicKey: KeyObject; privateKey: KeyObject }
  /** The key's other form. */
  jwk?: boolean
}

export function createNativeDevice(options: NativeDeviceOptions = {}): NativeDevice {
  const { curve = 'P-256', jwk = false } = options
  const { publicKey, privateKey } = options.keys ?? generateKeyPairSync('ec', { namedCurve: curve })
  const secret = randomBytes(32).toString('base64url')
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const signed = (lines: string[]) =>
    sign('sha256', Buffer.from(lines.join('\n'), 'utf8'), privateKey).toString('base64')

  const told = () => (jwk ? publicKey.export({ format: 'jwk' }) : spki.toString('base64'))

  return {
    publicKey,
    secret,

    introduce({ issuer, credential, nonce }, more = {}) {
      const hash = digest(secret)
      const signature = signed([
        'gatehouse device-key register v1',
        issuer,
        credential,
        nonce,
        hash,
        digest(spki),
      ])
      return JSON.stringify({ public_key: told(), signature, secret_hash: hash, ...more })
    },

    register({ issuer, credential, nonce }) {
      const purpose = 'gatehouse device-key register v1'
      const signature = signed([purpose, issuer, credential, nonce, '', digest(spki)])
      return { public_key: told(), signature }
    },

    sign: ({ issuer, credential, nonce, details }) =>
      signed(['gatehouse device-key sign v1', issuer, credential, nonce, digest(details)]),

    approve({ issuer, credential, nonce, details }, number) {
      const signature = signed([
        'gatehouse device-key approve v1',
        issuer,
        credential,
        nonce,
        number,
        digest(details),
      ])
      return JSON.stringify({ number, signature })
    },
  }
}

const digest = (data: string | Buffer): string =>
  createHash('sha256').update(data).digest('base64url')
