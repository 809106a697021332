import 'reflect-metadata'
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import {
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  cryptoProvider,
  Extension,
  type X509Certificate as Made,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

cryptoProvider.set(webcrypto as Crypto)

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** In force whatever the clock of a test says. */
const SINCE = new Date('2020-01-01')
const UNTIL = new Date('2090-01-01')

/** A certificate of our tests, with its key, that may sign others. */
export interface TestCertificate {
  key: KeyObject
  der: Buffer
  pem: string
  /** @param subject As `CN=…, O=…`. */
  issue(subject: string, given?: IssueOptions): Promise<TestCertificate>
}

export interface IssueOptions {
  authority?: boolean
  since?: Date
  until?: Date
  /** A host that it speaks for. */
  host?: string
  /** The model of authenticator that it speaks for (id-fido-gen-ce-aaguid). */
  aaguid?: string
  /** Where a list of revoked certificates is said to be. */
  revocations?: string
  /** Extensions that are written elsewhere. */
  further?: readonly { oid: string; critical?: boolean; der: Uint8Array<ArrayBuffer> }[]
}

/** Makes a root that signs itself. */
export async function createRoot(subject: string): Promise<TestCertificate> {
  const keys = await newKeys()
  const made = await X509CertificateGenerator.createSelfSigned({
    name: subject,
    keys,
    signingAlgorithm: EC,
    notBefore: SINCE,
    notAfter: UNTIL,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  return wrap(made, keys)
}

function wrap(made: Made, keys: CryptoKeyPair): TestCertificate {
  const der = Buffer.from(made.rawData)
  return {
    key: KeyObject.from(keys.privateKey as webcrypto.CryptoKey),
    der,
    pem: new X509Certificate(der).toString(),

    async issue(subject, given = {}) {
      const { authority = false, since = SINCE, until = UNTIL } = given
      const own = await newKeys()
      const issued = await X509CertificateGenerator.create({
        subject,
        issuer: made.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: EC,
        notBefore: since,
        notAfter: until,
        extensions: [
          new BasicConstraintsExtension(authority, undefined, true),
          ...furtherExtensions(given),
        ],
      })
      return wrap(issued, own)
    },
  }
}

function furtherExtensions({ host, aaguid, revocations, further = [] }: IssueOptions): Extension[] {
  const names = host && new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])
  // An octet string of 16 bytes within the extension's own.
  const bytes = Buffer.from(`0410${(aaguid ?? '').replaceAll('-', '')}`, 'hex')
  const model = aaguid && new Extension('1.3.6.1.4.1.45724.1.1.4', false, bytes)
  const list = revocations && new CRLDistributionPointsExtension([revocations])
  const others = further.map(({ oid, critical = false, der }) => new Extension(oid, critical, der))
  return [names, model, list, ...others].filter((it): it is Extension => it instanceof Extension)
}

const newKeys = () =>
  webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
