import { sha256 } from '../../base/bytes.ts'
import type { User } from '../../model/user.ts'
import type { Admission } from './admission.ts'
import type { PasskeyConfig } from './config.ts'
import { CHALLENGE_SECONDS } from './discovery.ts'
import { webAuthn } from './library.ts'
import { ALGORITHMS } from './public-key.ts'
import type { Site } from './site.ts'

/** Makes what browsers get: the options of `navigator.credentials.create` and `get`, as JSON. */
export interface Options {
  /** @param exclude Ids of authenticators that the person has already. */
  forEnrollment(user: User, exclude: readonly string[]): Promise<BrowserOptions>
  /** @param allow The credentials that may answer. */
  forProof(allow: readonly Descriptor[]): Promise<BrowserOptions>
  /** For whoever is there, whose browser shows the passkeys that it has. */
  forDiscovery(challenge: string): Promise<BrowserOptions>
}

export type BrowserOptions = object & { challenge: string }

/** A credential as a browser finds it again. */
export interface Descriptor {
  id: string
  transports: readonly string[]
}

export interface OptionsDeps {
  config: PasskeyConfig
  site: Site
  admission: Admission
}

export function createOptions({ config, site, admission }: OptionsDeps): Options {
  const { attachment, hints } = config
  const timeout = CHALLENGE_SECONDS * 1000
  const userVerification = admission.verification ? 'required' : 'preferred'

  return {
    async forEnrollment(user, exclude) {
      const options = await webAuthn().generateRegistrationOptions({
        rpName: site.name,
        rpID: site.rpId,
        userID: new Uint8Array(userHandleBytes(user.id)),
        userName: user.name,
        userDisplayName: user.displayName,
        timeout,
        attestationType: admission.conveyance,
        excludeCredentials: exclude.map((id) => ({ id })),
        authenticatorSelection: {
          residentKey: 'preferred',
          userVerification,
          ...(attachment ? { authenticatorAttachment: attachment } : {}),
        },
        supportedAlgorithmIDs: ALGORITHMS,
      })
      return { ...options, hints }
    },

    async forProof(allow) {
      const options = await webAuthn().generateAuthenticationOptions({
        rpID: site.rpId,
        timeout,
        userVerification,
        allowCredentials: allow.map(({ id, transports }) => ({ id, transports: [...transports] })),
      })
      return { ...options, hints }
    },

    async forDiscovery(challenge) {
      const options = await webAuthn().generateAuthenticationOptions({
        rpID: site.rpId,
        timeout,
        userVerification: 'required',
        challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
      })
      return { ...options, hints }
    },
  }
}

/**
 * The name under which an authenticator keeps a person: 32 bytes that tell nobody who it is.
 *
 * @see WebAuthn Level 3, section 14.6.1 (User Handle Contents)
 */
export const userHandleOf = (userId: string): string =>
  userHandleBytes(userId).toString('base64url')

const userHandleBytes = (userId: string) => sha256(`gatehouse/user-handle/${userId}`)
