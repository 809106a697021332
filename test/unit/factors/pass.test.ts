import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPasswordHasher } from '../../../src/base/password.ts'
import { createPass } from '../../../src/factors/pass/index.ts'
import { issuePass } from '../../../src/factors/pass/issue.ts'
import { aCredential, aUser } from '../../support/builders.ts'
import { stillClock } from '../../support/still-clock.ts'

const hasher = createPasswordHasher({
  cost: { memoryKib: 64, passes: 1 },
  pepper: randomBytes(32),
  concurrency: 2,
  queueLimit: 50,
})

async function issued(seconds = 3600) {
  const clock = stillClock()
  const factor = createPass({ clock, hasher })
  const { pass, data, label } = await issuePass(hasher, clock.now() + seconds)
  const credential = aCredential({ kind: 'pass', data, label })
  return { clock, factor, pass, credential, use: (it = pass) => factor.verify({ credential }, it) }
}

describe('a pass', () => {
  it('opens the way to a new authenticator, and is worth nothing more', async () => {
    const { use } = await issued()
    expect(await use()).toMatchObject({ ok: true, worth: { temporary: true, alone: false } })
  })

  it('may be typed as it was heard', async () => {
    const { pass, use } = await issued()
    expect(await use(pass.toLowerCase().replaceAll('-', ' '))).toMatchObject({ ok: true })
  })

  it('is used up by its use', async () => {
    const { factor, pass, credential, use } = await issued()
    const verdict = await use()
    if (!verdict.ok) throw new Error(verdict.reason)
    const used = { ...credential, data: verdict.data }
    expect(await factor.verify({ credential: used }, pass)).toMatchObject({ ok: false })
    expect(factor.isSpent?.(used)).toBe(true)
  })

  it('is too late after its time', async () => {
    const { clock, factor, credential, use } = await issued(60)
    clock.advance(59)
    expect(factor.isSpent?.(credential)).toBe(false)
    expect(await use()).toMatchObject({ ok: true })
    clock.advance(1)
    expect(factor.isSpent?.(credential)).toBe(true)
    expect(await use()).toEqual({ ok: false, reason: 'expired' })
  })

  it.each(['', '123456', '0000-0000-0000-0000', '\u0000'])('is not %j', async (answer) => {
    expect(await (await issued()).use(answer)).toEqual({ ok: false, reason: 'wrong' })
  })

  it('is kept as a slow hash', async () => {
    const { pass, credential } = await issued()
    const kept = JSON.stringify(credential.data)
    expect(kept).toContain('$argon2id$')
    expect(kept).not.toContain(pass.replaceAll('-', ''))
  })

  it('cannot be enrolled by the person', async () => {
    const { factor } = await issued()
    expect(factor.enrollable).toBe('never')
    expect(await factor.enroll(aUser(), { others: [] })).toMatchObject({ ok: false })
  })
})
