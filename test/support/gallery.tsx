import { renderSVG } from 'uqr'
import { referenceOf } from '../../src/api/reference.ts'
import { ApiReference } from '../../views/api-reference.tsx'
import { ApprovalPrompt } from '../../views/approval-prompt.tsx'
import { Approve, Approved } from '../../views/approve.tsx'
import { ApproverHome, type HolderCheck } from '../../views/approver.tsx'
import { ApproverJoin } from '../../views/approver-join.tsx'
import type { Brand } from '../../views/brand.ts'
import { DemoAdmin } from '../../views/demo/demo-admin.tsx'
import { DemoClock } from '../../views/demo/demo-clock.tsx'
import { DemoForm } from '../../views/demo/demo-form.tsx'
import { DemoHome } from '../../views/demo/demo-home.tsx'
import { DemoInbox } from '../../views/demo/demo-inbox.tsx'
import { DemoPublic } from '../../views/demo/demo-public.tsx'
import { DemoStream } from '../../views/demo/demo-stream.tsx'
import { EnrollApprover } from '../../views/enroll-approver.tsx'
import { EnrollTotp } from '../../views/enroll-totp.tsx'
import { EnterCode } from '../../views/enter-code.tsx'
import { EnterPassword } from '../../views/enter-password.tsx'
import { GoingInCircles } from '../../views/going-in-circles.tsx'
import { Home } from '../../views/home.tsx'
import { page } from '../../views/page.ts'
import { Refused } from '../../views/refused.tsx'
import { SetUp } from '../../views/set-up.tsx'
import { SetUpClosed } from '../../views/set-up-closed.tsx'
import { SignIn } from '../../views/sign-in.tsx'
import { SignOut } from '../../views/sign-out.tsx'
import { SignedOut } from '../../views/signed-out.tsx'
import { Trouble } from '../../views/trouble.tsx'

import { apiDocument } from './api-document.ts'
import { accountStates } from './gallery-account.tsx'
import { factorStates } from './gallery-factors.tsx'
import { passkeyStates } from './gallery-passkeys.tsx'

const scripts = { webauthn: '/assets/webauthn.js', passkey: '/assets/passkey.js' }
const brand: Brand = {
  name: 'Gatehouse',
  css: ['/assets/portal.css'],
  scripts,
  icon: '/assets/icon.svg',
  home: '/',
  links: [],
}

const branded: Brand = {
  name: 'Harbor Hospital',
  css: ['/assets/portal.css', '/assets/brand.css'],
  scripts,
  logo: '/assets/logo.svg',
  icon: '/assets/logo.svg',
  home: '/',
  links: [
    { label: 'Help', href: 'https://example.com/help' },
    { label: 'Privacy', href: 'https://example.com/privacy' },
    { label: 'Imprint', href: 'https://example.com/imprint' },
  ],
}

/** Someone whose names break lines. */
const longName = 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Maria de los Ángeles'
const longHost = 'a-very-long-name-of-an-application.department-of-records.intranet.example.com'

const wiki = { name: 'Team wiki', host: 'wiki.example.com' }
const bare = { name: 'wiki.example.com', host: 'wiki.example.com' }
const wait = { until: '14:32:05', seconds: 45 }
const longWait = { until: '14:47:00', seconds: 900 }
const csrf = 'Zm9yIHRlc3RzIG9ubHk'
const uri =
  'otpauth://totp/Gatehouse:maria?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Gatehouse'

const signIn = { brand, action: '/login', csrf, offerRemember: true }
const enterCode = {
  from: 'Authenticator app',
  brand,
  action: '/login/code',
  csrf,
  digits: 6,
  user: 'Maria Lopez',
  notYou: '/login?switch=1',
}
const enterPassword = {
  brand,
  action: '/login/password',
  csrf,
  user: 'Maria Lopez',
  userName: 'maria',
  notYou: '/login?switch=1',
}
const enroll = {
  ...enterCode,
  action: '/login/enroll',
  qrSvg: renderSVG(uri),
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  uri,
}
const approval = {
  brand,
  action: '/login/a',
  csrf,
  user: 'Maria Lopez',
  notYou: '/login?switch=1',
  destination: wiki,
  number: '47',
  where: 'Chrome on Android',
  link: 'https://auth.example.com/approver',
  standing: 'pending',
  delivery: 'sent',
  ways: [
    { id: 'c1', title: 'Authenticator app' },
    { id: 'c2', title: 'Text message', detail: '•••• 42' },
  ],
} as const
const invitation = {
  ...approval,
  url: 'https://auth.example.com/approver/JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHP',
  qrSvg: renderSVG('https://auth.example.com/approver/JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHP'),
  joined: false,
  others: true,
}
const notifications = { publicKey: 'BAAA', worker: '/push-worker.js' }
const join = { action: '/approver/x', csrf, notifications, manifest: '/approver/manifest' }
const account = {
  user: 'Maria Lopez',
  tell: '/approver/1/notifications',
  holder: { check: 'none' as HolderCheck['check'], action: '/approver/1/holder' },
}
const approver = {
  brand,
  csrf,
  accounts: [account],
  requests: [],
  events: '/approver/events',
  notifications,
  manifest: '/approver/manifest',
}
const approve = {
  brand,
  action: '/approve/1',
  csrf,
  user: 'Maria Lopez',
  place: 'Team wiki',
  address: '198.51.100.7',
  browser: 'Firefox on Windows',
  at: '14:32:05',
  secondsAgo: 12,
  numbers: ['18', '47', '83'],
  home: '/approver',
}
const maria = { displayName: 'Maria Lopez', name: 'maria' }
const home = { brand, user: maria, signOut: '/logout', account: '/account', hints: [] }
const refused = {
  brand,
  user: maria,
  host: 'payroll.example.com',
  reference: '7K3M-9QXD-42',
  switchUser: '/login?switch=1',
  home: '/',
}
const setUp = { brand, action: '/setup', csrf, token: 't0ken', minimumLength: 15 }

const applications = [
  ['Team wiki', 'wiki.example.com', 'password'],
  ['Payroll', 'payroll.example.com', 'password and code'],
  ['Grafana', 'grafana.example.com', 'password and code'],
  ['git.example.com', 'git.example.com', 'password and code'],
  ['Photos', 'photos.example.com', 'password'],
  ['Notice board', 'board.example.com', ''],
  ['Paperless', 'paper.example.com', 'password and code'],
  ['Home Assistant', 'home.example.com', 'password and code'],
  ['Calendar', 'cal.example.com', 'password'],
  [longName, longHost, 'password and a code not older than ten minutes'],
  ['Printers', 'print.example.com', 'password'],
  ['Status', 'status.example.com', 'password'],
].map(([name = '', host = '', asks = '']) => ({ name, host, asks, url: `https://${host}/` }))

const retry = { label: 'Try again', href: 'https://wiki.example.com/page', primary: true }
const toPortal = { label: 'Go to your applications', href: '/' }
const reference = '7K3M-9QXD-42'
const circles = {
  brand,
  host: 'wiki.example.com',
  cookie: '__Secure-gatehouse',
  reference,
  again: '/login',
  home: '/',
}

const headers = [
  { name: 'remote-user', value: 'maria', ours: true },
  { name: 'remote-groups', value: 'admins,staff', ours: true },
  { name: 'remote-name', value: 'Maria Lopez', ours: true },
  { name: 'remote-email', value: '', ours: true },
  { name: 'host', value: 'localhost:8080', ours: false },
  { name: 'accept', value: 'text/html,application/xhtml+xml', ours: false },
  { name: 'user-agent', value: 'Mozilla/5.0 (X11; Linux x86_64; rv:152.0)', ours: false },
]
const people = [
  {
    name: 'maria',
    password: 'paper boats at noon',
    groups: ['admins', 'staff'],
    codes: [{ label: 'Gatehouse', code: '492039', secondsLeft: 17 }],
    requests: [{ text: 'Sign-in to Paper Trail from 127.0.0.1', href: '/approve/1' }],
  },
  { name: 'ben', password: 'seven blue ladders', groups: [], codes: [], requests: [] },
]

const messages = [
  {
    as: 'Mail',
    to: 'maria@example.com',
    at: '14:03:20',
    subject: 'A new password for Gatehouse',
    text: 'Choose a new password:\nhttps://auth.example.com/reset/4kq9\n\nAccount: maria',
  },
  {
    as: 'Text message',
    to: '+49 170 1234567',
    at: '14:02:05',
    text: '481516 is your code for Gatehouse. It is good for 5 minutes. Tell it to nobody.',
  },
]

const states = {
  ...factorStates(brand, branded),
  ...passkeyStates(brand, branded),
  'sign-in': SignIn({ ...signIn, destination: wiki, rd: 'https://wiki.example.com/page' }),
  'sign-in no destination': SignIn({ ...signIn, offerRemember: false }),
  'sign-in known user': SignIn({
    ...signIn,
    destination: bare,
    userName: 'maria',
    remembered: true,
  }),
  'sign-in wrong': SignIn({
    ...signIn,
    destination: wiki,
    userName: 'maria',
    problem: 'User name or password is wrong. Check both, and whether Caps Lock is on.',
  }),
  'sign-in slowed down': SignIn({
    ...signIn,
    destination: wiki,
    userName: 'maria',
    problem: 'There were many wrong passwords for this account.',
    wait,
  }),
  'sign-in branded': SignIn({
    ...signIn,
    brand: branded,
    destination: { name: longName, host: longHost },
  }),
  'enter-code': EnterCode({ ...enterCode, destination: wiki }),
  'enter-code reason': EnterCode({
    ...enterCode,
    brand: branded,
    user: longName,
    destination: wiki,
    reason: 'This page asks for a code entered in the last 10 minutes.',
  }),
  'enter-code wrong': EnterCode({
    ...enterCode,
    destination: wiki,
    problem: 'This code is wrong. Wait for the next one and type it as it is shown.',
    triesLeft: 2,
  }),
  'enter-code expired': EnterCode({
    ...enterCode,
    destination: wiki,
    problem: 'This code has been used or is too old. Type the one that is shown now.',
    triesLeft: 4,
  }),
  'enter-code too many': EnterCode({
    ...enterCode,
    destination: wiki,
    problem: 'There were too many wrong codes.',
    wait: longWait,
  }),
  'enter-password': EnterPassword({
    ...enterPassword,
    destination: wiki,
    reason: 'This page asks for a password entered in the last 10 minutes.',
  }),
  'enter-password wrong': EnterPassword({
    ...enterPassword,
    problem: 'This password is wrong. Check whether Caps Lock is on.',
  }),
  'enter-password slowed down': EnterPassword({ ...enterPassword, wait }),
  'enroll-totp': EnrollTotp({ ...enroll, destination: wiki }),
  'enroll-totp wrong': EnrollTotp({
    ...enroll,
    brand: branded,
    user: longName,
    problem: 'This code is wrong. Check that the app shows Gatehouse, and type the next code.',
    triesLeft: 1,
  }),
  'approval-prompt': ApprovalPrompt(approval),
  'approval-prompt on its way': ApprovalPrompt({ ...approval, delivery: 'waiting', ways: [] }),
  'approval-prompt not delivered': ApprovalPrompt({
    ...approval,
    brand: branded,
    user: longName,
    destination: { name: longName, host: longHost },
    delivery: 'failed',
  }),
  'approval-prompt without notifications': ApprovalPrompt({ ...approval, delivery: 'none' }),
  'approval-prompt in an app': ApprovalPrompt({
    ...approval,
    where: 'Pixel 8 or Galaxy Tab',
    link: undefined,
    delivery: 'none',
  }),
  'approval-prompt too early': ApprovalPrompt({
    ...approval,
    problem: 'Your other device has not answered yet.',
  }),
  'approval-prompt approved': ApprovalPrompt({ ...approval, standing: 'approved' }),
  'approval-prompt refused': ApprovalPrompt({ ...approval, standing: 'denied' }),
  'approval-prompt timed out': ApprovalPrompt({ ...approval, standing: 'expired' }),
  'approval-prompt not asked': ApprovalPrompt({ ...approval, number: '', wait }),
  'enroll-approver': EnrollApprover(invitation),
  'enroll-approver joined': EnrollApprover({ ...invitation, joined: true }),
  'enroll-approver wrong': EnrollApprover({
    ...invitation,
    brand: branded,
    joined: true,
    problem: 'That is not the number your other device shows. Type the one you see there now.',
    triesLeft: 2,
  }),
  'approver-join': ApproverJoin({ brand, open: join }),
  'approver-join without notifications': ApproverJoin({
    brand: branded,
    open: { ...join, notifications: undefined },
  }),
  'approver-join used': ApproverJoin({ brand, closed: 'used' }),
  'approver-join expired': ApproverJoin({ brand, closed: 'expired' }),
  'approver home': ApproverHome(approver),
  'approver home number': ApproverHome({ ...approver, accounts: [{ ...account, number: '62' }] }),
  'approver home request': ApproverHome({
    ...approver,
    brand: branded,
    requests: [
      { user: 'Maria Lopez', place: 'Team wiki', href: '/approve/1' },
      { user: longName, place: longName, href: '/approve/2' },
    ],
  }),
  'approver home passkey': ApproverHome({
    ...approver,
    accounts: [
      { ...account, holder: { ...account.holder, options: {} } },
      { ...account, user: longName, holder: { ...account.holder, check: 'passkey', options: {} } },
      { ...account, holder: { ...account.holder, check: 'lost' } },
    ],
  }),
  'approver home problem': ApproverHome({
    ...approver,
    problem: 'That passkey was not accepted. Nothing was changed.',
  }),
  'approver home nobody': ApproverHome({ ...approver, accounts: [] }),
  approve: Approve(approve),
  'approve with a passkey': Approve({ ...approve, brand: branded, place: longName, holder: {} }),
  'approve without a passkey that counts': Approve({ ...approve, blocked: true }),
  'approve by typing': Approve({ ...approve, numbers: [] }),
  'approve wrong': Approve({
    ...approve,
    secondsAgo: 2,
    problem: 'That passkey was not accepted. Try again, or take another way.',
  }),
  'approve confirmed': Approved({ brand, outcome: 'approved', home: '/approver' }),
  'approve refused': Approved({ brand, outcome: 'denied', home: '/approver' }),
  'approve another number': Approved({ brand, outcome: 'wrong', home: '/approver' }),
  'approve too late': Approved({ brand, outcome: 'over', home: '/approver' }),
  'approve unknown': Approved({ brand: branded, outcome: 'unknown', home: '/approver' }),
  home: Home({ ...home, applications: applications.slice(0, 3) }),
  'home none': Home({ ...home, applications: [] }),
  'home no second factor': Home({
    ...home,
    applications: applications.slice(0, 2),
    hints: [
      {
        sentence:
          'Only your password protects this account. With a second step, a stolen password is not enough.',
        label: 'Set up a second step',
        href: '/account/factors/add',
      },
    ],
  }),
  'home twelve': Home({
    ...home,
    brand: branded,
    user: { displayName: longName, name: 'maria' },
    applications,
    hints: [
      {
        sentence: 'Only 3 of your backup codes are left.',
        label: 'See to it',
        href: '/account/factors/12',
      },
    ],
  }),
  'sign-out': SignOut({
    brand,
    action: '/logout',
    csrf,
    user: 'Maria Lopez',
    sessions: 3,
    home: '/',
  }),
  'sign-out only here': SignOut({
    brand,
    action: '/logout',
    csrf,
    user: longName,
    sessions: 1,
    home: '/',
  }),
  'signed-out': SignedOut({ brand, everywhere: false, signIn: '/login' }),
  'signed-out everywhere': SignedOut({ brand: branded, everywhere: true, signIn: '/login' }),
  'refused not a member': Refused({ ...refused, reason: 'not_a_member' }),
  'refused by rule': Refused({
    ...refused,
    brand: branded,
    host: longHost,
    reason: 'rule_denies',
    help: 'https://example.com/help',
  }),
  'refused no rule': Refused({ ...refused, user: undefined, reason: 'no_rule_matched' }),
  'refused too unusual': Refused({ ...refused, reason: 'too_unusual' }),
  'sign-in stopped': Trouble({
    brand,
    title: 'Sign-in stopped',
    sentences: [
      'It is not like the sign-ins that this account usually sees, so to be safe nobody was let in. Nothing was changed.',
      'If it is you: sign in as you usually do, in the browser and from the place that you know it from. If that does not help, ask whoever runs this site and tell them the number below.',
    ],
    reference: '7K3M-Q2XZ',
    actions: [{ label: 'Sign in again', href: '/login', primary: true }],
  }),
  'circles no cookie': GoingInCircles({ ...circles, cause: 'no_cookie' }),
  'circles out of reach': GoingInCircles({
    ...circles,
    brand: branded,
    host: longHost,
    cause: 'out_of_reach',
    help: 'https://example.com/help',
  }),
  'circles plain http': GoingInCircles({ ...circles, cause: 'plain_http' }),
  'circles clock': GoingInCircles({ ...circles, cause: 'clock' }),
  'trouble unknown host': Trouble({
    brand,
    title: 'Nothing lives at this address',
    sentences: [
      'No application is known under old.example.com. Check the address for a slip.',
      'If you run this gateway: add a route for this host to its configuration.',
    ],
    reference,
    actions: [{ ...toPortal, primary: true }],
  }),
  'trouble 502': Trouble({
    brand,
    title: 'wiki.example.com does not answer',
    sentences: [
      'You are signed in, but the application behind the gate is not running or cannot be reached.',
      'Wait a moment and try again. If it lasts, tell whoever runs it this number.',
    ],
    reference,
    actions: [retry, toPortal],
  }),
  'trouble 504': Trouble({
    brand,
    title: 'wiki.example.com takes too long',
    sentences: ['The application behind the gate did not answer within a minute.'],
    reference,
    actions: [retry, toPortal],
  }),
  'trouble 500': Trouble({
    brand: branded,
    title: 'Something broke on our side',
    sentences: ['It is written down under this number. Try again, and tell us if it stays.'],
    reference,
    actions: [{ ...retry, href: '/' }],
  }),
  'trouble busy': Trouble({
    brand,
    title: 'Many people are signing in right now',
    sentences: ['Your turn did not come in time. Nothing is lost: try again in a few seconds.'],
    actions: [{ ...retry, href: '/login' }],
  }),
  'set-up': SetUp({ ...setUp }),
  'set-up form problem': SetUp({
    ...setUp,
    userName: 'maria',
    displayName: 'Maria Lopez',
    problem: { field: 'form', message: 'This page was open for too long. Send it once more.' },
  }),
  'set-up password problem': SetUp({
    ...setUp,
    userName: 'maria',
    displayName: 'Maria Lopez',
    email: 'maria@example.com',
    problem: {
      field: 'password',
      message: 'This password is on lists of common ones. Choose another.',
    },
  }),
  'set-up-closed used': SetUpClosed({ brand, reason: 'used', signIn: '/login' }),
  'set-up-closed expired': SetUpClosed({ brand, reason: 'expired', signIn: '/login' }),
  ...accountStates(brand, branded),
  'api reference': ApiReference({
    brand: { ...brand, css: [...brand.css, '/assets/reference.css'] },
    document: '/api/openapi.json',
    ...referenceOf(await apiDocument()),
  }),
  'demo home': DemoHome({ headers, user: 'Maria Lopez', note: 'You came in with a code.' }),
  'demo form': DemoForm({}),
  'demo form received': DemoForm({ received: [{ name: 'title', value: 'Quarterly report' }] }),
  'demo admin': DemoAdmin({ user: 'maria', headers }),
  'demo public': DemoPublic(),
  'demo clock': DemoClock(),
  'demo stream': DemoStream(),
  'demo inbox': DemoInbox({ users: people, messages }),
}

/** Every page in every state that is worth looking at. */
export const gallery: { name: string; html: string }[] = Object.entries(states).map(
  ([name, shown]) => ({ name, html: typeof shown === 'string' ? shown : page(shown) }),
)
