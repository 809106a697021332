import { type KeyObject, sign } from 'node:crypto'
import type { TestCertificate } from './x509.ts'

/** One model of authenticator, as a metadata file of our tests tells of it. */
export interface TestModel {
  aaguid: string
  description?: string
  roots?: readonly TestCertificate[]
  /** Ways to verify a user, each a list of what it takes together. */
  verification?: readonly (readonly string[])[]
  statuses?: readonly string[]
}

export interface TestMetadata {
  models: readonly TestModel[]
  /** The key that signs, and the certificates that lead from it to a root. */
  key: KeyObject
  chain: readonly TestCertificate[]
  nextUpdate?: string
  algorithm?: string
}

/** Makes a metadata file as the FIDO Alliance publishes it: a JWT with the signer's certificates. */
export function metadataFile({
  models,
  key,
  chain,
  nextUpdate = '2089-12-31',
  algorithm = 'ES256',
}: TestMetadata): string {
  const header = {
    alg: algorithm,
    typ: 'JWT',
    x5c: chain.map(({ der }) => der.toString('base64')),
  }
  const entries = [{ aaid: '4e4e#4005', statusReports: [] }, ...models.map(entryOf)]
  const payload = { legalHeader: 'for tests', no: 1, nextUpdate, entries }
  const content = `${encoded(header)}.${encoded(payload)}`
  const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' })
  return `${content}.${signature.toString('base64url')}`
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const entryOf = (model: TestModel) => ({
  aaguid: model.aaguid,
  statusReports: (model.statuses ?? ['FIDO_CERTIFIED_L1']).map((status) => ({ status })),
  timeOfLastStatusChange: '2024-01-01',
  metadataStatement: {
    description: model.description ?? 'Test key',
    aaguid: model.aaguid,
    protocolFamily: 'fido2',
    authenticationAlgorithms: ['secp256r1_ecdsa_sha256_raw'],
    attestationTypes: ['basic_full'],
    userVerificationDetails: (model.verification ?? [['presence_internal']]).map((together) =>
      together.map((userVerificationMethod) => ({ userVerificationMethod })),
    ),
    attestationRootCertificates: (model.roots ?? []).map(({ der }) => der.toString('base64')),
  },
})
