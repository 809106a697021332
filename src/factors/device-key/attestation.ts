import { type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import type { UnixSeconds } from '../../base/clock.ts'
import { OperatorError } from '../../base/errors.ts'
import { keyDescriptionIn, verifiedChain } from './certificates.ts'
import type { AttestationConfig } from './config.ts'
import { NotDer } from './der.ts'
import { type KeyDescription, readKeyDescription, type SecurityLevel } from './key-description.ts'

/** Decides whether a device's own statement about a key is good enough. */
export interface Attestation {
  /** Is a key without such a statement refused? */
  required: boolean
  /**
   * @param chain Certificates in DER, the key's own first; may be hostile.
   * @returns Where the key lives; `undefined` when the statement does not hold.
   */
  check(
    key: KeyObject,
    challenge: Uint8Array,
    chain: readonly Uint8Array[],
  ): SecurityLevel | undefined
}

export interface AttestationDeps {
  config: AttestationConfig
  now(): UnixSeconds
}

/** Purposes, algorithms, curves, ways to show who one is and origins, as Android numbers them. */
const SIGN = 2
const EC = 3
const P_256 = 1
const BIOMETRIC = 2
const GENERATED = 0

const RANK: Record<SecurityLevel, number> = { software: 0, tee: 1, strongbox: 2 }

/** @throws {OperatorError} when a file that the configuration names cannot be used. */
export function createAttestation({ config, now }: AttestationDeps): Attestation {
  const roots = config.roots.flatMap(readCertificates)
  const revoked = config.revoked === undefined ? new Set() : readRevoked(config.revoked)

  return {
    required: config.required,

    check(key, challenge, chain) {
      const links = verifiedChain(chain, roots, now())
      const [own, ...issuers] = links ?? []
      if (!own || !samePublicKey(own.publicKey, key)) return undefined
      if (links?.some(({ serialNumber }) => revoked.has(serialNumber.toLowerCase())))
        return undefined
      const description = descriptionOf(own)
      // The statement of a real device stands in the key's own certificate and nowhere else.
      if (!description || issuers.some((it) => descriptionOf(it) !== undefined)) return undefined
      if (!Buffer.from(description.challenge).equals(challenge)) return undefined
      return satisfies(description, config) ? description.keptBy : undefined
    },
  }
}

/** `null` stands for one that cannot be read: it is there, and says nothing. */
function descriptionOf(certificate: X509Certificate): KeyDescription | null | undefined {
  try {
    const extension = keyDescriptionIn(certificate)
    return extension && readKeyDescription(extension)
  } catch (error) {
    if (error instanceof NotDer) return null
    throw error
  }
}

function satisfies(said: KeyDescription, { level, apps }: AttestationConfig): boolean {
  const { hardware, software } = said
  const least = Math.min(RANK[said.attestedBy], RANK[said.keptBy])
  const asksEachTime =
    !hardware.noAuthRequired &&
    !software.noAuthRequired &&
    ((hardware.userAuthType ?? 0) & BIOMETRIC) !== 0 &&
    (hardware.authTimeout ?? 0) === 0
  const ours =
    hardware.purposes?.length === 1 &&
    hardware.purposes[0] === SIGN &&
    hardware.algorithm === EC &&
    hardware.curve === P_256 &&
    hardware.origin === GENERATED &&
    !hardware.allApplications &&
    !software.allApplications
  const { locked, verified } = hardware.rootOfTrust ?? { locked: false, verified: false }
  return least >= RANK[level] && asksEachTime && ours && locked && verified && isAmong(said, apps)
}

function isAmong({ software }: KeyDescription, apps: AttestationConfig['apps']): boolean {
  if (!apps) return true
  return (software.applications ?? []).some(({ packages, signers }) =>
    apps.some(
      (app) =>
        packages.length > 0 &&
        packages.every((name) => name === app.package) &&
        signers.some((signer) => app.signers.includes(signer)),
    ),
  )
}

const samePublicKey = (one: KeyObject, other: KeyObject): boolean => one.equals(other)

function readCertificates(file: string): X509Certificate[] {
  const blocks = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
  const certificates = (read(file).match(blocks) ?? []).map((pem) => {
    try {
      return new X509Certificate(pem)
    } catch (cause) {
      throw new OperatorError(`factors.device_key: ${file} holds a broken certificate.`, { cause })
    }
  })
  if (certificates.length > 0) return certificates
  throw new OperatorError(`factors.device_key: ${file} holds no certificate (PEM).`)
}

/** The list as Google publishes it: serial numbers in hexadecimal, whatever the reason. */
const statusList = z.object({ entries: z.record(z.string().regex(/^[0-9a-fA-F]+$/), z.unknown()) })

function readRevoked(file: string): ReadonlySet<string> {
  try {
    const { entries } = statusList.parse(JSON.parse(read(file)))
    // X509Certificate writes whole bytes.
    return new Set(
      Object.keys(entries).map((serial) => {
        const hex = serial.toLowerCase()
        return hex.length % 2 === 0 ? hex : `0${hex}`
      }),
    )
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    throw new OperatorError(`factors.device_key: ${file} is no list of revoked certificates.`, {
      cause,
    })
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new OperatorError(`factors.device_key: ${file} cannot be read.`, { cause })
  }
}
