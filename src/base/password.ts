import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { sameBytes } from './bytes.ts'
import { AppError } from './errors.ts'

/** Cost of one hash (RFC 9106, section 3.1). */
export interface PasswordCost {
  memoryKib: number
  passes: number
}

/** Hashes passwords, a few at a time, so that a storm of sign-ins cannot take the machine. */
export interface PasswordHasher {
  /** @returns A PHC string with algorithm, cost, salt and hash. */
  hash(password: string): Promise<string>
  /** Checks a password against a PHC string. A string of a foreign form never matches. */
  verify(password: string, phc: string): Promise<boolean>
  /** Takes as long as `verify` on a real hash and says no; for users who are not there. */
  verifyNothing(password: string): Promise<false>
  /** Was this string made with less than today's cost? */
  isWeak(phc: string): boolean
}

/** More sign-ins are waiting than the machine can check in good time. */
export class TooBusy extends AppError {
  readonly code = 'too_busy'
  readonly status = 503
  constructor() {
    super('Too many people are signing in at this moment. Please try again in a few seconds.')
  }
}

const argon2Async = promisify(argon2)
const SALT_BYTES = 16
const HASH_BYTES = 32
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

export interface PasswordHasherDeps {
  cost: PasswordCost
  /** Mixed into every hash, kept apart from the database (SP 800-63B-4, 3.1.1.2). */
  pepper: Uint8Array
  /** Hashes at the same time; each takes `memoryKib`. */
  concurrency: number
  /** How many may wait; one more is refused with {@link TooBusy}. */
  queueLimit: number
}

/**
 * argon2id in a bounded queue.
 *
 * @see RFC 9106 (Argon2)
 */
export function createPasswordHasher(deps: PasswordHasherDeps): PasswordHasher {
  const inTurn = createQueue(deps.concurrency, deps.queueLimit)
  const own: Argon2Numbers = { ...deps.cost, lanes: 1 }
  const nobody = { ...own, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }

  const compute = (password: string, numbers: Argon2Numbers, salt: Uint8Array): Promise<Buffer> =>
    inTurn(() =>
      argon2Async('argon2id', {
        // One normal form, so that the same keys typed on another system give the same password.
        message: password.normalize('NFC'),
        nonce: salt,
        secret: deps.pepper,
        memory: numbers.memoryKib,
        passes: numbers.passes,
        parallelism: numbers.lanes,
        tagLength: HASH_BYTES,
      }),
    )

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      return toPhc({ ...own, salt, hash: await compute(password, own, salt) })
    },

    async verify(password, phc) {
      const stored = fromPhc(phc) ?? nobody
      return sameBytes(await compute(password, stored, stored.salt), stored.hash)
    },

    async verifyNothing(password) {
      await compute(password, nobody, nobody.salt)
      return false
    },

    isWeak(phc) {
      const stored = fromPhc(phc)
      return !stored || stored.memoryKib < own.memoryKib || stored.passes < own.passes
    },
  }
}

interface Argon2Numbers extends PasswordCost {
  lanes: number
}

interface StoredHash extends Argon2Numbers {
  salt: Buffer
  hash: Buffer
}

const unpadded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '')

function toPhc({ memoryKib, passes, lanes, salt, hash }: StoredHash): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(hash)}`
}

function fromPhc(phc: string): StoredHash | undefined {
  const [, memory, passes, lanes, salt, hash] = PHC.exec(phc) ?? []
  if (!memory || !passes || !lanes || !salt || !hash) return undefined
  return {
    memoryKib: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  }
}

/** Runs at most `concurrency` jobs at a time, first come first served. */
function createQueue(concurrency: number, limit: number) {
  const waiting: (() => void)[] = []
  let running = 0

  return async function inTurn<T>(job: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (waiting.length >= limit) throw new TooBusy()
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await job()
    } finally {
      // The place is handed on; only when nobody waits does it become free.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
