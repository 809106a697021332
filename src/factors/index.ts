import type { Clock } from '../base/clock.ts'
import type { FactorsConfig } from './config.ts'
import type { Factor, Factors } from './contract.ts'
import { createTotp } from './totp/index.ts'

export interface FactorsDeps {
  config: FactorsConfig
  clock: Clock
  /** The portal's name, for authenticators that show one. */
  issuer: string
}

/** The list of all factors; a new one is a line here. A factor without a key in the configuration is off. */
export function createFactors({ config, clock, issuer }: FactorsDeps): Factors {
  const factors: (Factor | undefined)[] = [
    config.totp && createTotp({ config: { issuer: config.totp.issuer ?? issuer }, clock }),
  ]
  return new Map(factors.filter((factor) => factor !== undefined).map((it) => [it.kind, it]))
}
