import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/**
 * Writes certificates as an Android device's Keystore does, with its statement about the key in them.
 * Every value may be told otherwise, so that a test can lie in one thing at a time.
 */
export interface AndroidKey {
  publicKey: KeyObject
  challenge: Uint8Array
  attestedBy?: number
  keptBy?: number
  purposes?: readonly number[]
  algorithm?: number
  curve?: number
  /** May be used by anybody who holds the device. */
  noAuthRequired?: boolean
  /** `undefined`: not said at all. */
  userAuthType?: number | undefined
  authTimeout?: number
  origin?: number
  allApplications?: boolean
  locked?: boolean
  bootState?: number
  packages?: readonly string[]
  signer?: Uint8Array
  /** Puts what the hardware enforces among what software enforces. */
  inSoftware?: boolean
  /** Cut from the end of the statement. */
  cut?: number
}

/** Somebody who signs certificates. */
export interface Authority {
  name: string
  keys: { publicKey: KeyObject; privateKey: KeyObject }
  certificate: Buffer
}

export interface CertificateOptions {
  ca?: boolean
  from?: Date
  to?: Date
  extensions?: readonly Buffer[]
  serial?: Buffer
}

const KEY_DESCRIPTION_OID = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17]

export function createAuthority(
  name: string,
  issuer?: Authority,
  options: CertificateOptions = {},
): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const own = { name, keys, certificate: Buffer.of() }
  const certificate = certify(name, keys.publicKey, issuer ?? own, { ca: true, ...options })
  return { ...own, certificate }
}

/** The certificate of a key that was made on a device. */
export const attest = (
  key: AndroidKey,
  issuer: Authority,
  options: CertificateOptions = {},
): Buffer =>
  certify('Android Keystore Key', key.publicKey, issuer, {
    ca: false,
    extensions: [keyDescription(key)],
    ...options,
  })

export function certify(
  name: string,
  publicKey: KeyObject,
  issuer: Pick<Authority, 'name' | 'keys'>,
  options: CertificateOptions = {},
): Buffer {
  const { ca = false, extensions = [], serial = randomSerial() } = options
  const { from = new Date('2020-01-01Z'), to = new Date('2048-01-01Z') } = options
  const algorithm = sequence(oid([1, 2, 840, 10045, 4, 3, 2]))
  const basic = extension([2, 5, 29, 19], sequence(...(ca ? [boolean(true)] : [])), true)
  const body = sequence(
    context(0, integer(2)),
    tagged(0x02, serial),
    algorithm,
    named(issuer.name),
    sequence(time(from), time(to)),
    named(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(basic, ...extensions)),
  )
  const signature = sign('sha256', body, issuer.keys.privateKey)
  return sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.of(0), signature])))
}

export const pem = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

export function keyDescription(key: AndroidKey): Buffer {
  const { attestedBy = 1, keptBy = 1, challenge, inSoftware = false, cut = 0 } = key
  const [software, hardware] = [softwareList(key), hardwareList(key)]
  const contents = sequence(
    integer(4),
    enumerated(attestedBy),
    integer(41),
    enumerated(keptBy),
    octets(challenge),
    octets(Buffer.of()),
    sequence(...software, ...(inSoftware ? hardware : [])),
    sequence(...(inSoftware ? [] : hardware)),
  )
  return extension(KEY_DESCRIPTION_OID, contents.subarray(0, contents.length - cut))
}

function softwareList({
  packages = ['com.example.app'],
  signer = Buffer.alloc(32, 5),
}: AndroidKey) {
  const application = sequence(
    set(...packages.map((name) => sequence(octets(Buffer.from(name)), integer(7)))),
    set(octets(signer)),
  )
  return [context(701, integer(1_700_000_000)), context(709, octets(application))]
}

function hardwareList(key: AndroidKey): Buffer[] {
  const { purposes = [2], algorithm = 3, curve = 1, origin = 0, locked = true, bootState = 0 } = key
  const userAuthType = 'userAuthType' in key ? key.userAuthType : 2
  const root = sequence(
    octets(Buffer.alloc(32, 9)),
    boolean(locked),
    enumerated(bootState),
    octets(Buffer.alloc(32, 3)),
  )
  return [
    context(1, set(...purposes.map(integer))),
    context(2, integer(algorithm)),
    context(3, integer(256)),
    context(10, integer(curve)),
    ...(key.noAuthRequired ? [context(503, nothing())] : []),
    ...(userAuthType === undefined ? [] : [context(504, integer(userAuthType))]),
    ...(key.authTimeout === undefined ? [] : [context(505, integer(key.authTimeout))]),
    ...(key.allApplications ? [context(600, nothing())] : []),
    context(702, integer(origin)),
    context(704, root),
    context(705, integer(160_000)),
  ]
}

const randomSerial = () => Buffer.concat([Buffer.of(0x11), randomBytes(7)])

export const extension = (id: readonly number[], contents: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(contents))

const named = (name: string) =>
  sequence(set(sequence(oid([2, 5, 4, 3]), tagged(0x0c, Buffer.from(name)))))

const time = (date: Date) =>
  tagged(0x17, Buffer.from(date.toISOString().replace(/^..|[-:T]|\.\d+/g, '')))

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts))
export const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, Buffer.concat(parts))
export const octets = (bytes: Uint8Array): Buffer => tagged(0x04, bytes)
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.of(value ? 0xff : 0))
export const nothing = (): Buffer => tagged(0x05, Buffer.of())
export const integer = (value: number): Buffer => tagged(0x02, unsigned(value))
export const enumerated = (value: number): Buffer => tagged(0x0a, unsigned(value))

/** `[tag] EXPLICIT`. */
export const context = (tag: number, value: Buffer): Buffer =>
  Buffer.concat([
    tag < 31 ? Buffer.of(0xa0 | tag) : Buffer.of(0xbf, ...inSevens(tag)),
    lengthOf(value.length),
    value,
  ])

export const tagged = (tag: number, contents: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(tag), lengthOf(contents.length), contents])

const oid = ([first = 0, second = 0, ...rest]: readonly number[]) =>
  tagged(0x06, Buffer.of(first * 40 + second, ...rest.flatMap(inSevens)))

function inSevens(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80)
  return digits
}

function unsigned(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  return length < 256 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff)
}
