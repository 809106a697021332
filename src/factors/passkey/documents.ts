import type { PasskeyConfig } from './config.ts'

/** What browsers and systems look up about passkeys. */
export interface PasskeyDocuments {
  /** Those at whose root it is looked up: the portal's, and the one to which the passkeys belong. */
  hosts: ReadonlySet<string>
  /** JSON, by address from the root. */
  byPath: ReadonlyMap<string, object>
}

/**
 * The documents that tell whom else our passkeys serve. Only what is configured is there.
 *
 * @param portal The portal's address.
 * @see WebAuthn Level 3, section 5.11 (Related Origin Requests); Digital Asset Links; Apple's Associated Domains
 */
export function passkeyDocuments(config: PasskeyConfig | undefined, portal: URL): PasskeyDocuments {
  const { origins = [], android = [], ios, rp_id: rpId = portal.hostname } = config ?? {}
  const byPath = new Map<string, object>()
  if (origins.length > 0) byPath.set('/.well-known/webauthn', { origins })
  if (android.length > 0) byPath.set('/.well-known/assetlinks.json', android.map(assetLink))
  if (ios) {
    const webcredentials = { apps: ios.app_ids }
    byPath.set('/.well-known/apple-app-site-association', { webcredentials })
  }
  return { hosts: new Set([portal.hostname, rpId]), byPath }
}

const assetLink = ({ package: name, fingerprints }: PasskeyConfig['android'][number]) => ({
  // Sharing of credentials and nothing else: links to the portal stay in the browser.
  relation: ['delegate_permission/common.get_login_creds'],
  target: {
    namespace: 'android_app',
    package_name: name,
    sha256_cert_fingerprints: fingerprints.map((text) => text.toUpperCase()),
  },
})
