import type { Factors } from '../factors/contract.ts'
import type { Credential } from '../model/factor.ts'

/** Those of a user's credentials that can answer now, the one first that is asked without a wish. */
export function usable(own: readonly Credential[], factors: Factors): Credential[] {
  const isLast = ({ kind }: Credential) => Number(factors.get(kind)?.lastResort ?? false)
  return (
    own
      .filter(({ state, kind }) => state === 'active' && factors.has(kind))
      .filter((it) => !factors.get(it.kind)?.isSpent?.(it))
      // A pass of somebody who signs in here opens the way to a new factor there, and nothing else.
      .filter((it) => !factors.get(it.kind)?.worthOf(it).temporary)
      .toSorted((a, b) => isLast(a) - isLast(b) || (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0))
  )
}
