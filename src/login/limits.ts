import { hmac } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { sourceOf, sourcesOf } from '../base/net.ts'
import { userNameKey } from '../model/user.ts'
import type { Failures } from '../risk/contract.ts'
import type { Bucket, BucketAbout, DeviceRepository, LimitRepository } from '../store/contract.ts'

/**
 * Throttles guesses. A guess counts before it is checked, so that parallel ones cannot slip through.
 *
 * What cannot be hit upon, such as a signature or the secret of a link, is the other way round: it is
 * checked first, and only what was wrong counts. So nobody is kept from what is theirs by the guesses of
 * strangers, and the same goes for a browser in which somebody has signed in before.
 */
export interface Limits {
  /** @returns The seconds to wait, 0 when the guess may be made. */
  beforePassword(guess: PasswordGuess): Promise<number>
  /** @returns The wrong answers that were counted before this right one. */
  afterPassword(guess: PasswordGuess): Promise<Failures>
  /** @returns The seconds to wait, 0 when the guess may be made. */
  beforeFactor(guess: FactorGuess): Promise<number>
  afterFactor(guess: FactorGuess): Promise<void>
  /** How many more may be wrong before one has to wait. */
  leftFor(guess: FactorGuess): Promise<number>
  /**
   * Counts something that cannot be hit upon and was wrong: a signature, the secret of a link, a key of
   * the API. @returns The seconds to wait, 0 when it may be said that it was wrong.
   */
  wrongSecret(address: string): Promise<number>
  /**
   * The same of a signature that an application passes on for one of its users: it comes from the
   * application's address, which says nothing about any of them. One that is right still counts.
   */
  wrongSignature(userId: string): Promise<number>
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
  /** For operators: what is sent, and whom it concerns. */
  about?: BucketAbout
}

export interface PasswordGuess {
  /** The resolved user, or `undefined` for a name that is nobody’s. */
  userId: string | undefined
  typedName: string
  address: string
  browserHash: Uint8Array
}

export interface FactorGuess {
  /** Absent for a name that is nobody’s. */
  userId: string | undefined
  /** What is counted under where there is no user. */
  typedName?: string
  /** Absent where an application asks for its users: its own address says nothing about any of them. */
  address?: string | undefined
  browserHash: Uint8Array
  /** Is it a code that is kept for when all else is lost? */
  lastResort: boolean
}

export interface LimitsDeps {
  repository: LimitRepository
  devices: DeviceRepository
  clock: Clock
  /** Keys of buckets are digests under this key: the store never learns what was typed. */
  key: Uint8Array
}

const MINUTE = 60
const HOUR = 60 * MINUTE

/** Wrong answers that end an attempt. */
export const TRIES_PER_ATTEMPT = 5
/** Failures that make an address slow. */
const SLOW_AFTER = 20
/** Failures in a row that disable an authenticator (SP 800-63B-4, section 3.2.2). */
export const FAILURES_THAT_DISABLE = 100

/** So few that they are bounded, and so many that hardly two names meet in one. */
const NOBODYS = 16_384

/** How fast guesses about one thing may come. */
interface Pace {
  windowSeconds: number
  slowAfter: number
  maxDelaySeconds: number
}

// Slowed down, never locked: whoever knows a name could else lock its owner out.
const PACE: Pace = { windowSeconds: 15 * MINUTE, slowAfter: 10, maxDelaySeconds: MINUTE }
/** There are few codes on paper, and nobody types many of them. */
const LAST_RESORT_PACE: Pace = { ...PACE, slowAfter: 5 }
/** A password is never disabled. So that strangers have fewer than a hundred guesses a day, they wait longer. */
const PACE_OF_A_DAY: Pace = {
  windowSeconds: 24 * HOUR,
  slowAfter: 30,
  maxDelaySeconds: 30 * MINUTE,
}

export function createLimits({ repository, devices, clock, key }: LimitsDeps): Limits {
  const digest = (text: string) => hmac(key, text).toString('base64url')

  /** Names that are nobody's share so many counts: whoever makes up names makes up no rows. */
  const placeOf = (typedName: string) =>
    hmac(key, `name ${userNameKey(typedName)}`).readUInt16BE() % NOBODYS

  const ofMany = (what: string, about: BucketAbout, worth = 1): Bucket => ({
    key: digest(what),
    about,
    windowSeconds: 10 * MINUTE,
    slowAfter: SLOW_AFTER * worth,
    // Short enough for somebody who goes on and on to come to the block.
    maxDelaySeconds: 10,
    block: { after: 60 * worth, seconds: 15 * MINUTE },
  })

  const ofAddress = (address: string, kind: 'sign-in' | 'secret' = 'sign-in'): Bucket[] =>
    sourcesOf(address).map(({ source, worth }) =>
      ofMany(
        kind === 'sign-in' ? `address ${source}` : `${kind} ${source}`,
        { kind, address: source },
        worth,
      ),
    )

  const paced = (what: string, about: BucketAbout, pace: Pace): Bucket => ({
    key: digest(what),
    about,
    ...pace,
  })

  const isKnown = (userId: string | undefined, browserHash: Uint8Array) =>
    devices.knows(userId ?? '', browserHash)

  const inBrowser = (what: string, browserHash: Uint8Array) =>
    `${what} device ${Buffer.from(browserHash).toString('hex')}`

  /** A browser in which the user has signed in before has a budget of its own, that strangers cannot spend. */
  const ofPassword = async ({ userId, typedName, address, browserHash }: PasswordGuess) => {
    const who = userId === undefined ? `nobody ${placeOf(typedName)}` : `user ${userId}`
    const about = { kind: 'password', ...(userId === undefined ? {} : { userId }) }
    if (await isKnown(userId, browserHash)) {
      const own = { ...about, kind: 'password, in a known browser' }
      return { of: [], own: [paced(inBrowser(who, browserHash), own, PACE)] }
    }
    const inADay = { ...about, kind: 'password, in a day' }
    return {
      of: ofAddress(address),
      own: [paced(who, about, PACE), paced(`${who} day`, inADay, PACE_OF_A_DAY)],
    }
  }

  // A budget apart from the password's: who knows the password can renew that one at will.
  const ofFactor = async (guess: FactorGuess) => {
    const { userId, typedName = '', address, browserHash, lastResort } = guess
    const who = userId ?? `name ${typedName}`
    const whom = userId === undefined ? {} : { userId }
    const known = await isKnown(userId, browserHash)
    const place = (what: string) => (known ? inBrowser(what, browserHash) : what)
    const suffix = known ? ', in a known browser' : ''
    const codes = { ...whom, kind: `codes${suffix}` }
    const lasts = { ...whom, kind: `backup codes${suffix}` }
    return {
      of: known || address === undefined ? [] : ofAddress(address),
      own: [
        paced(place(`factor ${who}`), codes, PACE),
        ...(lastResort ? [paced(place(`last resort ${who}`), lasts, LAST_RESORT_PACE)] : []),
      ],
    }
  }

  const before = async ({ of, own }: Taken) => repository.take([...of, ...own], clock.now())
  /** What the person proved is forgiven; an address is shared by many, and gets one guess back. */
  const after = async ({ of, own }: Taken) => {
    return {
      own: await repository.forgive(own.map((it) => it.key)),
      of: await repository.giveBack(of.map((it) => it.key)),
    }
  }

  const ofSends = ({ name, most, windowSeconds, about = { kind: 'messages' } }: SendBudget) => ({
    key: digest(`send ${name}`),
    about,
    windowSeconds,
    slowAfter: Number.MAX_SAFE_INTEGER,
    maxDelaySeconds: 0,
    block: { after: most, seconds: windowSeconds },
  })

  return {
    beforePassword: async (guess) => before(await ofPassword(guess)),
    async afterPassword(guess) {
      const taken = await ofPassword(guess)
      const { own, of } = await after(taken)
      const [account] = taken.own
      const [address] = taken.of
      return {
        // The right one was counted among them.
        account: Math.max(0, (own.get(account?.key ?? '') ?? 0) - 1),
        address: of.get(address?.key ?? '') ?? 0,
      }
    },
    beforeFactor: async (guess) => before(await ofFactor(guess)),
    async afterFactor(guess) {
      await after(await ofFactor(guess))
    },
    async leftFor(guess) {
      const { own } = await ofFactor(guess)
      const counts = await repository.counted(
        own.map(({ key }) => key),
        clock.now(),
      )
      return Math.max(
        0,
        Math.min(...own.map(({ key, slowAfter }) => slowAfter - (counts.get(key) ?? 0))),
      )
    },
    wrongSecret: (address) => repository.take(ofAddress(address, 'secret'), clock.now()),
    wrongSignature: (userId) =>
      repository.take([ofMany(`signature ${userId}`, { kind: 'signatures', userId })], clock.now()),
    beforeSend: (budgets) => repository.take(budgets.map(ofSends), clock.now()),

    async penalize(address) {
      const own = ofAddress(address).filter(({ about }) => about.address === sourceOf(address))
      for (let failure = 0; failure < SLOW_AFTER; failure += 1) {
        await repository.take(own, clock.now())
      }
    },
  }
}

interface Taken {
  of: readonly Bucket[]
  own: readonly Bucket[]
}
