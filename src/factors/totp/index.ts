import { generateSecret, generateURI, verify as verifyCode } from 'otplib'
import * as z from 'zod'
import type { Clock } from '../../base/clock.ts'
import type { Worth } from '../../model/factor.ts'
import type { Factor } from '../contract.ts'

// What every authenticator app understands; Google's knows nothing else.
const DIGITS = 6
const PERIOD_SECONDS = 30
const SECRET_BYTES = 20

const WORTH: Worth = { amr: ['otp'], phishingResistant: false, alone: false }

const stored = z.strictObject({
  secret: z.string(),
  /** The time step of the newest accepted code. */
  lastStep: z.int().optional(),
})

export interface TotpDeps {
  config: { issuer: string }
  clock: Clock
}

/**
 * Time-based one-time passwords: SHA-1, six digits, 30 seconds, one step of drift to either side.
 *
 * @see RFC 6238 (TOTP)
 */
export function createTotp({ config: { issuer }, clock }: TotpDeps): Factor {
  return {
    kind: 'totp',
    title: 'authenticator app',
    about:
      'An app on your phone shows a new code every half minute, so a stolen password is not enough. A forged page can still ask you for the code.',
    rank: 60,
    best: WORTH,
    guessable: true,
    most: 12,
    enrollable: 'first',
    worthOf: () => WORTH,
    facts: () => [],

    async enroll() {
      return {
        ok: true,
        data: { secret: generateSecret({ length: SECRET_BYTES }) },
        label: 'Authenticator app',
      }
    },

    offer({ credential }, { name }) {
      const { secret } = stored.parse(credential.data)
      const numbers = { digits: DIGITS, period: PERIOD_SECONDS } as const
      const uri = generateURI({ issuer, label: name, secret, ...numbers })
      return { show: 'secret', secret, uri, digits: DIGITS }
    },

    prompt: ({ credential: { label } }) => ({ ask: 'code', from: label, digits: DIGITS }),

    fits: (answer) => spoken(answer) !== undefined,

    async verify({ credential }, answer) {
      const { secret, lastStep } = stored.parse(credential.data)
      const token = spoken(answer)
      // otplib throws on a malformed token; here a malformed answer is just a wrong one.
      if (token === undefined) return { ok: false, reason: 'wrong' }

      const result = await verifyCode({
        secret,
        token,
        digits: DIGITS,
        period: PERIOD_SECONDS,
        epoch: clock.now(),
        epochTolerance: PERIOD_SECONDS,
      })
      if (!result.valid || !('timeStep' in result)) return { ok: false, reason: 'wrong' }
      // RFC 6238, 5.2: a code accepted once must not be accepted again.
      if (lastStep !== undefined && result.timeStep <= lastStep)
        return { ok: false, reason: 'used' }
      return { ok: true, data: { secret, lastStep: result.timeStep }, worth: WORTH }
    },
  }
}

/** Forgives the space or dash that people type between groups, and nothing else. */
function spoken(answer: string): string | undefined {
  const token = answer.trim().replace(/[ -]/g, '')
  return /^[0-9]{6}$/.test(token) && answer.length <= 20 ? token : undefined
}
