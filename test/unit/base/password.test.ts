import { describe, expect, it } from 'vitest'
import { createPasswordHasher, TooBusy } from '../../../src/base/password.ts'

const cost = { memoryKib: 64, passes: 1 }
const deps = { cost, pepper: Buffer.alloc(32, 7), concurrency: 2, queueLimit: 4 }
const hasher = createPasswordHasher(deps)

describe('the password hasher', () => {
  it('knows a password again', async () => {
    const phc = await hasher.hash('correct horse')
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    expect(await hasher.verify('correct horse', phc)).toBe(true)
    expect(await hasher.verify('Correct horse', phc)).toBe(false)
  })

  it('salts every hash', async () => {
    expect(await hasher.hash('x')).not.toBe(await hasher.hash('x'))
  })

  it('takes both ways to write an accent for one password', async () => {
    expect(await hasher.verify('cafe\u0301', await hasher.hash('caf\u00e9'))).toBe(true)
  })

  it('tells passwords apart that differ behind a NUL or far behind', async () => {
    const long = 'a'.repeat(200)
    expect(await hasher.verify('x\0b', await hasher.hash('x\0a'))).toBe(false)
    expect(await hasher.verify(`${long}b`, await hasher.hash(`${long}a`))).toBe(false)
  })

  it('knows nothing again without its pepper', async () => {
    const phc = await hasher.hash('x')
    const other = createPasswordHasher({ ...deps, pepper: Buffer.alloc(32, 8) })
    expect(await other.verify('x', phc)).toBe(false)
  })

  it.each(['', 'x', '$argon2id$', '$2b$10$abc', '$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA'])(
    'never matches the foreign form %j',
    async (phc) => {
      expect(await hasher.verify('x', phc)).toBe(false)
      expect(hasher.isWeak(phc)).toBe(true)
    },
  )

  it('finds hashes weak that were made for less', async () => {
    const phc = await hasher.hash('x')
    const dear = createPasswordHasher({ ...deps, cost: { memoryKib: 128, passes: 1 } })
    expect(hasher.isWeak(phc)).toBe(false)
    expect(dear.isWeak(phc)).toBe(true)
    expect(await dear.verify('x', phc)).toBe(true)
  })

  it('refuses whoever comes when the queue is full, and works on afterwards', async () => {
    const storm = await Promise.allSettled(Array.from({ length: 20 }, () => hasher.hash('x')))
    const refused = storm.filter((it) => it.status === 'rejected')
    expect(refused).toHaveLength(14)
    expect(refused.every((it) => it.reason instanceof TooBusy)).toBe(true)
    await expect(hasher.hash('x')).resolves.toBeTypeOf('string')
  })
})
