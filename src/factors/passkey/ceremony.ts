import type { Assertion, Attestation } from './answer.ts'
import { webAuthn, webAuthnHelpers } from './library.ts'
import { ALGORITHMS, isSoundKey } from './public-key.ts'
import type { Site } from './site.ts'
import type { Passkey } from './stored.ts'

/** What an answer has to agree with. */
export interface Expected {
  site: Site
  challenge: string
  /** Has the authenticator to verify its user? */
  verification: boolean
}

/** An authenticator as it shows itself at its enrollment. */
export interface Registered {
  publicKey: Uint8Array
  counter: number
  aaguid: string
  verified: boolean
  eligible: boolean
  backedUp: boolean
  /** Certificates that its statement is signed with, its own first; absent when nothing was proved. */
  chain?: readonly Uint8Array[]
}

/** What a signed assertion says. */
export interface Asserted {
  counter: number
  verified: boolean
  eligible: boolean
  backedUp: boolean
}

/**
 * Checks a registration (WebAuthn Level 3, section 7.1).
 *
 * @param proof Is the authenticator's own statement looked at? It is left alone where nobody asks for it.
 * @returns `undefined` for every answer that is not right.
 */
export const checkRegistration = (
  answer: Attestation,
  { site, challenge, verification }: Expected,
  proof: boolean,
): Promise<Registered | undefined> =>
  unlessWrong(async () => {
    const { attestationObject, chain } = statementOf(answer.response.attestationObject, proof)
    const result = await webAuthn().verifyRegistrationResponse({
      response: {
        ...plain(answer),
        response: { clientDataJSON: answer.response.clientDataJSON, attestationObject },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...site.origins],
      expectedRPID: site.rpId,
      requireUserVerification: verification,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    if (!result.verified) return undefined
    const { credential, aaguid, userVerified, ...flags } = result.registrationInfo
    if (credential.id !== answer.id || !isSoundKey(credential.publicKey)) return undefined
    return {
      publicKey: credential.publicKey,
      counter: credential.counter,
      aaguid,
      verified: userVerified,
      eligible: flags.credentialDeviceType === 'multiDevice',
      backedUp: flags.credentialBackedUp,
      ...(chain ? { chain } : {}),
    }
  })

/**
 * Checks an assertion (WebAuthn Level 3, section 7.2), all but what hangs on earlier ones: counter and
 * backup eligibility are for the caller to compare.
 *
 * @returns `undefined` for every answer that is not right.
 */
export const checkAssertion = (
  answer: Assertion,
  { publicKey }: Pick<Passkey, 'publicKey'>,
  { site, challenge, verification }: Expected,
): Promise<Asserted | undefined> =>
  unlessWrong(async () => {
    const { clientDataJSON, authenticatorData, signature } = answer.response
    const result = await webAuthn().verifyAuthenticationResponse({
      response: {
        ...plain(answer),
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...site.origins],
      expectedRPID: site.rpId,
      requireUserVerification: verification,
      // From 0 every counter is a step ahead: the caller compares it once the signature is known to be
      // good, and only then speaks of a copy.
      credential: {
        id: answer.id,
        publicKey: webAuthnHelpers().isoBase64URL.toBuffer(publicKey),
        counter: 0,
      },
    })
    if (!result.verified) return undefined
    const { newCounter, userVerified, ...flags } = result.authenticationInfo
    return {
      counter: newCounter,
      verified: userVerified,
      eligible: flags.credentialDeviceType === 'multiDevice',
      backedUp: flags.credentialBackedUp,
    }
  })

/** The members that both ceremonies share. */
const plain = ({ id, rawId, type }: Assertion | Attestation) => ({
  id,
  rawId,
  type,
  clientExtensionResults: {},
})

/**
 * Statements that are looked at, when one is asked for: those of models that a metadata file can list,
 * and whose check fetches nothing. Certificates are followed by `certificates.ts`, offline.
 *
 * No other form proves a model here. `fido-u2f` names none; `apple` tells that a device is Apple's and not
 * which; of `android-key` the library does not read that the key was made in hardware for signing alone, and
 * takes lists of revoked certificates from the network; `android-safetynet` has come to its end.
 *
 * @see WebAuthn Level 3, section 8 (Defined Attestation Statement Formats)
 */
const PROVING = ['packed', 'tpm']

/** Takes off a statement that nobody asked for, or that proves nothing: a model that vouches for itself. */
function statementOf(given: string, proof: boolean) {
  const { decodeAttestationObject, isoBase64URL, isoCBOR } = webAuthnHelpers()
  const object = decodeAttestationObject(isoBase64URL.toBuffer(given))
  const chain = object.get('attStmt').get('x5c')
  if (proof && PROVING.includes(object.get('fmt')) && chain) {
    return { attestationObject: given, chain }
  }
  const without = new Map<string, string | Uint8Array | Map<string, string>>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', object.get('authData')],
  ])
  return { attestationObject: isoBase64URL.fromBuffer(isoCBOR.encode(without)), chain: undefined }
}

/**
 * The library throws bare errors at whatever it does not like about an answer. It only computes, so
 * that nothing it throws is a fault of ours.
 */
async function unlessWrong<T>(ceremony: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ceremony()
  } catch {
    return undefined
  }
}
