import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hasCode, OperatorError } from './errors.ts'

/** Certificates of one file, in its order. */
export interface Certificates {
  pem: string
  list: readonly [X509Certificate, ...X509Certificate[]]
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/**
 * Reads a PEM file that holds one certificate or more.
 *
 * @throws {OperatorError} when there is no such file, or something else in it.
 */
export function readCertificates(file: string): Certificates {
  const pem = readPem(file)
  const [first, ...others] = Array.from(pem.matchAll(BLOCK), ([block]) => parse(block, file))
  if (!first) throw new OperatorError(`${file} holds no certificate (PEM)`)
  return { pem, list: [first, ...others] }
}

/** The files of a certificate and its key. */
export interface KeyPairFiles {
  certificate: string
  key: string
}

/** A certificate with those behind it, and its key. */
export interface KeyPair {
  /** In PEM. */
  certificates: string
  /** In PEM. */
  key: string
  /** The certificate itself. */
  leaf: X509Certificate
}

/**
 * Reads a certificate and its key.
 *
 * @throws {OperatorError} when one of them cannot be used, or they do not belong together.
 */
export function readKeyPair({ certificate, key: keyFile }: KeyPairFiles): KeyPair {
  const { pem, list } = readCertificates(certificate)
  const [leaf] = list
  const key = readPem(keyFile)
  if (!leaf.checkPrivateKey(parseKey(key, keyFile))) {
    throw new OperatorError(`${keyFile} is not the key of the certificate in ${certificate}`)
  }
  return { certificates: pem, key, leaf }
}

function parseKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const isSealed = /ENCRYPTED/.test(pem)
    const why = isSealed
      ? 'is encrypted; store it without a passphrase'
      : 'holds no private key (PEM)'
    throw new OperatorError(`${file} ${why}`, { cause })
  }
}

/** Why {@link readKeyPair} would refuse a pair, and for which file; `undefined` when it would not. */
export function keyPairFault(
  files: KeyPairFiles,
): { of: keyof KeyPairFiles; message: string } | undefined {
  const certificate = certificatesFault(files.certificate)
  if (certificate) return { of: 'certificate', message: certificate }
  const key = faultOf(() => readKeyPair(files))
  return key === undefined ? undefined : { of: 'key', message: key }
}

/** Why {@link readCertificates} would refuse a file; `undefined` when it would not. */
export function certificatesFault(file: string): string | undefined {
  return faultOf(() => readCertificates(file))
}

/** The sentence of an {@link OperatorError}, as a value. */
export function faultOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (cause) {
    if (cause instanceof OperatorError) return cause.message
    throw cause
  }
}

/**
 * Reads a file that the configuration names.
 *
 * @throws {OperatorError} when it cannot be read.
 */
export function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) throw new OperatorError(`${file} does not exist`, { cause })
    if (hasCode(cause, 'EACCES')) {
      throw new OperatorError(`${file} may not be read by this user`, { cause })
    }
    throw new OperatorError(`${file} cannot be read`, { cause })
  }
}

function parse(block: string, file: string): X509Certificate {
  try {
    return new X509Certificate(block)
  } catch (cause) {
    throw new OperatorError(`${file} holds a certificate that is broken`, { cause })
  }
}
