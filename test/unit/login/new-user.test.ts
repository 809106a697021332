import { expect, it } from 'vitest'
import { newUser } from '../../../src/login/new-user.ts'
import { createPasswordPolicy } from '../../../src/login/password-policy.ts'
import { NOON } from '../../support/builders.ts'

const policy = createPasswordPolicy({ alone: false, contextWords: [] })
const wanted = { name: 'maria', displayName: '', email: '', groups: [] as string[] }
const make = (given: Partial<typeof wanted> & { password?: string }) =>
  newUser({ ...wanted, ...given }, { policy, now: NOON })

it('makes a user of what was typed, under the name itself where no other is shown', async () => {
  expect(await make({ name: ' maria ', groups: ['staff'] })).toMatchObject({
    ok: true,
    user: { name: 'maria', displayName: 'maria', groups: ['staff'], status: 'active' },
  })
})

it.each(['maria.lopez@example.com', 'Мария', 'Μαρία', '山田', 'o_o+1'])(
  'takes the name %s',
  async (name) => {
    expect((await make({ name })).ok).toBe(true)
  },
)

it.each([
  ['nothing', ''],
  ['a space inside', 'maria lopez'],
  ['a comma', 'maria,root'],
  ['a line break', 'maria\nroot'],
  ['more than 64 letters', 'm'.repeat(65)],
  ['a wide letter', 'ｍaria'],
  ['a letter of another alphabet that looks the same', 'm\u0430ria'],
])('refuses a name with %s', async (_, name) => {
  expect(await make({ name })).toMatchObject({ ok: false, fault: { field: 'username' } })
})

it.each([
  ['display_name', { displayName: 'Maria\u0007' }],
  ['email', { email: 'maria' }],
  ['groups', { groups: ['a,b'] }],
  ['password', { password: 'maria123' }],
])('says that the %s cannot stay', async (field, given) => {
  expect(await make(given)).toMatchObject({ ok: false, fault: { field } })
})
