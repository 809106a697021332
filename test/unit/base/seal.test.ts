import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSeal, SealBroken } from '../../../src/base/seal.ts'

const key = randomBytes(32)
const { seal, open } = createSeal(key)

describe('a seal', () => {
  it('opens what it sealed for the same place', () => {
    expect(open(seal('a secret ☂', 'credential/1/alice'), 'credential/1/alice')).toBe('a secret ☂')
  })

  it('never seals the same text to the same bytes', () => {
    expect(seal('x', 'p')).not.toEqual(seal('x', 'p'))
  })

  it('does not open in another place', () => {
    expect(() => open(seal('x', 'credential/1/alice'), 'credential/1/mallory')).toThrow(SealBroken)
  })

  it('does not open with another key', () => {
    expect(() => createSeal(randomBytes(32)).open(seal('x', 'p'), 'p')).toThrow(SealBroken)
  })

  it('does not open when any byte was changed or cut', () => {
    const sealed = seal('x', 'p')
    for (let at = 0; at < sealed.byteLength; at += 1) {
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => open(changed, 'p')).toThrow(SealBroken)
      expect(() => open(sealed.subarray(0, at), 'p')).toThrow(SealBroken)
    }
  })
})
