import type { Clock } from '../../base/clock.ts'
import { asTyped } from '../../base/crockford.ts'
import type { PasswordHasher } from '../../base/password.ts'
import type { Worth } from '../../model/factor.ts'
import type { Factor } from '../contract.ts'
import { keptPass, PASS_KIND, PASS_SYMBOLS } from './issue.ts'

const PLAIN: Worth = { amr: ['otp'], phishingResistant: false, alone: false }
const WORTH: Worth = { ...PLAIN, temporary: true }

export interface PassDeps {
  clock: Clock
  hasher: PasswordHasher
}

/**
 * A pass from an administrator, for whoever has lost everything else: beside the password it opens, once,
 * the way to a new authenticator, and nothing more. One with `uses` comes from another application for its own
 * user, and stands for a factor as often as that says.
 */
export function createPass({ clock, hasher }: PassDeps): Factor {
  return {
    kind: PASS_KIND,
    title: 'pass from an administrator',
    about:
      'Lets you set up a new way to sign in when the old ones are gone. It works once, and for a short time.',
    rank: 0,
    best: WORTH,
    guessable: true,
    most: 1,
    enrollable: 'never',
    lastResort: true,
    worthOf: ({ data }) => (keptPass.parse(data).uses === undefined ? WORTH : PLAIN),
    isSpent({ data }) {
      const { until, uses } = keptPass.parse(data)
      return clock.now() >= until || uses === 0
    },
    facts({ data }) {
      const { until, uses } = keptPass.parse(data)
      if (uses === undefined) return []
      if (clock.now() >= until) return ['out of date']
      return [`${uses} ${uses === 1 ? 'use' : 'uses'} left`]
    },

    // Nobody comes to one by themselves; the engine asks no factor that is never enrolled.
    enroll: async () => ({ ok: false, message: 'A pass comes from an administrator.' }),
    offer() {
      throw new Error('a pass is never enrolled')
    },
    prompt: () => ({ ask: 'code', from: 'the pass that you were given' }),

    fits: (answer) => asTyped(answer, PASS_SYMBOLS) !== undefined,
    async verifyNothing(answer) {
      await hasher.verifyNothing(answer)
    },

    async verify({ credential }, answer) {
      const { hash, until, uses } = keptPass.parse(credential.data)
      const pass = asTyped(answer, PASS_SYMBOLS)
      if (pass === undefined || !(await hasher.verify(pass, hash))) {
        return { ok: false, reason: 'wrong' }
      }
      if (clock.now() >= until) return { ok: false, reason: 'expired' }
      if (uses === 0) return { ok: false, reason: 'used' }
      if (uses !== undefined) {
        return { ok: true, data: { hash, until, uses: uses - 1 }, worth: PLAIN }
      }
      // Used up at once, whatever becomes of the sign-in: from now on it is out of date.
      return { ok: true, data: { hash, until: 0 }, worth: WORTH }
    },
  }
}
