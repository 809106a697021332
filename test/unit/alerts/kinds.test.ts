import { describe, expect, it } from 'vitest'
import type { Wording } from '../../../src/alerts/alert.ts'
import { alertsConfig } from '../../../src/alerts/config.ts'
import { endingOf } from '../../../src/alerts/ending.ts'
import { burstOfFailures } from '../../../src/alerts/kinds/burst-of-failures.ts'
import { channelDown } from '../../../src/alerts/kinds/channel-down.ts'
import { manyAccounts } from '../../../src/alerts/kinds/many-accounts.ts'
import { KINDS } from '../../../src/alerts/kinds.ts'
import { createAlertLetters, wordsOf } from '../../../src/alerts/letters.ts'
import { type Sighting, type Tally, tallyOf, together } from '../../../src/alerts/tally.ts'
import type { AuditEvent } from '../../../src/model/event.ts'

const CONFIG = alertsConfig.parse({})
const AT = 1_800_000_000

const refused = (given: Partial<AuditEvent> = {}): AuditEvent => ({
  name: 'login.refused',
  at: AT,
  address: '192.0.2.7',
  details: { factor: 'password', reason: 'wrong' },
  ...given,
})
const tallied = (sightings: readonly (Sighting | undefined)[]): Tally =>
  sightings
    .filter((it) => it !== undefined)
    .map((it) => tallyOf(it, AT))
    .reduce(together)

describe('a burst of failures', () => {
  it.each([
    [49, false],
    [50, true],
  ])('of %d is an alert: %s', (count, is) => {
    const tally = tallied(Array.from({ length: count }, () => burstOfFailures.sees(refused())))
    expect(burstOfFailures.alarming(tally, CONFIG) !== undefined).toBe(is)
  })

  it('counts guesses that had to wait, and nothing that was right', () => {
    expect(burstOfFailures.sees(refused({ name: 'login.throttled' }))).toBeDefined()
    expect(burstOfFailures.sees(refused({ name: 'login.succeeded' }))).toBeUndefined()
    expect(burstOfFailures.sees(refused({ name: 'alert.raised' as never }))).toBeUndefined()
  })

  it('takes a /64 for one source', () => {
    const [one, other] = ['2001:db8:1:2::1', '2001:db8:1:2:3::4'].map((address) =>
      burstOfFailures.sees(refused({ address })),
    )
    expect(one).toEqual(other)
  })
})

describe('one address that tries many accounts', () => {
  const guesses = (accounts: number, address = '192.0.2.7') =>
    Array.from({ length: accounts }, (_, index) =>
      manyAccounts.sees(refused({ address, userId: `user ${index}` })),
    )

  it.each([
    [9, false],
    [10, true],
  ])('%d of them: %s', (accounts, is) => {
    expect(manyAccounts.alarming(tallied(guesses(accounts)), CONFIG) !== undefined).toBe(is)
  })

  it('is not somebody who is wrong about one account again and again', () => {
    const same = Array.from({ length: 40 }, () => manyAccounts.sees(refused({ userId: 'a' })))
    expect(manyAccounts.alarming(tallied(same), CONFIG)).toBeUndefined()
  })

  it('counts each try for a name that is nobody’s', () => {
    const nobody = Array.from({ length: 10 }, () => manyAccounts.sees(refused()))
    expect(manyAccounts.alarming(tallied(nobody), CONFIG)).toBeDefined()
  })

  it('tells of that address alone', () => {
    const all = tallied([...guesses(12), ...guesses(3, '198.51.100.1')])
    expect(manyAccounts.alarming(all, CONFIG)?.count).toBe(12)
  })

  it('leaves wrong codes to others: they come behind a right password', () => {
    expect(manyAccounts.sees(refused({ details: { factor: 'totp' } }))).toBeUndefined()
  })
})

it('a message that does not arrive is counted by its way, in words of our own', () => {
  const lost = (details: Record<string, string>) =>
    channelDown.sees({ name: 'message.undelivered', at: AT, details })
  expect(lost({ medium: 'email' })).toEqual({ what: 'email' })
  expect(lost({ medium: 'email', reason: 'late' })).toEqual({ what: 'email' })
  expect(lost({ medium: 'email', reason: 'refused' })).toBeUndefined()
  expect(lost({ kind: 'x\r\nBcc: all' })).toEqual({ what: 'unknown' })
})

const DAY = 86_400
it.each([
  [31 * DAY, undefined],
  [30 * DAY, 30],
  [8 * DAY, 30],
  [7 * DAY, 7],
  [DAY, 1],
  [3600, 1],
  [0, 0],
  [-DAY, 0],
])('what ends in %d seconds is told at stage %s', (left, stage) => {
  expect(endingOf(AT + left, AT)?.stage).toBe(stage)
})

describe('the words of every kind', () => {
  const hostile = 'eve\r\nBcc: all@example.com\u202e<img src=x onerror=1>'
  const wordingOf = (kind: string): Wording => ({
    alert: {
      kind: kind as 'test',
      reference: '7K3M-Q2XZ',
      at: AT,
      stage: 'first',
      tally: tallied([{ source: '192.0.2.7', userId: 'u', what: hostile }]),
    },
    nameOf: () => hostile,
    addressOf: (address) => address,
  })
  const letters = createAlertLetters({ name: `Gate\r\n${hostile}`, quietSeconds: 3600 })

  it.each([...KINDS.keys(), 'test'])('%s: nobody else’s line, and nobody’s markup', (kind) => {
    const mail = letters.mail('ops@example.com', wordingOf(kind))
    if (mail.medium !== 'email') throw new Error('no mail')
    expect(mail.subject).not.toMatch(/[\r\n\u202e]/)
    expect(mail.text).not.toMatch(/\r|^Bcc|\u202e/m)
    expect(mail.html).not.toContain('<img')
    expect(mail.text).toContain('7K3M-Q2XZ')
    expect(mail.text).toContain('gatehouse ')
    const sms = letters.sms('+4915112345678', wordingOf(kind))
    expect(sms.text).not.toMatch(/[\r\n\u202e]/)
    expect(sms.text.length).toBeLessThan(320)
    const body = JSON.parse(letters.json(wordingOf(kind)))
    expect(body).toMatchObject({ type: 'alert.raised', data: { kind, reference: '7K3M-Q2XZ' } })
  })

  it.each([...KINDS.keys()])('%s: shows no address where none may be written down', (kind) => {
    const wording = { ...wordingOf(kind), addressOf: () => '' }
    expect(JSON.stringify(wordsOf(wording))).not.toContain('192.0.2.7')
    expect(letters.json(wording)).not.toContain('192.0.2.7')
  })
})
