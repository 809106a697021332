import type { Brand } from '../../views/brand.ts'
import { ChooseFactor } from '../../views/choose-factor.tsx'
import { EnrollCodes } from '../../views/enroll-codes.tsx'
import { EnrollSent } from '../../views/enroll-sent.tsx'
import { EnrollTarget } from '../../views/enroll-target.tsx'
import { EnterCode } from '../../views/enter-code.tsx'
import { ForgottenPassword, ForgottenSent } from '../../views/forgotten-password.tsx'
import { Letter } from '../../views/mail/letter.tsx'
import { NewPassword } from '../../views/new-password.tsx'
import { PasswordLink, PasswordLinkOver } from '../../views/password-link.tsx'
import { PrivacyNotice } from '../../views/privacy-notice.tsx'

/** Pages about choosing, sending and setting anew. */
export function factorStates(brand: Brand, branded: Brand) {
  const asked = {
    brand,
    action: '/login/a',
    csrf: 'Zm9yIHRlc3RzIG9ubHk',
    user: 'Maria Lopez',
    notYou: '/login',
    destination: { name: 'Team wiki', host: 'wiki.example.com' },
  }
  const wait = { until: '14:32:05', seconds: 45 }
  const ways = [
    { id: 'a', title: 'MacBook', detail: 'synced' },
    { id: 'b', title: 'Phone', detail: '•••• 42' },
    { id: 'c', title: 'Backup codes', detail: '7 codes left' },
  ]
  const sent = { ...asked, digits: 6, from: 'Mail', ways }
  const mailed = { to: 'm•••@example.com', state: 'sent' } as const
  const choices = [
    {
      kind: 'passkey',
      title: 'passkey',
      about:
        'Your finger, face or PIN opens a key that stays on your device. No forged page can use it.',
      recommended: true,
    },
    {
      kind: 'totp',
      title: 'authenticator app',
      about:
        'An app on your phone shows a new code every half minute, so a stolen password is not enough. A forged page can still ask you for the code.',
      recommended: false,
    },
    {
      kind: 'sms',
      title: 'codes by text message',
      about:
        'Keeps out whoever has guessed or stolen your password. It does not keep out whoever takes over your phone number, nor a false page that asks you for the code.',
      recommended: false,
    },
  ]
  const target = {
    ...asked,
    kind: 'sms',
    title: 'codes by text message',
    about: choices[2]?.about ?? '',
  }
  const codes = ['8QKM-3T7X-P2VD-W9RA', 'J4NC-60ZB-Y8HE-5KTM', 'QW2R-9XGD-71FV-MPBA'].flatMap(
    (code) => [code, code.split('').reverse().join(''), `${code.slice(5)}-${code.slice(0, 4)}`],
  )

  return {
    'enter-code other ways': EnterCode({ ...asked, digits: 6, from: 'Authenticator app', ways }),
    'enter-code sent': EnterCode({ ...sent, sent: { ...mailed, againAt: '14:32:05' } }),
    'enter-code sent again possible': EnterCode({ ...sent, sent: mailed }),
    'enter-code on its way': EnterCode({
      ...sent,
      sent: { ...mailed, state: 'waiting', againAt: '14:32:05' },
    }),
    'enter-code not delivered': EnterCode({ ...sent, sent: { ...mailed, state: 'failed' } }),
    'enter-code too old': EnterCode({ ...sent, sent: { ...mailed, expired: true } }),
    'enter-code not sent': EnterCode({
      ...sent,
      sent: { ...mailed, state: 'none' },
      problem: 'No further code can be sent just now.',
      wait,
    }),
    'enter-code backup code': EnterCode({
      ...asked,
      brand: branded,
      from: 'Backup codes',
      problem: 'That code is not right.',
      triesLeft: 2,
      ways: ways.slice(0, 2),
    }),
    'choose-factor': ChooseFactor({
      ...asked,
      choices,
      reason: 'With a second step, a stolen or guessed password is not enough.',
    }),
    'choose-factor branded': ChooseFactor({
      ...asked,
      brand: branded,
      notYou: undefined,
      destination: undefined,
      choices,
      back: { label: 'Back to your account', href: '/account' },
    }),
    'enroll-target phone': EnrollTarget({ ...target, needs: 'phone' }),
    'enroll-target phone refused': EnrollTarget({
      ...target,
      needs: 'phone',
      value: '+1 900 555 0100',
      problem: 'Codes can be sent to numbers in Germany and Austria only.',
    }),
    'enroll-target mail': EnrollTarget({
      ...target,
      about:
        'Keeps out whoever has guessed or stolen your password. It does not keep out whoever can read your mail, nor a false page that asks you for the code.',
      kind: 'email',
      title: 'codes by mail',
      needs: 'email',
      value: 'maria@example.com',
      wait,
    }),
    'enroll-sent': EnrollSent({
      ...asked,
      digits: 6,
      sent: { to: '•••• 42', state: 'sent', againAt: '14:32:05' },
    }),
    'enroll-sent wrong': EnrollSent({
      ...asked,
      digits: 6,
      sent: { to: '•••• 42', state: 'sent' },
      problem: 'That code is not right. Type the newest one that you got.',
      triesLeft: 1,
    }),
    'enroll-codes': EnrollCodes({
      ...asked,
      codes: [...codes, 'ZZZZ-0000-1111-2222'],
      download: 'data:text/plain,codes',
      userName: 'maria',
    }),
    'privacy-notice': PrivacyNotice({
      ...asked,
      version: '2026-05',
      again: false,
      paragraphs: [
        'We keep your name, your mail address and your ways to sign in for as long as you have an account.',
        'Sign-ins are kept for a year, with the address and the browser that they came from. Nobody but our administrators reads them.',
      ],
      url: 'https://example.com/privacy',
    }),
    'privacy-notice again': PrivacyNotice({
      ...asked,
      version: '2026-06',
      again: true,
      paragraphs: [],
      url: 'https://example.com/privacy',
    }),
    'new-password': NewPassword({ ...asked, userName: 'maria', minimumLength: 8 }),
    'new-password refused': NewPassword({
      ...asked,
      userName: 'maria',
      minimumLength: 15,
      problem: 'This password is on the list that attackers try first. Please choose another.',
    }),
    'forgotten-password': ForgottenPassword({ ...asked, back: '/login' }),
    'forgotten-password wait': ForgottenPassword({
      ...asked,
      userName: 'maria',
      wait,
      back: '/login',
    }),
    'forgotten-sent': ForgottenSent({ brand, back: '/login' }),
    'password-link': PasswordLink({ ...asked, invited: false }),
    'password-link invited': PasswordLink({ ...asked, brand: branded, invited: true }),
    'password-link over': PasswordLinkOver({ brand, because: 'over', again: '/forgotten' }),
    'password-link other browser': PasswordLinkOver({
      brand: branded,
      because: 'other_browser',
      again: '/forgotten',
    }),
    'mail letter': Letter({
      site: 'Gatehouse',
      title: 'Choose a new password',
      sentences: ['Somebody, most likely you, asked for a new password at Gatehouse.'],
      facts: [
        ['Account', 'maria'],
        ['Asked from', '192.0.2.1'],
        ['At', '2026-05-01 14:03 UTC'],
      ],
      link: { label: 'Choose a new password', href: 'https://auth.example.com/reset/x' },
      advice: 'If it was not you, do nothing: your password stays as it is.',
    }),
  }
}
