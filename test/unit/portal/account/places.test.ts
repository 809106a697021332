import { expect, it } from 'vitest'
import { accountUseOf } from '../../../../src/portal/account/places.ts'

it.each([
  ['https://auth.example.com/', 'account', 'read'],
  ['https://auth.example.com/', 'account?done=name', 'read'],
  ['https://auth.example.com/', 'account/sessions', 'read'],
  ['https://auth.example.com/', 'account/renew?rd=https%3A%2F%2Fa.example.com%2F', 'read'],
  ['https://auth.example.com/', 'account/sessions/others', 'change'],
  ['https://auth.example.com/', 'account/factors/add?only=passkey', 'change'],
  ['https://auth.example.com/', 'account/', 'change'],
  ['https://auth.example.com/', 'account/whatever', 'change'],
  ['https://auth.example.com/', 'accountant', undefined],
  ['https://auth.example.com/', '', undefined],
  ['https://auth.example.com/', 'login', undefined],
  ['https://example.com/.gatehouse/', 'account/history', 'read'],
  ['https://example.com/.gatehouse/', 'account/password', 'change'],
])('knows, at %s, what %s is for', (home, page, use) => {
  expect(accountUseOf(new URL(home), home + page)).toBe(use)
})

it('knows nothing of another host', () => {
  const home = new URL('https://auth.example.com/')
  expect(accountUseOf(home, 'https://wiki.example.com/account')).toBeUndefined()
})
