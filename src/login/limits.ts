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
  /** Takes one send from every budget, or from none. @returns The seconds to wait, 0 when it may go out. */
  beforeSend(budgets: readonly SendBudget[]): Promise<number>
  /** Slows an address down as if it had guessed wrong many times: somebody said "this was not me". */
  penalize(address: string): Promise<void>
}

/** So many messages within so long, counted under one name. */
export interface SendBudget {
  name: string
  most: number
  windowSeconds: number
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
  browserHash: Uint8Array
  /** Could the answer be hit upon? A signature cannot, so a stranger's tries slow nobody else down. */
  guessable: boolean
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
/** Failures that make an address slow. */
const SLOW_AFTER = 20
/** Failures in a row that disable an authenticator (SP 800-63B-4, section 3.2.2). */
export const FAILURES_THAT_DISABLE = 100

export function createLimits({ repository, devices, clock, key }: LimitsDeps): Limits {
  const digest = (text: string) => hmac(key, text).toString('base64url')

  const ofAddress = (address: string): Bucket => ({
    key: digest(`address ${sourceOf(address)}`),
    windowSeconds: 10 * MINUTE,
    slowAfter: SLOW_AFTER,
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
  const own = async (what: string, userId: string | undefined, browserHash: Uint8Array) => {
    const known = await devices.knows(userId ?? '', browserHash)
    return slowed(known ? `${what} device ${Buffer.from(browserHash).toString('hex')}` : what)
  }

  const ofAccount = ({ userId, typedName, browserHash }: PasswordGuess): Promise<Bucket> => {
    const who = userId === undefined ? `name ${userNameKey(typedName)}` : `user ${userId}`
    return own(who, userId, browserHash)
  }

  // A budget apart from the password's: who knows the password can renew that one at will.
  const ofFactor = async ({ userId, browserHash, guessable }: FactorGuess): Promise<Bucket[]> =>
    guessable ? [await own(`factor ${userId}`, userId, browserHash)] : []

  const ofSends = ({ name, most, windowSeconds }: SendBudget): Bucket => ({
    key: digest(`send ${name}`),
    windowSeconds,
    slowAfter: Number.MAX_SAFE_INTEGER,
    maxDelaySeconds: 0,
    block: { after: most, seconds: windowSeconds },
  })

  return {
    async beforePassword(guess) {
      return repository.take([ofAddress(guess.address), await ofAccount(guess)], clock.now())
    },

    async afterPassword(guess) {
      const account = await ofAccount(guess)
      await repository.forgive([account.key])
      await repository.giveBack([ofAddress(guess.address).key])
    },

    async beforeFactor(guess) {
      const buckets = [ofAddress(guess.address), ...(await ofFactor(guess))]
      return repository.take(buckets, clock.now())
    },

    async afterFactor(guess) {
      await repository.forgive((await ofFactor(guess)).map(({ key }) => key))
      await repository.giveBack([ofAddress(guess.address).key])
    },

    beforeSend: (budgets) => repository.take(budgets.map(ofSends), clock.now()),

    async penalize(address) {
      const bucket = ofAddress(address)
      for (let failure = 0; failure < SLOW_AFTER; failure += 1) {
        await repository.take([bucket], clock.now())
      }
    },
  }
}
