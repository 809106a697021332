import { sameBytes, sha256 } from '../base/bytes.ts'
import type { Factor } from './contract.ts'

/**
 * A factor for trying things out: one code is always right, and nothing else ever is. What it asks for and
 * how it is asked stays as it is, and what it sends counts for no budget.
 */
export function withFixedCode(factor: Factor, code: string): Factor {
  const { challenge } = factor
  return {
    ...factor,
    ...(challenge && {
      async challenge(request) {
        const { budgets: _, ...start } = await challenge(request)
        return start
      },
    }),

    async verify({ credential, challenge: asked }, answer) {
      if (!sameBytes(sha256(answer.trim()), sha256(code))) return { ok: false, reason: 'wrong' }
      // A code that was sent belongs to its question, and is good for it alone.
      if (factor.sends && asked === undefined) return { ok: false, reason: 'wrong' }
      if (asked && asked.state !== 'pending') return { ok: false, reason: 'used' }
      return { ok: true, data: credential.data, worth: factor.worthOf(credential) }
    },
  }
}
