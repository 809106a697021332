import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import type { Factor } from '../../../src/factors/contract.ts'
import { createLetters } from '../../../src/login/letters.ts'
import type { Messenger } from '../../../src/login/messenger.ts'
import { createNotices } from '../../../src/login/notices.ts'
import type { AuditEvent, EventName } from '../../../src/model/event.ts'
import type { Credential } from '../../../src/model/factor.ts'
import type { Message } from '../../../src/model/message.ts'
import { aCredential, aUser, NOON } from '../../support/builders.ts'
import { stillClock } from '../../support/still-clock.ts'

const user = aUser({ id: 'u1', email: 'alice@gw.test' })
const site = { name: 'Gate', url: new URL('https://auth.gw.test/') }

/** Codes that go to where their data says. */
const codes = (kind: string, medium: 'email' | 'sms'): [string, Factor] => [
  kind,
  {
    kind,
    title: `code by ${kind}`,
    about: '',
    rank: 1,
    guessable: true,
    best: { amr: ['otp'], phishingResistant: false, alone: false },
    most: 3,
    enrollable: 'first',
    worthOf: () => ({ amr: ['otp'], phishingResistant: false, alone: false }),
    facts: () => [],
    reaches: ({ data }) => ({ medium, to: String(data) }),
    enroll: async () => ({ ok: false, message: 'not here' }),
    offer: () => ({ show: 'codes', codes: [] }),
    prompt: () => ({ ask: 'code', from: kind }),
    verify: async () => ({ ok: false, reason: 'wrong' }),
  },
]
const factors = new Map([codes('email', 'email'), codes('sms', 'sms')])
const phone = aCredential({ id: 'phone', kind: 'sms', data: '+491' })
const mailbox = aCredential({ id: 'mailbox', kind: 'email', data: 'other@gw.test' })

interface Given {
  own?: readonly Credential[]
  person?: typeof user | undefined
  carries?: (medium: string) => boolean
  outcome?: Awaited<ReturnType<Messenger['send']>>
  wait?: number
}

/** Lets one event be heard. @returns What was sent, and what was written down about it. */
async function hear(name: EventName, details: AuditEvent['details'] = {}, given: Given = {}) {
  const { own = [], person = user, carries = () => true, outcome = 'sent', wait = 0 } = given
  const sent: Message[] = []
  const recorded: EventName[] = []
  const notices = createNotices({
    audit: {
      record(event) {
        recorded.push(event.name)
        return undefined
      },
    },
    clock: stillClock(),
    credentials: { listByUser: async () => [...own] },
    factors,
    letters: createLetters(site),
    limits: { beforeSend: async () => wait },
    log: silentLog,
    messenger: {
      carries,
      async send(message, { failed }) {
        sent.push(message)
        if (outcome === 'failed') failed?.('refused')
        return outcome
      },
    },
    undo: { offer: async () => 'T0KEN' },
    users: { find: async () => person },
  })
  notices({ name, at: NOON, userId: 'u1', address: '192.0.2.9', details })
  await new Promise((resolve) => setImmediate(resolve))
  return { sent, recorded, to: sent.map(({ medium, to }) => [medium, to]) }
}

describe('a notice', () => {
  it.each<[EventName, AuditEvent['details'], string]>([
    ['factor.enrolled', { kind: 'totp', label: 'Phone' }, 'A way to sign in was added (Gate)'],
    ['factor.removed', { kind: 'totp', label: 'Phone' }, 'A way to sign in was removed (Gate)'],
    ['factor.disabled', { kind: 'totp' }, 'A way to sign in is locked (Gate)'],
    ['factor.suspect', { kind: 'passkey' }, 'A way to sign in may have been copied (Gate)'],
    ['challenge.denied', { kind: 'push', reason: 'denied' }, 'A sign-in was turned down (Gate)'],
    ['password.changed', { by: 'reset' }, 'Your password was changed (Gate)'],
    ['user.changed', { what: 'name' }, 'Your name was changed (Gate)'],
    ['login.succeeded', { newDevice: true }, 'A sign-in from a new browser (Gate)'],
    ['login.succeeded', { lastResort: true }, 'A backup code was used (Gate)'],
    [
      'login.succeeded',
      { newDevice: true, notify: true, reasons: 'new_country' },
      'An unusual sign-in (Gate)',
    ],
    [
      'login.refused',
      { reason: 'risk', reasons: 'new_device odd_hour' },
      'A sign-in was stopped (Gate)',
    ],
  ])('goes to the address on file: %s %j', async (name, details, subject) => {
    const { sent } = await hear(name, details)
    expect(sent).toMatchObject([{ medium: 'email', to: user.email, subject }])
    expect(JSON.stringify(sent)).toContain('https://auth.gw.test/undo?token=T0KEN')
  })

  it.each(['one', 'others'])(
    'tells of sessions that were ended on the account page: %s',
    async (what) => {
      const { sent } = await hear('session.revoked', { by: 'user', what, sessions: 1 })
      expect(sent).toMatchObject([
        { medium: 'email', subject: 'Sessions of yours were ended (Gate)' },
      ])
    },
  )

  it('about an account that was closed off by a link goes to a phone, and has no link itself', async () => {
    const { sent } = await hear('factors.frozen', {}, { own: [phone] })
    expect(sent).toMatchObject([{ medium: 'sms', to: phone.data }])
    const mailed = (await hear('factors.frozen')).sent
    expect(mailed).toMatchObject([
      { medium: 'email', subject: 'Your account was closed off (Gate)' },
    ])
    expect(JSON.stringify([...sent, ...mailed])).not.toContain('undo')
  })

  it.each<[EventName, AuditEvent['details']]>([
    ['login.succeeded', { newDevice: false, lastResort: false }],
    ['login.refused', { factor: 'password' }],
    ['session.revoked', {}],
    ['session.revoked', { by: 'user', sessions: 2 }],
    ['session.revoked', { by: 'command line', sessions: 2 }],
    ['message.undelivered', {}],
  ])('is not made of what nobody has to be told: %s', async (name, details) => {
    expect((await hear(name, details)).sent).toEqual([])
  })

  it('goes by another way than the one that it is about', async () => {
    const own = [phone, mailbox]
    expect((await hear('factor.enrolled', { kind: 'sms' }, { own })).to).toEqual([
      ['email', user.email],
    ])
    expect((await hear('factor.enrolled', { kind: 'email' }, { own })).to).toEqual([
      ['sms', '+491'],
    ])
    // Where there is no other, it is better told there than nowhere.
    expect((await hear('factor.enrolled', { kind: 'email' }, { own: [mailbox] })).to).toEqual([
      ['email', user.email],
    ])
  })

  it('about the mail address goes to the old one and to a phone, and never to the new one', async () => {
    const details = { what: 'mail', before: 'old@gw.test' }
    expect((await hear('user.changed', details, { own: [phone] })).to).toEqual([
      ['email', 'old@gw.test'],
      ['sms', '+491'],
    ])
    expect((await hear('user.changed', { what: 'mail' })).to).toEqual([])
  })

  it('goes by what there is, and nowhere where there is nothing', async () => {
    const { email: _, ...bare } = user
    const none = aUser(bare)
    delete none.email
    expect((await hear('password.changed', {}, { person: none, own: [phone] })).to).toEqual([
      ['sms', '+491'],
    ])
    expect((await hear('password.changed', {}, { person: none })).to).toEqual([])
    const carries = (medium: string) => medium === 'sms'
    expect((await hear('password.changed', {}, { carries, own: [phone] })).to).toEqual([
      ['sms', '+491'],
    ])
  })

  it('goes to no phone that is not proved yet, or is locked', async () => {
    const carries = (medium: string) => medium === 'sms'
    for (const state of ['pending', 'disabled'] as const) {
      const own = [{ ...phone, state }]
      expect((await hear('password.changed', {}, { carries, own })).to).toEqual([])
    }
  })

  it('that cannot be delivered is written down, once', async () => {
    const { recorded } = await hear('password.changed', {}, { outcome: 'failed' })
    expect(recorded).toEqual(['message.undelivered'])
  })

  it('is kept back where there were enough of its kind', async () => {
    expect((await hear('password.changed', {}, { wait: 60 })).sent).toEqual([])
  })

  it('lets no label and no browser write a line of its own', async () => {
    const label = 'Phone\r\n\r\nCall +1 900 555 0199 \u202e'
    const { sent } = await hear('factor.enrolled', { kind: 'totp', label })
    const [mail] = sent
    const text = mail && 'text' in mail ? mail.text : ''
    expect(text).toContain('“Phone Call +1 900 555 0199” (totp)')
    expect(text).not.toContain('\u202e')
  })
})
