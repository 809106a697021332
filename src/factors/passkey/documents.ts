import type { PasskeyConfig } from './config.ts'

/**
 * The documents at which browsers and systems look up whom else our passkeys serve: addresses from the
 * root of the relying party's host, each with its JSON. Only what is configured is there.
 *
 * @see WebAuthn Level 3, section 5.11 (Related Origin Requests); Digital Asset Links; Apple's Associated Domains
 */
export function passkeyDocuments({ origins, android, ios }: PasskeyConfig) {
  const documents = new Map<string, object>()
  if (origins.length > 0) documents.set('/.well-known/webauthn', { origins })
  if (android.length > 0) documents.set('/.well-known/assetlinks.json', android.map(assetLink))
  if (ios) {
    const webcredentials = { apps: ios.app_ids }
    documents.set('/.well-known/apple-app-site-association', { webcredentials })
  }
  return documents as ReadonlyMap<string, object>
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
