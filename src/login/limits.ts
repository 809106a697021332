import { hmac } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { sourceOf } from '../base/net.ts'
import { userNameKey } from '../model/user.ts'
import type { Bucket, DeviceRepository, LimitRepository } from '../store/contract.ts'

/** Throttles guesses. A guess counts before it is checked, so that parallel ones cannot slip through. */
export interface Limits {
  /** @returns The seconds to wait, 0 when the guess may be made. */
  beforePassword(guess: PasswordGuess): Promise<number>
  afterPassword(guess: PasswordGuess): Promise<void>
  /** @returns The seconds to wait, 0 when the guess may be made. */
  beforeFactor(guess: FactorGuess): Promise<number>
  afterFactor(guess: FactorGuess): Promise<void>
}

export interface PasswordGuess {
  /** The resolved user, or `undefined` for a name that is nobody’s. */
  userId: string | undefined
  typedName: string
  address: string
  browserHash: Uint8Array
}

export interface FactorGuess {
  userId: string
  address: string
}

export interface LimitsDeps {
  repository: LimitRepository
  devices: DeviceRepository
  clock: Clock
  /** Keys of buckets are digests under this key: the store never learns what was typed. */
  key: Uint8Array
}

const MINUTE = 60

/** Wrong answers that end an attempt. */
export const TRIES_PER_ATTEMPT = 5
/** Failures in a row that disable an authenticator (SP 800-63B-4, section 3.2.2). */
export const FAILURES_THAT_DISABLE = 100

export function createLimits({ repository, devices, clock, key }: LimitsDeps): Limits {
  const digest = (text: string) => hmac(key, text).toString('base64url')

  const ofAddress = (address: string): Bucket => ({
    key: digest(`address ${sourceOf(address)}`),
    windowSeconds: 10 * MINUTE,
    slowAfter: 20,
    maxDelaySeconds: 30,
    block: { after: 60, seconds: 15 * MINUTE },
  })

  // Slowed down, never locked: whoever knows a name could else lock its owner out.
  const slowed = (what: string): Bucket => ({
    key: digest(what),
    windowSeconds: 15 * MINUTE,
    slowAfter: 10,
    maxDelaySeconds: MINUTE,
  })

  /** A browser in which the user has signed in before has a budget of its own, that strangers cannot spend. */
  const ofAccount = async ({ userId, typedName, browserHash }: PasswordGuess): Promise<Bucket> => {
    const known = await devices.knows(userId ?? '', browserHash)
    const who = userId === undefined ? `name ${userNameKey(typedName)}` : `user ${userId}`
    return slowed(known ? `${who} device ${Buffer.from(browserHash).toString('hex')}` : who)
  }

  return {
    async beforePassword(guess) {
      return repository.take([ofAddress(guess.address), await ofAccount(guess)], clock.now())
    },

    async afterPassword(guess) {
      const account = await ofAccount(guess)
      await repository.forgive([account.key])
      await repository.giveBack([ofAddress(guess.address).key])
    },

    // A budget apart from the password's: who knows the password can renew that one at will.
    beforeFactor: ({ userId, address }) =>
      repository.take([ofAddress(address), slowed(`factor ${userId}`)], clock.now()),

    async afterFactor({ userId, address }) {
      await repository.forgive([slowed(`factor ${userId}`).key])
      await repository.giveBack([ofAddress(address).key])
    },
  }
}
