import { describe, expect, it } from 'vitest'
import {
  maskedMailAddress,
  maskedNumber,
  readMailAddress,
  readPhoneNumber,
} from '../../../../src/factors/code/targets.ts'

describe('a mail address', () => {
  it.each([
    ['alice@example.com', 'alice@example.com'],
    ['Alice.B+codes@Example.COM', 'Alice.B+codes@example.com'],
    ["o'neil@sub.example.co.uk", "o'neil@sub.example.co.uk"],
    ['alice@b\u00fccher.example', 'alice@xn--bcher-kva.example'],
  ])('is read from %j', (typed, target) => {
    expect(readMailAddress(typed)).toEqual({ ok: true, target })
  })

  it.each([
    '',
    'alice',
    '@example.com',
    'alice@',
    'alice@localhost',
    'alice@127.0.0.1',
    'alice@[127.0.0.1]',
    'alice@example.com, eve@evil.test',
    'alice@example.com\r\nBcc: eve@evil.test',
    'Alice <alice@example.com>',
    '"alice"@example.com',
    'alice@example.com>',
    'alice @example.com',
    'ali\u0000ce@example.com',
    '.alice@example.com',
    'al..ice@example.com',
    '\u00e4lice@example.com',
    'alice@exam_ple.com',
    'alice@-example.com',
    `${'a'.repeat(65)}@example.com`,
    `alice@${'a'.repeat(64)}.com`,
    `alice@${'abc.'.repeat(80)}com`,
  ])('is not read from %j', (typed) => {
    expect(readMailAddress(typed)).toMatchObject({ ok: false, message: expect.any(String) })
  })

  it.each([
    ['alice@example.com', 'a\u2022\u2022\u2022@example.com'],
    ['a@example.com', 'a\u2022\u2022\u2022@example.com'],
  ])('%s is shown as %s', (address, masked) => {
    expect(maskedMailAddress(address)).toBe(masked)
  })
})

describe('a phone number', () => {
  const sms = (typed: string, countries = ['DE', 'AT', 'US']) =>
    readPhoneNumber(typed, { medium: 'sms', countries })
  const call = (typed: string) =>
    readPhoneNumber(typed, { medium: 'voice', countries: ['DE', 'AT', 'US', 'GB'] })

  it.each([
    ['+491701234567', '+491701234567', 'DE'],
    ['+49 (170) 123-45.67', '+491701234567', 'DE'],
    ['+49 170/1234567', '+491701234567', 'DE'],
    ['+43 664 1234567', '+436641234567', 'AT'],
    ['+1 (415) 555-0123', '+14155550123', 'US'],
  ])('is read from %j', async (typed, target, country) => {
    expect(await sms(typed)).toEqual({ ok: true, target, country })
  })

  it.each(['0170 1234567', '0049 170 1234567', '+49 170 1234567'])(
    'is read from %j where one country is listed alone',
    async (typed) => {
      expect(await sms(typed, ['DE'])).toMatchObject({ target: '+491701234567' })
      if (!typed.startsWith('+')) expect(await sms(typed)).toMatchObject({ ok: false })
    },
  )

  // Attack OTP-003, and more of the kind.
  it.each([
    '',
    '00',
    '+',
    '+49',
    '+14155550123;ext=9',
    '+14155550123 ext 9',
    '+14155550123x9',
    '+14155550123,+14155550124',
    '+14155550123 +14155550124',
    'tel:+14155550123',
    '+1415555012\uff13',
    '+1900555012',
    'alice\r\n+1415',
    '+14155550123\r\n',
    '+14155550123\u0000',
    '+1415555012345678901234567890',
    '+99 170 1234567',
  ])('is not read from %j', async (typed) => {
    expect(await sms(typed)).toMatchObject({ ok: false })
  })

  it.each([
    ['premium', '+49 900 1234567'],
    ['premium', '+1 900 555 0123'],
    ['shared-cost', '+49 180 5123456'],
    ['shared-cost', '+43 820 123456'],
    ['free', '+1 800 555 1234'],
    ['personal', '+49 700 12345678'],
    ['landline', '+49 30 123456'],
  ])('that is a %s one gets no text message: %s', async (_, typed) => {
    expect(await sms(typed)).toMatchObject({ ok: false })
  })

  it.each([
    ['premium', '+49 900 1234567'],
    ['personal', '+44 7011 234567'],
    ['shared-cost', '+43 820 123456'],
  ])('that is a %s one is not called: %s', async (_, typed) => {
    expect(await call(typed)).toMatchObject({ ok: false })
  })

  it('of a landline can be called', async () => {
    expect(await call('+49 30 123456')).toMatchObject({ ok: true, target: '+4930123456' })
  })

  it.each([
    ['another country', '+33 6 12 34 56 78'],
    ['another country under the same code', '+1 876 555 1234'],
    ['another country under the same code', '+1 604 555 1234'],
    ['a satellite', '+870 776 401234'],
    ['a satellite', '+881 6 123 45678'],
    // Attack OTP-002.
    ['a network of no country', '+88213000123'],
    ['a network of no country', '+883 5100 123456'],
  ])('of %s gets no codes: %s', async (_, typed) => {
    expect(await sms(typed)).toMatchObject({ ok: false })
    expect(await call(typed)).toMatchObject({ ok: false })
  })

  it('is shown by its last two digits', () => {
    expect(maskedNumber('+491701234567')).toBe('\u2022\u2022\u2022\u2022 67')
  })
})
