import { DataPage } from '../../views/account/data.tsx'
import { FactorPage, RemoveFactor } from '../../views/account/factor.tsx'
import { Factors } from '../../views/account/factors.tsx'
import { History } from '../../views/account/history.tsx'
import { ConfirmMail, Mail } from '../../views/account/mail.tsx'
import { Name } from '../../views/account/name.tsx'
import { Overview } from '../../views/account/overview.tsx'
import { NewPassword } from '../../views/account/password.tsx'
import { DownloadData, EraseAccount } from '../../views/account/personal.tsx'
import { Renew } from '../../views/account/renew.tsx'
import { EndSession, SessionList } from '../../views/account/sessions.tsx'
import type { Brand } from '../../views/brand.ts'
import { ChooseFactor } from '../../views/choose-factor.tsx'
import { EnterCode } from '../../views/enter-code.tsx'
import type { Moment } from '../../views/parts/moment.tsx'
import { Trouble } from '../../views/trouble.tsx'
import { Undo, UndoClosed, Undone } from '../../views/undo.tsx'

const csrf = 'Zm9yIHRlc3RzIG9ubHk'
const longName = 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Maria de los Ángeles'
const wait = { until: '14:47:00', seconds: 900 }

const at = (day: number, time = '14:03'): Moment => ({
  text: `${day} May 2026, ${time} UTC`,
  iso: `2026-05-${String(day).padStart(2, '0')}T${time}Z`,
})

const WARNINGS: Record<string, string> = {
  'Backup codes': 'Only 3 of your backup codes are left.',
  'Tablet in the kitchen':
    'Notifications on Chrome on Android stopped on 3 May 2026. Open auth.example.com/approver there, in that browser, to turn them on again.',
}

const FACTORS = [
  ['Work phone', 'authenticator app'],
  ['MacBook', 'passkey', 'iCloud Keychain', 'synced'],
  ['YubiKey on my keys', 'passkey', 'YubiKey 5 NFC', 'this device only'],
  ['Old phone', 'authenticator app'],
  ['Text message', 'code by text message', '•••• 42'],
  ['E-mail', 'code by e-mail', 'm•••@example.com'],
  ['Phone', 'approval on your phone', 'with notifications'],
  ['Tablet in the kitchen', 'approval on your phone', 'notifications stopped'],
  ['Bank app', 'device key', 'Android'],
  ['Phone call', 'code by phone call', '•••• 42'],
  [longName, 'passkey', 'Windows Hello', 'this device only'],
  ['Backup codes', 'backup code', '3 codes left'],
].map(([label = '', title = '', ...facts], index) => ({
  label,
  title,
  facts,
  added: at(1 + index),
  lastUsed: index % 3 === 2 ? undefined : at(15 + index),
  disabled: label === 'Old phone',
  warning: WARNINGS[label],
  href: `/account/factors/${index}`,
}))

const DEVICES = [
  'Firefox on Linux',
  'Chrome on Android',
  'Safari on iPhone',
  'Edge on Windows',
  'An unknown browser',
]
const SESSIONS = Array.from({ length: 40 }, (_, index) => ({
  device: DEVICES[index % DEVICES.length] ?? '',
  address: index % 4 === 3 ? '2001:db8:85a3::8a2e:370:7334' : `192.0.2.${index + 1}`,
  since: at(1 + (index % 20), '08:15'),
  lastSeen: at(28 - (index % 20)),
  provedBy: index % 2 === 0 ? 'password, Work phone' : 'MacBook',
  here: index === 0,
  end: `/account/sessions/${index}`,
}))

const EVENTS = [
  { what: 'Signed in with password and code', from: '192.0.2.1 · Firefox on Linux', odd: false },
  {
    what: 'Signed in from a browser that is new here, with passkey',
    from: '2001:db8:85a3::8a2e:370:7334 · Safari on iPhone',
    odd: true,
  },
  { what: 'A wrong password was typed', from: '198.51.100.7', odd: true },
  { what: 'Set up: YubiKey on my keys', from: '192.0.2.1 · Firefox on Linux', odd: false },
  { what: 'The password was changed, by an administrator', from: '', odd: false },
].map((event, index) => ({ ...event, at: at(20 - index) }))

/** Every state of the pages about one's own account. */
export function accountStates(brand: Brand, branded: Brand) {
  const frame = { brand, csrf, back: '/account' }
  const parts = [
    ['Name', 'Maria Lopez'],
    ['Mail address', 'maria@example.com'],
    ['Password', 'Change it here'],
    ['Ways to sign in', 'Work phone, MacBook, YubiKey on my keys, Backup codes'],
    ['Where you are signed in', 'here and in 3 other browsers'],
    ['History', 'Who signed in, and what was changed'],
    ['Data and privacy', 'What is kept about you'],
  ].map(([title = '', detail = '']) => ({ title, detail, href: `/account/${title}` }))
  const overview = {
    brand,
    user: { displayName: 'Maria Lopez', name: 'maria' },
    parts,
    hints: [],
    signOut: '/logout',
  }
  const name = { ...frame, action: '/account/name', displayName: 'Maria Lopez', userName: 'maria' }
  const mail = { ...frame, action: '/account/mail', email: 'maria@example.com', canConfirm: true }
  const confirm = {
    ...frame,
    action: '/account/mail/confirm',
    address: 'maria@example.org',
    again: '/account/mail',
  }
  const password = {
    ...frame,
    action: '/account/password',
    userName: 'maria',
    minimumLength: 15,
  }
  const [phone = FACTORS[0]] = FACTORS
  const factor = {
    ...frame,
    action: '/account/factors/1',
    label: phone?.label ?? '',
    title: phone?.title ?? '',
    facts: [],
    added: at(1),
    lastUsed: at(20),
    remove: '/account/factors/1/remove',
    back: '/account/factors',
  }
  const remove = {
    ...frame,
    action: '/account/factors/1/remove',
    label: 'Work phone',
    title: 'authenticator app',
    back: '/account/factors/1',
  }
  const sessions = { brand, endOthers: '/account/sessions/others', back: '/account' }
  const end = { ...frame, action: '/account/sessions/1', back: '/account/sessions' }
  const choices = [
    [
      'passkey',
      'passkey',
      'Your fingerprint, your face or the PIN of your own device signs you in, and a forged page can do nothing with it. Set up a second one for the day on which the device is gone.',
    ],
    [
      'totp',
      'authenticator app',
      'An app on your phone shows a new code every half minute, so a stolen password is not enough. A forged page can still ask you for the code.',
    ],
    [
      'backup_code',
      'backup code',
      'Ten codes on paper let you in when your phone or key is gone. Each works once; keep them where you keep other papers that matter.',
    ],
  ].map(([kind = '', title = '', about = ''], index) => ({
    kind,
    title,
    about,
    recommended: index === 0,
  }))
  const undo = { brand, action: '/undo', csrf, token: 't0ken' }
  const tomorrow = { text: '21 May 2026, 14:03 UTC', iso: '2026-05-21T14:03Z' }
  const undone = {
    brand,
    setAside: [],
    confirming: [],
    password: false,
    email: false,
    closedUntil: tomorrow,
    signIn: '/login',
  }

  return {
    account: Overview(overview),
    'account empty': Overview({
      ...overview,
      parts: parts.map((part) =>
        part.title === 'Ways to sign in' ? { ...part, detail: 'only your password' } : part,
      ),
      hints: [
        {
          sentence:
            'Only your password protects this account. With a second step, a stolen password is not enough.',
          label: 'Set up a second step',
          href: '/account/factors/add',
        },
      ],
    }),
    'account full': Overview({
      ...overview,
      brand: branded,
      user: { displayName: longName, name: 'maria' },
      parts: parts.map((part) =>
        part.title === 'Ways to sign in'
          ? { ...part, detail: FACTORS.map(({ label }) => label).join(', ') }
          : part,
      ),
      hints: [
        {
          sentence: 'Only 3 of your backup codes are left.',
          label: 'See to it',
          href: '/account/factors/12',
        },
      ],
    }),
    'account done': Overview({ ...overview, done: 'Your name is changed.' }),
    'account frozen': Overview({
      ...overview,
      frozen:
        'Somebody said that a change to this account was not theirs, so nothing about it changes until 21 May 2026, 14:03 UTC.',
    }),
    'account change while frozen': Trouble({
      brand,
      title: 'Nothing can be changed right now',
      sentences: [
        'Somebody said that a change to this account was not theirs, so nothing about it changes until 21 May 2026, 14:03 UTC.',
        'If you need a change sooner, ask whoever runs this site.',
      ],
      actions: [{ label: 'Your account', href: '/account', primary: true }],
    }),
    'account change needs a fresh proof': EnterCode({
      brand,
      csrf,
      action: '/login/code',
      from: 'Work phone',
      digits: 6,
      user: 'Maria Lopez',
      notYou: '/logout',
      reason: 'This page asks for a proof by an authenticator app in the last 5 minutes.',
    }),
    'account name': Name(name),
    'account name problem': Name({
      ...name,
      brand: branded,
      displayName: longName,
      problem: 'Please use at most 128 printable characters.',
    }),
    'account mail': Mail(mail),
    'account mail none': Mail({ ...mail, email: undefined }),
    'account mail without a channel': Mail({ ...mail, canConfirm: false }),
    'account mail problem': Mail({
      ...mail,
      typed: 'maria at example.org',
      problem: 'Please write a mail address, such as name@example.com.',
    }),
    'account mail too often': Mail({ ...mail, typed: 'maria@example.org', wait }),
    'account mail confirm': ConfirmMail(confirm),
    'account mail confirm wrong': ConfirmMail({
      ...confirm,
      brand: branded,
      address: 'a-very-long-local-part-of-an-address@mail.department-of-records.example.com',
      problem:
        'That code is not right, or it is too old. Type the newest one that we mailed to this address.',
    }),
    'account mail confirm too often': ConfirmMail({ ...confirm, wait }),
    'account password': NewPassword(password),
    'account password problem': NewPassword({
      ...password,
      problem: {
        field: 'password',
        message: 'This password is on the list that attackers try first. Please choose another.',
      },
    }),
    'account password differs': NewPassword({
      ...password,
      problem: {
        field: 'again',
        message: 'The two are not the same. Type the new password once more.',
      },
    }),
    'account factors': Factors({
      ...frame,
      factors: FACTORS.slice(0, 3),
      add: '/account/factors/add',
    }),
    'account factors empty': Factors({ ...frame, factors: [], add: '/account/factors/add' }),
    'account factors full': Factors({
      ...frame,
      brand: branded,
      factors: FACTORS,
      add: '/account/factors/add',
    }),
    'account factors done': Factors({
      ...frame,
      factors: FACTORS.slice(0, 2),
      add: '/account/factors/add',
      done: 'It is set up, and counts from now on.',
      endOthers: '/account/sessions/others',
    }),
    'account factors choose': ChooseFactor({
      ...frame,
      action: '/account/factors/add',
      choices,
      user: 'Maria Lopez',
      back: { label: 'Ways to sign in', href: '/account/factors' },
    }),
    'account factor': FactorPage(factor),
    'account factor problem': FactorPage({
      ...factor,
      brand: branded,
      label: longName,
      problem: 'Please use at most 60 printable characters.',
    }),
    'account factor backup codes': FactorPage({
      ...factor,
      label: 'Backup codes',
      title: 'backup code',
      facts: ['3 codes left'],
      anew: { action: '/account/factors/add', kind: 'backup_code' },
    }),
    'account factor approves without passkey': FactorPage({
      ...factor,
      label: 'Chrome on Android',
      title: 'approval on your phone',
      facts: ['with notifications', 'asks for no passkey'],
      confirm: '/account/factors/1/confirm',
    }),
    'account factor set aside': FactorPage({
      ...factor,
      contested: { at: factor.added, closedUntil: tomorrow },
    }),
    'account factor set aside, day over': FactorPage({
      ...factor,
      contested: { at: factor.added, restore: '/account/factors/1/restore' },
    }),
    'account factors set aside': Factors({
      ...frame,
      factors: FACTORS.slice(0, 3).map((it, index) =>
        index === 1 ? { ...it, disabled: true, contested: true } : it,
      ),
    }),
    'account factor remove': RemoveFactor({ ...remove, loss: 'none' }),
    'account factor remove last passkey': RemoveFactor({
      ...remove,
      loss: 'none',
      unconfirms: true,
    }),
    'account factor remove last': RemoveFactor({ ...remove, loss: 'nothing' }),
    'account factor remove last but codes': RemoveFactor({
      ...remove,
      brand: branded,
      label: longName,
      loss: 'last_resort',
    }),
    'account sessions': SessionList({ ...sessions, sessions: SESSIONS.slice(0, 4) }),
    'account sessions only here': SessionList({ ...sessions, sessions: SESSIONS.slice(0, 1) }),
    'account sessions full': SessionList({ ...sessions, brand: branded, sessions: SESSIONS }),
    'account sessions done': SessionList({
      ...sessions,
      sessions: SESSIONS.slice(0, 2),
      done: 'The session has ended.',
    }),
    'account session end': EndSession({ ...end, session: SESSIONS[3], others: 1 }),
    'account sessions end others': EndSession({ ...end, others: 39 }),
    'account data download': DownloadData({ ...end, back: '/account/data' }),
    'account data erase': EraseAccount({ ...end, back: '/account/data', userName: longName }),
    'account data erase wrong': EraseAccount({
      ...end,
      back: '/account/data',
      userName: 'maria',
      problem: 'That is not your user name. Nothing was erased.',
    }),
    'account history': History({ ...frame, events: EVENTS, more: false, password: '/password' }),
    'account history empty': History({ ...frame, events: [], more: false, password: '/password' }),
    'account history full': History({
      ...frame,
      brand: branded,
      events: Array.from({ length: 40 }, () => EVENTS).flat(),
      more: true,
      password: '/password',
    }),
    'account data': DataPage({
      brand,
      back: '/account',
      download: '/account/data/download',
      erase: '/account/data/erase',
      kept: [
        { what: 'Who you are', detail: 'maria, Maria Lopez, maria@example.com.' },
        { what: 'Your groups', detail: 'admins, staff.' },
        { what: 'Your password', detail: 'Only a hash, from which nobody can read it.' },
      ],
      told: [
        { what: 'Name', detail: 'maria, Maria Lopez' },
        { what: 'Mail address', detail: 'There is none.' },
        { what: 'Groups', detail: 'admins, staff' },
      ],
    }),
    'account renew': Renew({
      brand,
      used: ['Backup codes: 2 codes left.'],
      add: '/account/factors/add',
      factors: '/account/factors',
      destination: { name: 'Team wiki', host: 'wiki.example.com' },
      onward: 'https://wiki.example.com/page',
    }),
    undo: Undo(undo),
    'undo done': Undone(undone),
    'undo done with all': Undone({
      ...undone,
      brand: branded,
      setAside: ['Pixel 9', longName],
      confirming: ['Chrome on Android'],
      password: true,
      newPassword: '/forgotten',
      help: 'https://example.com/help',
    }),
    'undo done with an address': Undone({
      ...undone,
      setAside: ['Pixel 9'],
      password: true,
      email: true,
    }),
    'undo done once more': Undone({ ...undone, closedUntil: undefined }),
    'undo closed': UndoClosed({ brand, history: '/account/history' }),
  }
}
