import type { X509Certificate } from 'node:crypto'
import type { UnixSeconds } from '../../base/clock.ts'

/** No authenticator has a longer chain. */
const MOST_CERTIFICATES = 6

/**
 * Does a chain lead to one of the roots? Each certificate has to be signed by the next, each next one
 * allowed to sign certificates, all of them in force. Nothing is fetched: there is no look at lists of
 * revoked certificates.
 *
 * @param chain The one that signed comes first; a root at its end may be left out.
 * @see RFC 5280, section 6.1
 */
export function leadsTo(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: UnixSeconds,
): boolean {
  const [leaf, ...issuers] = chain
  if (!leaf || chain.length > MOST_CERTIFICATES) return false
  if (!chain.every((certificate) => isInForce(certificate, now))) return false
  if (!issuers.every((issuer, index) => isSignedBy(chain[index], issuer))) return false

  const last = chain.at(-1)
  // A metadata file may name the very certificate of a model instead of a root above it.
  if (roots.some((root) => last?.raw.equals(root.raw))) return true
  return roots.some((root) => isInForce(root, now) && isSignedBy(last, root))
}

const isSignedBy = (certificate: X509Certificate | undefined, issuer: X509Certificate): boolean =>
  certificate !== undefined &&
  issuer.ca &&
  certificate.checkIssued(issuer) &&
  certificate.verify(issuer.publicKey)

function isInForce({ validFromDate, validToDate }: X509Certificate, now: UnixSeconds): boolean {
  return validFromDate.getTime() <= now * 1000 && now * 1000 <= validToDate.getTime()
}
