import { X509Certificate } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Registered } from './ceremony.ts'
import { leadsTo } from './certificates.ts'
import type { PasskeyConfig } from './config.ts'
import type { Metadata, Model } from './metadata.ts'
import { MODELS } from './models.ts'

/** Which authenticators this place takes. */
export interface Admission {
  conveyance: 'none' | 'direct' | 'enterprise'
  /** Does every ceremony ask for fingerprint, face or PIN? */
  verification: boolean
  /** @returns Whether an authenticator may be enrolled. */
  admits(registered: Registered): boolean
  /** The name of a model; `undefined` when nobody knows it. */
  modelOf(aaguid: string): string | undefined
}

export interface AdmissionDeps {
  config: PasskeyConfig
  /** Empty where the operator gives none. */
  metadata: Metadata
  clock: Clock
}

export function createAdmission({ config, metadata, clock }: AdmissionDeps): Admission {
  const { admit, attestation } = config
  const conveyance = attestation ?? (admit ? 'direct' : 'none')

  const isNamed = (aaguid: string, { biometrics }: Model): boolean => {
    if (admit?.aaguids && !admit.aaguids.includes(aaguid)) return false
    return !admit?.biometric || admit.biometric.some((match) => biometrics.has(match))
  }

  return {
    conveyance,
    // A match that is never asked for would be none.
    verification: config.user_verification === 'required' || admit?.biometric !== undefined,
    modelOf: (aaguid) => metadata.get(aaguid)?.name ?? MODELS[aaguid],

    admits({ aaguid, chain }) {
      const model = metadata.get(aaguid)
      // Who says of itself that it is a broken model is believed without proof.
      if (model?.broken) return false
      if (conveyance === 'none') return true
      if (!model || !chain || !isNamed(aaguid, model)) return false
      return leadsTo(certificates(chain), certificates(model.roots), clock.now())
    },
  }
}

/** @param given In DER, or DER in base64. What is no certificate is left out, so that a chain with it ends. */
function certificates(given: readonly (Uint8Array | string)[]): X509Certificate[] {
  return given.flatMap((each) => {
    try {
      return [new X509Certificate(typeof each === 'string' ? Buffer.from(each, 'base64') : each)]
    } catch {
      return []
    }
  })
}
