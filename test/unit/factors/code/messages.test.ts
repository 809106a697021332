import { describe, expect, it } from 'vitest'
import { asCall, asMail, asText, type CodeNews } from '../../../../src/factors/code/messages.ts'
import type { Message } from '../../../../src/model/message.ts'
import { NOON } from '../../../support/builders.ts'

const news = (given: Partial<CodeNews> = {}): CodeNews => ({
  site: { name: 'Gatehouse', url: new URL('https://auth.example.com:8443/sign-in/') },
  to: 'alice@example.com',
  code: '012345',
  minutes: 10,
  user: 'alice',
  about: {
    address: '192.0.2.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
    destination: 'Wiki',
  },
  at: NOON,
  first: false,
  ...given,
})

const mail = (given: Partial<CodeNews> = {}) =>
  asMail(news(given)) as Extract<Message, { medium: 'email' }>

describe('a text message', () => {
  const { text } = asText(news({ to: '+491701234567', minutes: 5 }))

  it('begins with the code and names the site', () => {
    expect(text).toMatch(/^012345 is your code for Gatehouse\./)
  })

  it('ends with the line that lets phones offer the code on our page alone', () => {
    expect(text.split('\n').at(-1)).toBe('@auth.example.com #012345')
  })

  it('fits into one message and holds no link', () => {
    expect(text.length).toBeLessThanOrEqual(160)
    // Letters of the GSM alphabet only: one other letter would halve the room.
    expect(text).toMatch(/^[\nA-Za-z0-9 .,@#-]+$/)
    expect(text).not.toMatch(/https?:|www\./)
  })
})

describe('a call', () => {
  it('reads the digits out one by one', () => {
    const { medium, text } = asCall(news())
    expect(medium).toBe('voice')
    expect(text).toContain('0. 1. 2. 3. 4. 5')
    expect(text).not.toContain('012345')
  })
})

describe('a mail', () => {
  it('tells the code, how long it lasts, who asked, from where, for what and when', () => {
    const { text, html } = mail()
    for (const told of [
      '012345',
      '10 minutes',
      'alice',
      '192.0.2.7, Firefox on Linux',
      'Wiki',
      '2027-01-15 08:00 UTC',
    ]) {
      expect(text).toContain(told)
      expect(html).toContain(told)
    }
  })

  it('to an address that nobody has proved yet tells a stranger as little as it can', () => {
    const { text, html } = mail({ first: true })
    for (const told of [text, html]) {
      expect(told).toContain('012345')
      expect(told).toContain('alice')
      expect(told).not.toMatch(/192\.0\.2\.7|Firefox|Wiki|password/)
    }
  })

  it('to such an address carries no link and no advertisement in a name', () => {
    const names = [
      'https://evil.test/win',
      'Win at evil.test',
      'www。evil．test',
      `x ${'y'.repeat(99)}`,
    ]
    for (const user of names) {
      const { text, html } = mail({ first: true, user })
      for (const told of [text, html]) {
        expect(told).not.toMatch(/https?:|evil[.．。]|y{41}/)
      }
    }
    for (const user of ['alice', 'alice@example.com']) {
      expect(mail({ first: true, user }).text).toContain(`Set up for: ${user}\n`)
    }
    expect(mail({ user: 'alice.example' }).text).toContain('Signing in as: alice.example\n')
  })

  it('loads nothing, links nowhere and runs nothing', () => {
    expect(mail().html).not.toMatch(/<(img|a|link|script|iframe|form|svg|object)\b|url\(|https?:/i)
  })

  it('has a subject that does not depend on who asks, and no code in it', () => {
    expect(mail().subject).toBe('Your code for Gatehouse')
    expect(mail({ user: 'x\r\nSubject: y', code: '999999' }).subject).toBe(mail().subject)
  })

  // Attack OTP-005.
  it('lets nobody write into it', () => {
    const hostile = '<b>x</b>\r\nSubject: y\r\n\r\n<a href="https://evil.test">Win</a>\u202e'
    const { text, html } = mail({
      user: hostile,
      about: { address: hostile, userAgent: hostile, destination: hostile },
    })
    expect(html).not.toMatch(/<b>|<a /)
    for (const line of text.split('\n')) expect(line).not.toMatch(/^Subject:|\r|\u202e/)
  })
})
