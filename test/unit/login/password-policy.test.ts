import { describe, expect, it } from 'vitest'
import { createPasswordPolicy } from '../../../src/login/password-policy.ts'

const policy = createPasswordPolicy({
  alone: false,
  contextWords: ['Paper Trail', 'wiki.example.com'],
})
const about = ['alice', 'Alice Adams', 'alice', 'example.org']

describe('the password policy', () => {
  it.each([
    ['one that is too short', 'x9$kLq2'],
    ['one that is too long', 'ab9'.repeat(86)],
    ['one on the common list', 'password1'],
    ['one on the common list in capitals', 'PASSWORD1'],
    ['the user’s name with a few digits', 'alice2026'],
    ['the name of the place', 'papertrail!'],
    ['a host of the place', 'wiki.example.com'],
    ['one piece all over', 'abcabcabcabc'],
  ])('refuses %s', async (_, password) => {
    expect(await policy.fault(password, about)).toBeTypeOf('string')
  })

  it.each([
    'correct horse battery',
    'nine lives of a grey goose',
    'ÄÖÜ ßß漢字 とて',
    '        a b c d',
  ])('takes %s', async (password) => {
    expect(await policy.fault(password, about)).toBeUndefined()
  })

  it('asks for fifteen characters where a password stands alone', async () => {
    const alone = createPasswordPolicy({ alone: true, contextWords: [] })
    expect(await alone.fault('fourteen chars', [])).toBeTypeOf('string')
    expect(await alone.fault('fifteen chars !', [])).toBeUndefined()
  })

  it('counts a character outside the BMP as one', async () => {
    expect(await policy.fault('🦊🐢🐌🦉🐝🐬🦔', [])).toBeTypeOf('string')
    expect(await policy.fault('🦊🐢🐌🦉🐝🐬🦔🐧', [])).toBeUndefined()
  })
})
