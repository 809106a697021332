import { X509Certificate } from 'node:crypto'
import type { UnixSeconds } from '../../base/clock.ts'
import { type Der, isOid, NotDer, octets, readDer, sequence, TAG, within } from './der.ts'

/** 1.3.6.1.4.1.11129.2.1.17, as it is encoded. */
const KEY_DESCRIPTION = '2b06010401d679020111'
const MOST_CERTIFICATES = 8
const MAX_CERTIFICATE_BYTES = 16 * 1024

/**
 * Follows a chain of certificates to a root that is trusted.
 *
 * @param chain In DER, the key's own first; may be hostile.
 * @returns The chain, every link of it verified; `undefined` when it leads nowhere.
 */
export function verifiedChain(
  chain: readonly Uint8Array[],
  roots: readonly X509Certificate[],
  now: UnixSeconds,
): X509Certificate[] | undefined {
  if (chain.length === 0 || chain.length > MOST_CERTIFICATES) return undefined
  const certificates = chain.map(parse)
  if (certificates.some((it) => it === undefined)) return undefined
  const links = certificates.filter((it) => it !== undefined)
  const linked = links.every((link, index) => {
    const issuer = links[index + 1]
    return isValidAt(link, now) && (issuer ? isIssuedBy(link, issuer) : leadsTo(link, roots))
  })
  return linked ? links : undefined
}

function parse(der: Uint8Array): X509Certificate | undefined {
  if (der.length > MAX_CERTIFICATE_BYTES) return undefined
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

/** A key that was attested must not be able to attest others: only an authority issues. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

/** A chain may end with the root itself, or right before it. */
const leadsTo = (last: X509Certificate, roots: readonly X509Certificate[]): boolean =>
  roots.some((root) => root.raw.equals(last.raw) || isIssuedBy(last, root))

const isValidAt = ({ validFromDate, validToDate }: X509Certificate, now: UnixSeconds): boolean =>
  validFromDate.getTime() <= now * 1000 && now * 1000 <= validToDate.getTime()

/**
 * Finds what a certificate says about its key.
 *
 * @returns The extension's contents; `undefined` when there is none.
 * @throws {NotDer} when the certificate is not in its one distinguished form.
 * @see RFC 5280, section 4.1
 */
export function keyDescriptionIn({ raw }: X509Certificate): Uint8Array | undefined {
  const [body] = sequence(readDer(raw))
  const extensions = sequence(body).find((part) => part.class === 'context' && part.tag === 3)
  if (!extensions) return undefined
  const [list] = within(extensions)
  const found = sequence(list)
    .map((extension) => sequence(extension))
    .filter(([id]) => isOid(id, KEY_DESCRIPTION))
  if (found.length > 1) throw new NotDer('an extension twice')
  return found[0] && contentsOf(found[0])
}

/** What follows the name and, if it is there, the word that it is critical. */
function contentsOf([, second, third]: readonly Der[]): Uint8Array {
  const critical = second?.class === 'universal' && second.tag === TAG.boolean
  return octets(critical ? third : second)
}
