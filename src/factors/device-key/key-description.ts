import {
  boolean,
  type Der,
  enumerated,
  integer,
  NotDer,
  octets,
  readDer,
  sequence,
  setOf,
  within,
} from './der.ts'

/** Where a key lives, as its maker says: 0 software, 1 trusted environment, 2 a chip of its own. */
export type SecurityLevel = 'software' | 'tee' | 'strongbox'

/** What an Android device says about a key that it made. */
export interface KeyDescription {
  /** Who signs this statement, and who keeps the key. */
  attestedBy: SecurityLevel
  keptBy: SecurityLevel
  challenge: Uint8Array
  software: Authorizations
  hardware: Authorizations
}

/** Properties of a key, as far as they matter here. */
export interface Authorizations {
  purposes?: readonly number[]
  algorithm?: number
  curve?: number
  /** May be used without anybody having shown who they are. */
  noAuthRequired: boolean
  /** Bits: 1 a PIN, pattern or password; 2 a fingerprint, a face or the like. */
  userAuthType?: number
  /** Seconds for which one showing counts; absent where each use takes its own. */
  authTimeout?: number
  allApplications: boolean
  /** 0: made in there, and never seen outside. */
  origin?: number
  rootOfTrust?: { locked: boolean; verified: boolean }
  applications?: readonly AttestedApplication[]
}

/** An application that a key belongs to: its name, and the certificates that it is signed with. */
export interface AttestedApplication {
  packages: readonly string[]
  /** SHA-256, in hexadecimal. */
  signers: readonly string[]
}

const LEVELS: readonly SecurityLevel[] = ['software', 'tee', 'strongbox']

/** Tags of an authorization list. */
const PROPERTY = {
  purpose: 1,
  algorithm: 2,
  curve: 10,
  noAuthRequired: 503,
  userAuthType: 504,
  authTimeout: 505,
  allApplications: 600,
  origin: 702,
  rootOfTrust: 704,
  applicationId: 709,
} as const

/**
 * Reads the extension 1.3.6.1.4.1.11129.2.1.17 of an attestation's certificate.
 *
 * @throws {NotDer} when it is anything else.
 * @see https://source.android.com/docs/security/features/keystore/attestation
 */
export function readKeyDescription(extension: Uint8Array): KeyDescription {
  const [, attestedBy, , keptBy, challenge, , software, hardware] = sequence(readDer(extension))
  return {
    attestedBy: levelOf(attestedBy),
    keptBy: levelOf(keptBy),
    challenge: octets(challenge),
    software: readAuthorizations(software),
    hardware: readAuthorizations(hardware),
  }
}

function levelOf(der: Der | undefined): SecurityLevel {
  const level = LEVELS[enumerated(der)]
  if (!level) throw new NotDer('no security level')
  return level
}

function readAuthorizations(der: Der | undefined): Authorizations {
  const properties = new Map<number, Der>()
  for (const property of sequence(der)) {
    if (property.class !== 'context') throw new NotDer('no property')
    // The same twice could be read as the one or as the other.
    if (properties.has(property.tag)) throw new NotDer('a property twice')
    const [value, more] = within(property)
    if (!value || more) throw new NotDer('no property')
    properties.set(property.tag, value)
  }
  const read = <T>(name: keyof typeof PROPERTY, as: (der: Der) => T): T | undefined => {
    const value = properties.get(PROPERTY[name])
    return value && as(value)
  }
  return {
    noAuthRequired: properties.has(PROPERTY.noAuthRequired),
    allApplications: properties.has(PROPERTY.allApplications),
    ...present({
      purposes: read('purpose', (it) => setOf(it).map(integer)),
      algorithm: read('algorithm', integer),
      curve: read('curve', integer),
      userAuthType: read('userAuthType', integer),
      authTimeout: read('authTimeout', integer),
      origin: read('origin', integer),
      rootOfTrust: read('rootOfTrust', readRootOfTrust),
      applications: read('applicationId', (it) => [readApplication(octets(it))]),
    }),
  }
}

function readRootOfTrust(der: Der): { locked: boolean; verified: boolean } {
  const [, locked, state] = sequence(der)
  return { locked: boolean(locked), verified: enumerated(state) === 0 }
}

function readApplication(bytes: Uint8Array): AttestedApplication {
  const [packages, signers] = sequence(readDer(bytes))
  return {
    packages: setOf(packages).map((it) => Buffer.from(octets(sequence(it)[0])).toString('utf8')),
    signers: setOf(signers).map((it) => Buffer.from(octets(it)).toString('hex')),
  }
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out what is not there, so that absent and undefined stay one thing. */
function present<T extends object>(given: T): Present<T> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Present<T>
}
