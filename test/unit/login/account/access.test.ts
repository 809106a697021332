import { describe, expect, it } from 'vitest'
import type { Factor } from '../../../../src/factors/contract.ts'
import { accountRequirement, FRESH_SECONDS } from '../../../../src/login/account/access.ts'
import type { Credential, Worth } from '../../../../src/model/factor.ts'
import { aCredential } from '../../../support/builders.ts'

const otp: Worth = { amr: ['otp'], phishingResistant: false, alone: false }
const key: Worth = { amr: ['hwk'], phishingResistant: true, alone: true }

/** A kind as far as it matters here. */
const kind = (name: string, worth: Worth, given: Partial<Factor> = {}): [string, Factor] => [
  name,
  {
    kind: name,
    title: name,
    about: name,
    rank: 1,
    guessable: true,
    best: worth,
    most: 9,
    enrollable: 'first',
    worthOf: () => worth,
    facts: () => [],
    enroll: async () => ({ ok: false, message: 'not here' }),
    offer: () => ({ show: 'codes', codes: [] }),
    prompt: () => ({ ask: 'code', from: name }),
    verify: async () => ({ ok: false, reason: 'wrong' }),
    ...given,
  },
]

const factors = new Map([
  kind('passkey', key),
  kind('totp', otp),
  kind('sms', otp, { weak: true }),
  kind('email', otp, { weak: true, needs: 'email' }),
  kind('backup_code', otp, { lastResort: true }),
  kind('pass', { ...otp, temporary: true }, { lastResort: true }),
])
const have = (...kinds: (string | Partial<Credential>)[]) =>
  kinds.map((given) =>
    typeof given === 'string'
      ? aCredential({ id: given, kind: given })
      : aCredential({ id: given.kind ?? '', ...given }),
  )
const disabled = (name: string) => ({ kind: name, state: 'disabled' }) as const
const contested = (name: string) => ({ ...disabled(name), contestedAt: 1 }) as const
const pending = (name: string) => ({ kind: name, state: 'pending' }) as const

describe('an account of which something is contested', () => {
  it.each([
    ['the app that was there before a passkey', have('totp', contested('passkey')), ['totp']],
    ['the passkey that was there before an app', have('passkey', contested('totp')), ['passkey']],
    ['codes by phone, and none by mail', have('sms', 'email', contested('totp')), ['sms']],
    ['nobody where there are codes by mail alone', have('email', contested('totp')), []],
    ['nobody where there is nothing else', have(contested('totp')), []],
  ])('takes for a change %s', (_, credentials, by) => {
    expect(accountRequirement('change', credentials, factors)).toMatchObject({ aal: 2, by })
  })
})

describe('an account', () => {
  it.each([
    ['one factor of whoever has no other', have(), 1],
    ['one factor while another is only being bound', have(pending('totp')), 1],
    ['one factor of whoever has a pass and nothing else', have('pass'), 1],
    ['one factor of whoever has what does not count here', have('voice'), 1],
    ['two of whoever has another', have('totp'), 2],
    ['two of whoever has one that travels by phone', have('sms'), 2],
    ['two although the other is locked', have(disabled('totp')), 2],
  ])('takes, to be looked at, %s', (_, credentials, aal) => {
    expect(accountRequirement('read', credentials, factors)).toEqual({
      aal,
      phishingResistant: false,
    })
  })

  it('takes a fresh password where there is nothing else', () => {
    expect(accountRequirement('change', have(pending('totp')), factors)).toEqual({
      aal: 1,
      phishingResistant: false,
      maxAgeSeconds: FRESH_SECONDS,
    })
  })

  it.each([
    ['an app', have('totp'), ['totp']],
    ['a passkey and not the app beside it', have('totp', 'passkey'), ['passkey']],
    ['an app and not what travels by phone', have('sms', 'totp'), ['totp']],
    ['what travels by phone where there is nothing better', have('sms'), ['sms']],
    [
      'a passkey, or the codes for when it is lost',
      have('totp', 'passkey', 'backup_code'),
      ['passkey', 'backup_code'],
    ],
    ['the codes where they are all that is left', have('backup_code'), ['backup_code']],
    ['nothing weaker than a locked app', have(disabled('totp'), 'sms'), []],
    ['no locked app', have(disabled('totp')), []],
    ['no passkey that is only being bound', have('totp', pending('passkey')), ['totp']],
    ['no pass', have('totp', 'pass'), ['totp']],
  ])('takes, to be changed, %s', (_, credentials, by) => {
    expect(accountRequirement('change', credentials, factors)).toEqual({
      aal: 2,
      phishingResistant: false,
      maxAgeSeconds: FRESH_SECONDS,
      by,
    })
  })
})
