import { randomBytes } from 'node:crypto'
import { hmac, sameBytes, sha256 } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'

/** How long a challenge can be answered. */
export const CHALLENGE_SECONDS = 300

const RANDOM_BYTES = 32
const EXPIRY_BYTES = 6
const MAC_BYTES = 32

/** What became of a challenge that nobody keeps. */
export type Recognition = 'ours' | 'expired' | 'foreign'

/**
 * Challenges for a sign-in that begins with a passkey. Nobody is known yet, so nothing is kept: a
 * challenge carries its own expiry, and proves by a code that we made it, for one browser.
 */
export interface DiscoveryChallenges {
  /** @returns A fresh challenge, base64url. */
  create(browser: string): string
  /** @param challenge May be hostile. */
  recognize(challenge: string, browser: string): Recognition
  /** A mark that is the same for two uses of one challenge, and tells nothing of it. */
  markOf(challenge: string): Uint8Array
}

export interface DiscoveryChallengesDeps {
  /** Used for nothing else. */
  key: Uint8Array
  clock: Clock
}

export function createDiscoveryChallenges(deps: DiscoveryChallengesDeps): DiscoveryChallenges {
  const { key, clock } = deps
  const code = (body: Buffer, browser: string) =>
    hmac(key, `discovery/${body.toString('base64url')}/${browser}`)

  return {
    create(browser) {
      const expiry = Buffer.alloc(EXPIRY_BYTES)
      expiry.writeUIntBE(clock.now() + CHALLENGE_SECONDS, 0, EXPIRY_BYTES)
      const body = Buffer.concat([randomBytes(RANDOM_BYTES), expiry])
      return Buffer.concat([body, code(body, browser)]).toString('base64url')
    },

    recognize(challenge, browser) {
      const bytes = Buffer.from(challenge, 'base64url')
      if (bytes.byteLength !== RANDOM_BYTES + EXPIRY_BYTES + MAC_BYTES) return 'foreign'
      const body = bytes.subarray(0, RANDOM_BYTES + EXPIRY_BYTES)
      const mac = bytes.subarray(RANDOM_BYTES + EXPIRY_BYTES)
      if (!sameBytes(mac, code(body, browser))) return 'foreign'
      return clock.now() < body.readUIntBE(RANDOM_BYTES, EXPIRY_BYTES) ? 'ours' : 'expired'
    },

    markOf: (challenge) => sha256(`passkey/${challenge}`),
  }
}
