import { type ApplicationPasskeys, type PasskeyConfig, passkeyConfig } from './config.ts'

/** Towards authenticators, we are the relying party: who that is, and where its ceremonies may happen. */
export interface Site {
  rpId: string
  /** What authenticators show. */
  name: string
  /** Exactly as clients write them. */
  origins: readonly string[]
}

/** @param portal The portal's address. */
export function siteOf(
  { rp_id: rpId = undefined, origins, android, ios }: PasskeyConfig,
  { url, name }: { url: URL; name: string },
): Site {
  const id = rpId ?? url.hostname
  return {
    rpId: id,
    name,
    origins: [
      url.origin,
      ...origins,
      ...android.flatMap(({ fingerprints }) => fingerprints.map(androidOrigin)),
      // An iOS application names no page: its system writes the relying party's own site.
      ...(ios ? [`https://${id}`] : []),
    ],
  }
}

/**
 * The same for another application, whose users always have to show finger, face or PIN: nobody asks them
 * for a password here.
 */
export function applicationSite(
  { rp_id: rpId, rp_name: given, origins }: ApplicationPasskeys,
  name: string,
): { site: Site; config: PasskeyConfig } {
  const config = passkeyConfig.parse({ user_verification: 'required' })
  return { site: { rpId, name: given ?? name, origins }, config }
}

/** Android names the caller by the digest of the certificate that signed it. */
const androidOrigin = (fingerprint: string) =>
  `android:apk-key-hash:${Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url')}`
