import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { hmac } from '../../base/bytes.ts'
import { asTyped, inGroups } from '../../base/crockford.ts'
import type { PasswordHasher } from '../../base/password.ts'
import type { Credential, Verdict, Worth } from '../../model/factor.ts'
import type { Factor } from '../contract.ts'

const CODES = 10
const CODE_BYTES = 10
const SYMBOLS = 16

const WORTH: Worth = { amr: ['otp'], phishingResistant: false, alone: false }

/** While they are shown they are kept as they are (sealed, as all of this is), and count for nothing. */
const shown = z.strictObject({ codes: z.array(z.string()) })

/** From the moment that somebody says that they have them. */
const kept = z.strictObject({
  codes: z.array(z.strictObject({ tag: z.string(), hash: z.string(), used: z.boolean() })),
})
type Kept = z.output<typeof kept>

export interface BackupCodeDeps {
  hasher: PasswordHasher
  /** For the tags. */
  key: Uint8Array
}

/**
 * Ten codes of 80 bits on paper, each good for one sign-in when nothing else is at hand.
 *
 * Each is hashed slowly and with a salt, as NIST asks for secrets below 112 bits. So that an answer costs
 * one slow hash and not ten, a tag says which one it may be: eight bits of a keyed digest, which tell
 * nothing without the key and, with it, one guess in 256. A wrong answer costs one slow hash, too.
 *
 * @see NIST SP 800-63B-4, section 3.1.2 (look-up secrets)
 */
export function createBackupCode({ hasher, key }: BackupCodeDeps): Factor {
  const tagOf = (code: string): string =>
    hmac(key, `backup code ${code}`).toString('hex').slice(0, 2)

  /** Ten codes with ten tags: an answer can be one of them only. */
  const newCodes = (): string[] => {
    const byTag = new Map<string, string>()
    while (byTag.size < CODES) {
      const code = inGroups(randomBytes(CODE_BYTES))
      byTag.set(tagOf(plain(code)), code)
    }
    return [...byTag.values()]
  }

  /** The answer to a page full of codes is that they are kept. It proves nothing about the person. */
  const keep = async (codes: readonly string[]): Promise<Verdict> => {
    const hashed = codes.map(plain).map(async (code) => ({
      tag: tagOf(code),
      hash: await hasher.hash(code),
      used: false,
    }))
    return { ok: true, data: { codes: await Promise.all(hashed) } satisfies Kept }
  }

  const use = async ({ codes }: Kept, answer: string): Promise<Verdict> => {
    const code = asTyped(answer, SYMBOLS)
    if (code === undefined) return { ok: false, reason: 'wrong' }
    const tag = tagOf(code)
    const meant = codes.find((it) => it.tag === tag)
    const isRight = await (meant ? hasher.verify(code, meant.hash) : hasher.verifyNothing(code))
    if (!meant || !isRight) return { ok: false, reason: 'wrong' }
    if (meant.used) return { ok: false, reason: 'used' }
    const left = codes.map((it) => (it === meant ? { ...it, used: true } : it))
    return { ok: true, data: { codes: left } satisfies Kept, worth: WORTH }
  }

  return {
    kind: 'backup_code',
    title: 'backup code',
    about:
      'Ten codes on paper let you in when your phone or key is gone. Each works once; keep them where you keep other papers that matter.',
    rank: 0,
    best: WORTH,
    guessable: true,
    most: 1,
    enrollable: 'later',
    lastResort: true,
    worthOf: () => WORTH,
    isSpent: (credential) => left(credential) === 0,
    facts: (credential) => [
      `${left(credential)} ${left(credential) === 1 ? 'code' : 'codes'} left`,
    ],

    warning: (credential) => warningFor(left(credential)),

    enroll: async () => ({ ok: true, data: { codes: newCodes() }, label: 'Backup codes' }),
    offer: ({ credential }) => ({ show: 'codes', codes: shown.parse(credential.data).codes }),
    prompt: () => ({ ask: 'code', from: 'one of your backup codes' }),

    fits: (answer) => asTyped(answer, SYMBOLS) !== undefined,
    async verifyNothing(answer) {
      await hasher.verifyNothing(answer)
    },

    async verify({ credential: { state, data } }, answer) {
      if (state !== 'pending') return use(kept.parse(data), answer)
      return answer === KEPT ? keep(shown.parse(data).codes) : { ok: false, reason: 'wrong' }
    },
  }
}

/** What the page says for the person: the codes are printed, or somewhere safe. */
const KEPT = 'kept'

const left = ({ state, data }: Credential): number =>
  state === 'pending' ? CODES : kept.parse(data).codes.filter(({ used }) => !used).length

/** Below that, somebody should make new ones. */
const FEW = 4

function warningFor(count: number): string | undefined {
  if (count >= FEW) return undefined
  if (count === 0) return 'All of your backup codes are used up.'
  return count === 1
    ? 'Only one of your backup codes is left.'
    : `Only ${count} of your backup codes are left.`
}

const plain = (code: string): string => code.replaceAll('-', '')
