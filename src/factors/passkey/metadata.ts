import { verify, X509Certificate } from 'node:crypto'
import * as z from 'zod'
import { readCertificates, readPem } from '../../base/certificates.ts'
import type { Clock } from '../../base/clock.ts'
import { OperatorError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { leadsTo } from './certificates.ts'
import type { BIOMETRICS } from './config.ts'
import { webAuthn } from './library.ts'

/** What a metadata file says about one model of authenticator. */
export interface Model {
  name: string
  /** Base64 of the certificates to which its own leads. */
  roots: readonly string[]
  biometrics: ReadonlySet<Biometric>
  /** Has its maker or the FIDO Alliance found that it can be copied or opened? */
  broken: boolean
}

type Biometric = (typeof BIOMETRICS)[number]

/** Models by AAGUID. */
export type Metadata = ReadonlyMap<string, Model>

export interface MetadataDeps {
  config: { file: string; root?: string | undefined }
  clock: Clock
  log: Log
}

/** The name in the certificate of whoever signs the FIDO Alliance's own file; their root signs much else. */
const PUBLISHER = 'mds.fidoalliance.org'

const MATCHES: Readonly<Record<string, Biometric>> = {
  fingerprint_internal: 'fingerprint',
  faceprint_internal: 'face',
  voiceprint_internal: 'voice',
}

// FIDO Metadata Service 3, section 3.1.4 (AuthenticatorStatus): those that end all trust.
const BROKEN = [
  'ATTESTATION_KEY_COMPROMISE',
  'REVOKED',
  'USER_KEY_PHYSICAL_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_VERIFICATION_BYPASS',
]

const head = z.looseObject({
  alg: z.enum(['RS256', 'ES256']),
  x5c: z.array(z.base64()).min(1),
})
const body = z.looseObject({ nextUpdate: z.iso.date(), entries: z.array(z.unknown()) })
const entry = z.looseObject({
  aaguid: z.string().transform((text) => text.toLowerCase()),
  statusReports: z.array(z.looseObject({ status: z.string() })),
  metadataStatement: z.looseObject({
    description: z.string(),
    attestationRootCertificates: z.array(z.string()),
    userVerificationDetails: z.array(
      z.array(z.looseObject({ userVerificationMethod: z.string() })),
    ),
  }),
})

/**
 * Reads a metadata file once, and trusts it only if whoever is named signed it.
 *
 * @throws {OperatorError} when it cannot be read, or is not what it says it is.
 * @see FIDO Metadata Service 3, section 3.2 (Metadata BLOB object processing rules)
 */
export function loadMetadata({ config, clock, log }: MetadataDeps): Metadata {
  const { file } = config
  const blob = told('file', () => readPem(file)).trim()
  const roots = rootsOf(config)
  const content = signedContent(blob, (chain) => {
    const ours = config.root !== undefined || chain[0]?.checkHost(PUBLISHER) !== undefined
    return ours && leadsTo(chain, roots, clock.now())
  })
  if (!content) {
    const whose = config.root ?? 'the FIDO Alliance'
    throw fault('file', `${file} is no metadata file, or is not signed by ${whose}`)
  }
  if (Date.parse(content.nextUpdate) < clock.now() * 1000) {
    const fields = { file, nextUpdate: content.nextUpdate }
    log.warn(fields, 'passkey: the metadata file is older than its publisher allows; get a new one')
  }
  return new Map(content.entries.flatMap(modelOf))
}

/** The content of a signed file; `undefined` when it is none, or nobody we know has signed it. */
function signedContent(blob: string, isTrusted: (chain: X509Certificate[]) => boolean) {
  const [first = '', second = '', third = '', more] = blob.split('.')
  const { data: header } = head.safeParse(json(first))
  const chain = certificates(header?.x5c ?? [])
  const [signer] = chain
  if (more !== undefined || !header || !signer || !isTrusted(chain)) return undefined
  // RFC 7518, 3.4: the two numbers of an ECDSA signature one after the other, without ASN.1.
  const key = { key: signer.publicKey, dsaEncoding: 'ieee-p1363' } as const
  const fits = (header.alg === 'RS256' ? 'rsa' : 'ec') === signer.publicKey.asymmetricKeyType
  const signed = Buffer.from(`${first}.${second}`)
  const good = fits && verify('sha256', signed, key, Buffer.from(third, 'base64url'))
  return good ? body.safeParse(json(second)).data : undefined
}

/** An entry without an AAGUID is about authenticators that have no model to name. */
function modelOf(given: unknown): [string, Model][] {
  const { data } = entry.safeParse(given)
  if (!data) return []
  const { description, attestationRootCertificates, userVerificationDetails } =
    data.metadataStatement
  const methods = userVerificationDetails.flat().map((each) => each.userVerificationMethod)
  const biometrics = methods.flatMap((method) => MATCHES[method] ?? [])
  const model = {
    name: description.slice(0, 60),
    roots: attestationRootCertificates,
    biometrics: new Set(biometrics),
    broken: data.statusReports.some(({ status }) => BROKEN.includes(status)),
  }
  return [[data.aaguid, model]]
}

function rootsOf({ root }: MetadataDeps['config']): readonly X509Certificate[] {
  if (root !== undefined) return told('root', () => readCertificates(root)).list
  const own = webAuthn().SettingsService.getRootCertificates({ identifier: 'mds' })
  return own.map((pem) => new X509Certificate(pem.trim()))
}

/** @param texts Certificates in base64. @returns None at all when one of them is none. */
function certificates(texts: readonly string[]): X509Certificate[] {
  try {
    return texts.map((text) => new X509Certificate(Buffer.from(text, 'base64')))
  } catch {
    return []
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** Says of which key a fault is. */
function told<T>(key: 'file' | 'root', work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof OperatorError) throw fault(key, cause.message, cause)
    throw cause
  }
}

const fault = (key: string, message: string, cause?: unknown) =>
  new OperatorError(`factors.passkey.metadata.${key}: ${message}`, { cause })
