import { describe, expect, it } from 'vitest'
import type { EventName } from '../../../../src/model/event.ts'
import {
  doneSentence,
  eventWords,
  momentOf,
  provedBy,
} from '../../../../src/portal/account/words.ts'
import { aSession, NOON } from '../../../support/builders.ts'

describe('a point in time', () => {
  it('is told in full, in UTC', () => {
    expect(momentOf(NOON)).toEqual({ text: '15 January 2027, 08:00 UTC', iso: '2027-01-15T08:00Z' })
  })
})

describe('what a session was proved with', () => {
  it.each([
    [['pwd'], 'password'],
    [['pwd', 'otp', 'mfa'], 'password, code'],
    [['pwd', 'otp', 'sms', 'mfa'], 'password, code, text message'],
    [['pop', 'swk', 'user', 'mfa'], 'passkey or key'],
    [[], 'an unknown way'],
  ])('is told by method where nothing else is known: %j', (amr, words) => {
    expect(provedBy(aSession({ amr }), [])).toBe(words)
  })
})

describe('an event', () => {
  const event = (name: EventName, details = {}) => ({ name, at: NOON, details })

  it.each([
    [event('login.succeeded', { amr: 'pwd otp mfa' }), 'Signed in with password and code', false],
    [
      event('login.succeeded', { amr: 'pwd', newDevice: true }),
      'Signed in from a browser that is new here, with password',
      true,
    ],
    [
      event('login.succeeded', { amr: 'pwd pop hwk mfa', factors: 'gone' }),
      'Signed in with password and passkey or key',
      false,
    ],
    [event('login.refused', { factor: 'password' }), 'A wrong password was typed', true],
    [event('factor.removed', { label: 'Phone' }), 'Removed: Phone', false],
    [
      event('password.changed', { by: 'command line' }),
      'The password was changed, by an administrator',
      false,
    ],
    [event('user.changed', { what: 'groups' }), 'The groups were changed', false],
    [event('user.changed', { what: 'constructor' }), 'The account was changed', false],
    [event('session.revoked', { sessions: 1 }), 'A session was ended', false],
    [event('session.revoked', { sessions: 3 }), '3 sessions were ended', false],
  ])('is told in plain words: $0.name', (given, what, odd) => {
    expect(eventWords(given, new Map())).toEqual({ what, odd })
  })
})

describe('what was done', () => {
  it('is said for words of ours alone', () => {
    expect(doneSentence('name')).toBeDefined()
    for (const word of [undefined, '', 'constructor', '__proto__', '<b>']) {
      expect(doneSentence(word)).toBeUndefined()
    }
  })
})
