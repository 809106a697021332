import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

/** A certificate for 127.0.0.1 and localhost that vouches for itself, made now and good for a day. */
export interface Certificate {
  /** PEM. */
  key: string
  /** PEM. */
  cert: string
}

const HOUR_MS = 3_600_000
const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** @param name The host name that stands in it beside the loopback address. */
export async function aCertificate(name = 'localhost'): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: KEY,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 24 * HOUR_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: name },
        ...(name === 'localhost' ? [{ type: 'ip', value: '127.0.0.1' } as const] : []),
      ]),
    ],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  const key = x509.PemConverter.encode(pkcs8, x509.PemConverter.PrivateKeyTag)
  return { key, cert: made.toString('pem') }
}
