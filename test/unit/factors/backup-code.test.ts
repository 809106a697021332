import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPasswordHasher, type PasswordHasher } from '../../../src/base/password.ts'
import { createBackupCode } from '../../../src/factors/backup-code/index.ts'
import type { Credential } from '../../../src/model/factor.ts'
import { aCredential, aUser } from '../../support/builders.ts'

const alice = aUser()
const key = randomBytes(32)
const hasher = createPasswordHasher({
  cost: { memoryKib: 64, passes: 1 },
  pepper: randomBytes(32),
  concurrency: 2,
  queueLimit: 50,
})
const factor = createBackupCode({ hasher, key })

async function begun(): Promise<{ credential: Credential; codes: readonly string[] }> {
  const started = await factor.enroll(alice, { others: [] })
  if (!started.ok) throw new Error(started.message)
  const { data } = started
  const credential = aCredential({ kind: 'backup_code', state: 'pending', data })
  const offer = factor.offer({ credential }, alice)
  if (offer.show !== 'codes') throw new Error('no codes')
  return { credential, codes: offer.codes }
}

async function enrolled() {
  const { credential, codes } = await begun()
  const verdict = await factor.verify({ credential }, 'kept')
  if (!verdict.ok) throw new Error(verdict.reason)
  const active: Credential = { ...credential, state: 'active', data: verdict.data }
  return { credential: active, codes, verdict }
}

const use = async (credential: Credential, code = '') => factor.verify({ credential }, code)
const first = ([code = '']: readonly string[]) => code

describe('backup codes', () => {
  it('are ten of 80 bits, all different, in groups that can be typed', async () => {
    const { codes } = await begun()
    expect(new Set(codes).size).toBe(10)
    for (const code of codes)
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  })

  it('count for nothing before somebody says that they are kept', async () => {
    const { credential, codes } = await begun()
    for (const answer of [first(codes), '', 'yes', 'KEPT']) {
      expect(await use(credential, answer)).toEqual({ ok: false, reason: 'wrong' })
    }
  })

  it('prove nothing by being kept', async () => {
    const { verdict } = await enrolled()
    expect(verdict).not.toHaveProperty('worth')
  })

  it('are kept as hashes from then on', async () => {
    const { credential, codes } = await enrolled()
    const kept = JSON.stringify(credential.data)
    for (const code of codes) {
      expect(kept).not.toContain(code)
      expect(kept).not.toContain(code.replaceAll('-', ''))
    }
    expect(kept.match(/\$argon2id\$/g)).toHaveLength(10)
  })

  it('open once each', async () => {
    const fresh = await enrolled()
    const { codes } = fresh
    let { credential } = fresh
    for (const [at, code] of codes.entries()) {
      expect(factor.facts(credential)).toEqual([at === 9 ? '1 code left' : `${10 - at} codes left`])
      expect(factor.isSpent?.(credential)).toBe(false)
      const verdict = await use(credential, code)
      expect(verdict).toMatchObject({ ok: true, worth: { amr: ['otp'], alone: false } })
      if (verdict.ok) credential = { ...credential, data: verdict.data }
      expect(await use(credential, code)).toEqual({ ok: false, reason: 'used' })
    }
    expect(factor.isSpent?.(credential)).toBe(true)
  })

  it('forgive case, spaces, dashes and letters that look like digits', async () => {
    const { credential, codes } = await enrolled()
    const code = first(codes)
    const dresses = [
      code.toLowerCase(),
      code.replaceAll('-', ' '),
      code.replaceAll('-', ''),
      ` ${code} `,
      code.replaceAll('0', 'O').replaceAll('1', 'l'),
    ]
    for (const dress of dresses) expect(await use(credential, dress)).toMatchObject({ ok: true })
  })

  it.each(['', '123456', 'kept', 'AAAA-AAAA-AAAA-AAAU', '\u0000', 'A'.repeat(100_000)])(
    'are wrong in any other shape: %j',
    async (answer) => {
      const { credential } = await enrolled()
      expect(await use(credential, answer)).toEqual({ ok: false, reason: 'wrong' })
    },
  )

  it('of somebody else are wrong', async () => {
    const { credential } = await enrolled()
    const { codes } = await enrolled()
    for (const code of codes) expect(await use(credential, code)).toMatchObject({ ok: false })
  })

  it('cost one slow hash an answer, right or wrong', async () => {
    const { credential, codes } = await enrolled()
    let hashes = 0
    const counting: PasswordHasher = {
      ...hasher,
      verify: (...about) => {
        hashes += 1
        return hasher.verify(...about)
      },
      verifyNothing: (password) => {
        hashes += 1
        return hasher.verifyNothing(password)
      },
    }
    const counted = createBackupCode({ hasher: counting, key })
    const wrong = Array.from({ length: 40 }, (_, at) => `0000-0000-0000-${at + 1000}`)
    for (const answer of [...codes, ...wrong]) await counted.verify({ credential }, answer)
    expect(hashes).toBe(50)
  })
})
