import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { type Cbor, cbor } from './cbor.ts'

/** The options of `navigator.credentials.create` and `get`, as the server gives them. */
export interface CeremonyOptions {
  challenge: string
  rp?: { id?: string }
  rpId?: string
  user?: { id: string }
}

/** What an authenticator and its browser say; a test changes whatever it likes before it is sent. */
export interface SpokenAnswer {
  id: string
  rawId: string
  type: string
  clientExtensionResults: unknown
  authenticatorAttachment?: string
  response: Record<string, unknown>
}

/** How a ceremony differs from an honest one. */
export interface Tampering {
  /** Members of the client data, over the honest ones. */
  client?: Record<string, unknown>
  /** The bytes of the client data themselves. */
  clientBytes?: Uint8Array
  rpId?: string
  present?: boolean
  verified?: boolean
  eligible?: boolean
  backedUp?: boolean
  counter?: number
  /** The COSE key that is told, instead of the real one. */
  publicKey?: Uint8Array
  /** Another signature over the same bytes. */
  sign?(data: Uint8Array): Uint8Array
  /** Other authenticator data, under a good signature; of an assertion. */
  told?(data: Buffer): Buffer
  /** Other bytes than those that are signed. */
  authenticatorData?(signed: Buffer): Uint8Array
  format?: string
  statement?: Map<string, Cbor>
}

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

export interface AuthenticatorTraits {
  algorithm?: Algorithm
  origin?: string
  aaguid?: string
  /** Can it verify its user? */
  verifies?: boolean
  /** May its keys be copied, and have they been? */
  eligible?: boolean
  backedUp?: boolean
  /** Counts its signatures; a synced one does not. */
  counts?: boolean
  attachment?: 'platform' | 'cross-platform'
  /** Vouches for its model: the certificate's key, and the chain that goes with it. */
  attestation?: { key: KeyObject; chain: readonly Uint8Array[] }
  /** Vouches for itself with the new key. */
  selfAttests?: boolean
  /** Lets something else vouch for the new key. */
  vouch?: Vouch
}

/**
 * Makes an attestation statement.
 *
 * @param key The new public key. @param signed What the statement is about.
 */
export type Vouch = (
  key: { x?: string; y?: string; n?: string },
  signed: Buffer,
) => { format: string; statement: Map<string, Cbor> }

/** A software authenticator and the browser around it. */
export interface SoftAuthenticator {
  readonly id: string
  /** What it keeps of the person, from the enrollment on. */
  userHandle: string | undefined
  counter: number
  create(options: CeremonyOptions, tampering?: Tampering): SpokenAnswer
  get(options: CeremonyOptions, tampering?: Tampering): SpokenAnswer
  /** Another with the same key, as a thief has it who copied the chip. */
  copy(): SoftAuthenticator
}

const FLAGS = { present: 0x01, verified: 0x04, eligible: 0x08, backedUp: 0x10, attested: 0x40 }
const ES256 = -7

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest()
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

export function createAuthenticator(traits: AuthenticatorTraits = {}): SoftAuthenticator {
  const pair = keyPair(traits.algorithm ?? 'ES256')
  return withKey(traits, pair, randomBytes(32), { counter: 0, userHandle: undefined })
}

interface State {
  counter: number
  userHandle: string | undefined
}

type Pair = ReturnType<typeof keyPair>

function withKey(
  traits: AuthenticatorTraits,
  pair: Pair,
  id: Buffer,
  start: State,
): SoftAuthenticator {
  const { origin = 'https://auth.gw.test', counts = true, attachment = 'cross-platform' } = traits
  const self: SoftAuthenticator = {
    id: text(id),
    ...start,

    create(options, tampering = {}) {
      self.userHandle = options.user?.id
      const clientData = clientDataOf('webauthn.create', options, origin, tampering)
      const key = tampering.publicKey ?? coseKey(pair)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.byteLength)
      const aaguid = Buffer.from((traits.aaguid ?? '').replaceAll('-', '').padEnd(32, '0'), 'hex')
      const data = Buffer.concat([
        head(traits, options.rp?.id ?? '', self.counter, { ...tampering, attested: true }),
        aaguid,
        length,
        id,
        key,
      ])
      const signed = Buffer.concat([data, sha256(clientData)])
      const { format, statement } = vouch(traits, pair, signed)
      const attestationObject = cbor(
        new Map<string, Cbor>([
          ['fmt', tampering.format ?? format],
          ['attStmt', tampering.statement ?? statement],
          ['authData', tampering.authenticatorData?.(data) ?? data],
        ]),
      )
      return {
        ...frame(self.id, attachment),
        response: {
          clientDataJSON: text(clientData),
          attestationObject: text(attestationObject),
          transports: attachment === 'platform' ? ['internal'] : ['usb', 'nfc'],
        },
      }
    },

    get(options, tampering = {}) {
      if (counts) self.counter++
      const clientData = clientDataOf('webauthn.get', options, origin, tampering)
      const honest = head(traits, options.rpId ?? '', self.counter, tampering)
      const data = tampering.told?.(honest) ?? honest
      const signed = Buffer.concat([data, sha256(clientData)])
      const signature = tampering.sign?.(signed) ?? signWith(pair, signed)
      return {
        ...frame(self.id, attachment),
        response: {
          clientDataJSON: text(clientData),
          authenticatorData: text(tampering.authenticatorData?.(data) ?? data),
          signature: text(signature),
          userHandle: self.userHandle,
        },
      }
    },

    copy: () => withKey(traits, pair, id, { counter: self.counter, userHandle: self.userHandle }),
  }
  return self
}

const frame = (id: string, authenticatorAttachment: string) => ({
  id,
  rawId: id,
  type: 'public-key',
  clientExtensionResults: {},
  authenticatorAttachment,
})

function clientDataOf(
  type: string,
  { challenge }: CeremonyOptions,
  origin: string,
  { client, clientBytes }: Tampering,
): Buffer {
  if (clientBytes) return Buffer.from(clientBytes)
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false, ...client }))
}

function head(
  traits: AuthenticatorTraits,
  rpId: string,
  counter: number,
  tampering: Tampering & { attested?: boolean },
): Buffer {
  const says = {
    present: true,
    verified: traits.verifies ?? true,
    eligible: traits.eligible ?? false,
    backedUp: traits.backedUp ?? false,
    attested: false,
    ...tampering,
  }
  const names = Object.keys(FLAGS) as (keyof typeof FLAGS)[]
  const flags = names.reduce((sum, name) => sum | (says[name] ? FLAGS[name] : 0), 0)
  const tail = Buffer.alloc(5)
  tail[0] = flags
  tail.writeUInt32BE(tampering.counter ?? counter, 1)
  return Buffer.concat([sha256(tampering.rpId ?? rpId), tail])
}

function vouch(traits: AuthenticatorTraits, pair: Pair, signed: Buffer) {
  const { attestation, selfAttests } = traits
  if (traits.vouch) return traits.vouch(pair.publicKey.export({ format: 'jwk' }), signed)
  if (attestation) {
    const statement = new Map<string, Cbor>([
      ['alg', ES256],
      ['sig', sign('sha256', signed, attestation.key)],
      ['x5c', attestation.chain.map((each) => Buffer.from(each))],
    ])
    return { format: 'packed', statement }
  }
  if (selfAttests) {
    const statement = new Map<string, Cbor>([
      ['alg', coseAlgorithm(pair.algorithm)],
      ['sig', signWith(pair, signed)],
    ])
    return { format: 'packed', statement }
  }
  return { format: 'none', statement: new Map<string, Cbor>() }
}

function keyPair(algorithm: Algorithm) {
  if (algorithm === 'EdDSA') return { algorithm, ...generateKeyPairSync('ed25519') }
  return algorithm === 'RS256'
    ? { algorithm, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
    : { algorithm, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
}

const signWith = ({ algorithm, privateKey }: Pair, data: Uint8Array): Buffer =>
  sign(algorithm === 'EdDSA' ? null : 'sha256', data, privateKey)

const coseAlgorithm = (algorithm: Algorithm) => ({ ES256, EdDSA: -8, RS256: -257 })[algorithm]

/** The public half, as COSE writes it (RFC 9052). */
function coseKey({ algorithm, publicKey }: Pair): Buffer {
  const { x = '', y = '', n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const bytes = (value: string) => Buffer.from(value, 'base64url')
  const alg = coseAlgorithm(algorithm)
  const entries: [number, Cbor][] =
    algorithm === 'ES256'
      ? [
          [1, 2],
          [3, alg],
          [-1, 1],
          [-2, bytes(x)],
          [-3, bytes(y)],
        ]
      : algorithm === 'EdDSA'
        ? [
            [1, 1],
            [3, alg],
            [-1, 6],
            [-2, bytes(x)],
          ]
        : [
            [1, 3],
            [3, alg],
            [-1, bytes(n)],
            [-2, bytes(e)],
          ]
  return cbor(new Map(entries))
}
