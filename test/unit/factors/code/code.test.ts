import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Channel } from '../../../../src/channels/contract.ts'
import { createInbox, type Inbox } from '../../../../src/channels/inbox/index.ts'
import { createChannels } from '../../../../src/channels/index.ts'
import { createCode } from '../../../../src/factors/code/index.ts'
import { newCode } from '../../../../src/factors/code/secret.ts'
import { byCall, byMail, byText, type Way } from '../../../../src/factors/code/ways.ts'
import type { ChallengeStart, Factor } from '../../../../src/factors/contract.ts'
import type { Challenge } from '../../../../src/model/challenge.ts'
import type { Credential } from '../../../../src/model/factor.ts'
import { aChallenge, aCredential, aUser } from '../../../support/builders.ts'
import { type StillClock, stillClock } from '../../../support/still-clock.ts'

const PHONES = { countries: ['DE'], daily_limit: 10 }
const NUMBER = '+491701234567'
const alice = aUser()
const about = { address: '192.0.2.7', userAgent: 'test' }
const key = randomBytes(32)
const site = { name: 'Gatehouse', url: new URL('https://auth.example.com/') }

let clock: StillClock
let inbox: Inbox
beforeEach(() => {
  clock = stillClock()
  inbox = createInbox({ clock })
})

const factorBy = (way: Way, first: readonly Channel[] = [inbox]): Factor => {
  const channels = createChannels({ config: {}, clock, name: 'Gatehouse', first })
  return createCode({ way, channels, clock, key, site })
}
const byMailFactor = () => factorBy(byMail({ daily_limit: 10 }))

const bound = (kind: string, data: unknown, given: Partial<Credential> = {}) =>
  aCredential({ kind, data, userId: alice.id, ...given })
const toAlice = () => bound('email', { target: 'alice@example.com' })
const toPhone = () => bound('sms', { target: NUMBER, country: 'DE' })

async function start(
  factor: Factor,
  credential: Credential,
  user = alice,
): Promise<ChallengeStart> {
  const request = { credential, user, about, siblings: [credential] }
  const started = await factor.challenge?.(request)
  if (!started) throw new Error('the factor asks nothing')
  return started
}

/** Puts the question and has the message delivered. */
async function ask(factor: Factor, credential: Credential): Promise<Challenge> {
  const { data, deliver, lifetimeSeconds } = await start(factor, credential)
  const delivery = await deliver?.()
  expect(delivery).toMatchObject({ ok: true })
  const sent = delivery?.ok && delivery.reference ? { reference: delivery.reference } : {}
  const { id: credentialId, kind } = credential
  const expiresAt = clock.now() + lifetimeSeconds
  return aChallenge({ credentialId, kind, userId: alice.id, data, expiresAt, ...sent })
}

const sentCode = () => /\d{6}/.exec(inbox.messages()[0]?.message.text ?? '')?.[0] ?? ''
const wrongCode = () => String((Number(sentCode()) + 1) % 1_000_000).padStart(6, '0')

describe('an enrollment', () => {
  const enroll = (factor: Factor, target?: string, others: Credential[] = []) =>
    factor.enroll(alice, { others, ...(target === undefined ? {} : { target }) })

  it('takes the address that was typed, or else the user’s own', async () => {
    const factor = byMailFactor()
    expect(await enroll(factor, ' Other@Example.com ')).toMatchObject({
      ok: true,
      data: { target: 'Other@example.com' },
    })
    expect(await enroll(factor)).toMatchObject({ ok: true, data: { target: alice.email } })
  })

  it('asks for an address where there is none', async () => {
    const { email: _, ...nobody } = alice
    expect(await byMailFactor().enroll(nobody, { others: [] })).toMatchObject({ ok: false })
  })

  it('keeps a number in one form', async () => {
    expect(await enroll(factorBy(byText(PHONES)), '0170 123-45.67')).toMatchObject({
      ok: true,
      data: { target: NUMBER, country: 'DE' },
    })
  })

  it('binds no target twice', async () => {
    const others = [toPhone()]
    expect(await enroll(factorBy(byText(PHONES)), NUMBER, others)).toMatchObject({ ok: false })
    expect(await enroll(factorBy(byText(PHONES)), '+49 170 7654321', others)).toMatchObject({
      ok: true,
    })
  })

  it('shows where the first code goes, and not the whole target', () => {
    const credential = toPhone()
    expect(factorBy(byText(PHONES)).offer({ credential }, alice)).toEqual({
      show: 'sent',
      to: '\u2022\u2022\u2022\u2022 67',
      digits: 6,
    })
  })
})

describe('a code', () => {
  it.each([
    ['email', () => byMail({ daily_limit: 10 }), { target: 'alice@example.com' }, ['otp']],
    ['sms', () => byText(PHONES), { target: NUMBER, country: 'DE' }, ['otp', 'sms']],
    ['voice', () => byCall(PHONES), { target: NUMBER, country: 'DE' }, ['otp', 'tel']],
  ] as const)(
    'by %s goes to the target and proves what it is worth',
    async (kind, way, data, amr) => {
      const factor = factorBy(way())
      const credential = bound(kind, data)
      const challenge = await ask(factor, credential)
      const [sent] = inbox.messages()
      expect(sent?.message).toMatchObject({ medium: kind, to: data.target })
      const code = kind === 'voice' ? sent?.message.text.match(/\d/g)?.join('') : sentCode()
      expect(await factor.verify({ credential, challenge }, code ?? '')).toEqual({
        ok: true,
        data,
        worth: { amr, phishingResistant: false, alone: false },
      })
    },
  )

  it('may have spaces and dashes in it', async () => {
    const credential = toAlice()
    const challenge = await ask(byMailFactor(), credential)
    const dressed = ` ${sentCode().slice(0, 3)} - ${sentCode().slice(3)} `
    expect(await byMailFactor().verify({ credential, challenge }, dressed)).toMatchObject({
      ok: true,
    })
  })

  it.each([
    '',
    '12345',
    '1234567',
    'abcdef',
    '１２３４５６',
    '12345\u0000',
    '0x1234',
    '1e5000',
    '[]',
  ])('of any other shape is a wrong one: %j', async (answer) => {
    const credential = toAlice()
    const challenge = await ask(byMailFactor(), credential)
    expect(await byMailFactor().verify({ credential, challenge }, answer)).toEqual({
      ok: false,
      reason: 'wrong',
    })
  })

  it('is wrong when another was sent', async () => {
    const credential = toAlice()
    const challenge = await ask(byMailFactor(), credential)
    expect(await byMailFactor().verify({ credential, challenge }, wrongCode())).toEqual({
      ok: false,
      reason: 'wrong',
    })
  })

  it('is void once a new one is sent', async () => {
    const factor = byMailFactor()
    const credential = toAlice()
    await ask(factor, credential)
    const former = sentCode()
    const challenge = await ask(factor, credential)
    const isNew = sentCode() !== former
    expect(await factor.verify({ credential, challenge }, former)).toMatchObject({ ok: !isNew })
    expect(await factor.verify({ credential, challenge }, sentCode())).toMatchObject({ ok: true })
  })

  it.each([
    ['email', () => byMail({ daily_limit: 10 }), { target: 'a@example.com' }, 600],
    ['sms', () => byText(PHONES), { target: NUMBER, country: 'DE' }, 300],
  ] as const)('by %s is too late after its time', async (kind, way, data, seconds) => {
    const factor = factorBy(way())
    const credential = bound(kind, data)
    const challenge = await ask(factor, credential)
    clock.advance(seconds - 1)
    expect(await factor.verify({ credential, challenge }, sentCode())).toMatchObject({ ok: true })
    clock.advance(1)
    const verdict = await factor.verify({ credential, challenge }, sentCode())
    expect(verdict).toEqual({ ok: false, reason: 'expired' })
    // Whoever lengthens the life of the question does not lengthen that of the code.
    const longer = { ...challenge, expiresAt: clock.now() + 600 }
    expect(await factor.verify({ credential, challenge: longer }, sentCode())).toEqual(verdict)
    expect(await factor.verify({ credential, challenge }, wrongCode())).toMatchObject({
      reason: 'wrong',
    })
  })

  it('was used where the question is answered', async () => {
    const credential = toAlice()
    const challenge = await ask(byMailFactor(), credential)
    const answered = { ...challenge, state: 'verified' } as const
    expect(await byMailFactor().verify({ credential, challenge: answered }, sentCode())).toEqual({
      ok: false,
      reason: 'used',
    })
  })

  it('proves nothing about another authenticator, target or question', async () => {
    const factor = byMailFactor()
    const credential = toAlice()
    const challenge = await ask(factor, credential)
    const code = sentCode()
    const others: [Credential, Challenge | undefined][] = [
      [{ ...credential, id: 'other' }, challenge],
      [
        { ...credential, id: 'other' },
        { ...challenge, credentialId: 'other' },
      ],
      [{ ...credential, data: { target: 'eve@example.com' } }, challenge],
      [{ ...credential, kind: 'sms' }, challenge],
      [credential, undefined],
    ]
    for (const [about, asked] of others) {
      const given = asked ? { credential: about, challenge: asked } : { credential: about }
      expect(await factor.verify(given, code)).toEqual({ ok: false, reason: 'wrong' })
    }
  })

  it('does not stand in what is kept', async () => {
    const { data, deliver } = await start(byMailFactor(), toAlice())
    await deliver?.()
    expect(JSON.stringify(data)).not.toContain(sentCode())
  })

  it('is the same when its message is tried again', async () => {
    const { deliver } = await start(byMailFactor(), toAlice())
    await deliver?.()
    await deliver?.()
    const [one, other] = inbox.messages()
    expect(one?.message).toBe(other?.message)
  })

  // Attack OTP-012: a bias would show in the digits and in their places.
  it('is drawn evenly, with the zeros in front', () => {
    const drawn = Array.from({ length: 100_000 }, newCode)
    expect(drawn.filter((code) => !/^\d{6}$/.test(code))).toEqual([])
    for (let place = 0; place < 6; place += 1) {
      const counts = Array<number>(10).fill(0)
      for (const code of drawn) counts[Number(code[place])] = (counts[Number(code[place])] ?? 0) + 1
      const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
      // Nine degrees of freedom: a fair draw is above this once in ten million times.
      expect(chiSquare).toBeLessThan(50)
    }
    // Of a million, 95 163 different ones are expected in a hundred thousand draws.
    expect(Math.abs(new Set(drawn).size - 95_163)).toBeLessThan(600)
  })
})

describe('a service that checks codes itself', () => {
  const aService = () => {
    const codes = new Map<string, string>()
    const checks: unknown[] = []
    let isDown = false
    const channel: Channel = {
      name: 'service',
      carries: ['sms', 'voice'],
      deliver: async () => ({ ok: true }),
      verification: {
        media: ['sms'],
        async start(_, to) {
          if (isDown) throw new Error('down')
          codes.set(to, '246810')
          return { ok: true, reference: 'q1' }
        },
        async check(to, reference, code) {
          if (isDown) throw new Error('down')
          checks.push([to, reference, code])
          return codes.get(to) === code && codes.delete(to)
        },
      },
    }
    const fail = () => {
      isDown = true
    }
    return { channel, checks, fail }
  }

  it('is asked for codes and about them', async () => {
    const { channel, checks } = aService()
    const factor = factorBy(byText(PHONES), [channel])
    const credential = toPhone()
    const challenge = await ask(factor, credential)
    expect(inbox.messages()).toEqual([])
    expect(await factor.verify({ credential, challenge }, '111111')).toMatchObject({ ok: false })
    expect(await factor.verify({ credential, challenge }, '246810')).toMatchObject({ ok: true })
    expect(await factor.verify({ credential, challenge }, '246810')).toMatchObject({ ok: false })
    // About the very question that was put, so that the code of another one is none.
    expect(checks).toEqual([
      [NUMBER, 'q1', '111111'],
      [NUMBER, 'q1', '246810'],
      [NUMBER, 'q1', '246810'],
    ])
  })

  it('is not asked about what is late, answered or of another shape', async () => {
    const { channel, checks } = aService()
    const factor = factorBy(byText(PHONES), [channel])
    const credential = toPhone()
    const challenge = await ask(factor, credential)
    await factor.verify({ credential, challenge }, 'abc')
    const answered = { ...challenge, state: 'verified' } as const
    await factor.verify({ credential, challenge: answered }, '246810')
    clock.advance(300)
    expect(await factor.verify({ credential, challenge }, '246810')).toEqual({
      ok: false,
      reason: 'expired',
    })
    expect(checks).toEqual([])
  })

  it('proves no target but that to which its code went', async () => {
    const { channel, checks } = aService()
    const factor = factorBy(byText(PHONES), [channel])
    const credential = toPhone()
    const challenge = await ask(factor, credential)
    const moved = { ...credential, data: { target: '+491701234568', country: 'DE' } }
    expect(await factor.verify({ credential: moved, challenge }, '246810')).toMatchObject({
      ok: false,
      reason: 'wrong',
    })
    const unbound = { ...challenge, data: { by: 'service', until: clock.now() + 60 } }
    expect(await factor.verify({ credential, challenge: unbound }, '246810')).toMatchObject({
      ok: false,
      reason: 'wrong',
    })
    expect(checks).toEqual([])
  })

  it('that is down makes no answer right', async () => {
    const { channel, fail } = aService()
    const factor = factorBy(byText(PHONES), [channel])
    const credential = toPhone()
    const challenge = await ask(factor, credential)
    fail()
    await expect(factor.verify({ credential, challenge }, '246810')).rejects.toThrow()
    const { deliver } = await start(factor, credential)
    await expect(deliver?.()).rejects.toThrow()
  })

  it('is passed over for media that it does not take', async () => {
    const { channel, checks } = aService()
    const factor = factorBy(byCall(PHONES), [channel])
    const credential = bound('voice', { target: NUMBER, country: 'DE' })
    const challenge = await ask(factor, credential)
    await factor.verify({ credential, challenge }, '246810')
    expect(checks).toEqual([])
  })
})

describe('a message', () => {
  it('is not sent to a country that is no longer listed', async () => {
    const factor = factorBy(byText({ ...PHONES, countries: ['AT'] }))
    const { deliver } = await start(factor, toPhone())
    expect(await deliver?.()).toMatchObject({ ok: false })
    expect(inbox.messages()).toEqual([])
  })

  it('is not sent without a channel: that may change', async () => {
    const factor = factorBy(byText(PHONES), [])
    const credential = toPhone()
    await expect(start(factor, credential)).rejects.toThrow()
  })

  it('is taken from budgets a day and a target, whose names tell no target', async () => {
    const { budgets = [] } = await start(factorBy(byText(PHONES)), toPhone())
    expect(budgets.map(({ most, windowSeconds }) => [most, windowSeconds])).toEqual([
      [10, 86_400],
      [10, 3600],
      [30, 86_400],
    ])
    expect(JSON.stringify(budgets)).not.toMatch(/4567|DE\b/)
  })

  it('is counted for one mailbox, however its address is written', async () => {
    const of = async (target: string) => {
      const { budgets = [] } = await start(byMailFactor(), bound('email', { target }))
      return budgets.slice(1).map(({ name }) => name)
    }
    const alices = await of('alice@example.com')
    expect(alices).toHaveLength(2)
    for (const same of ['Alice@example.com', 'ALICE+1@example.com', 'alice+a+b@example.com']) {
      expect(await of(same)).toEqual(alices)
    }
    const others = ['+alice@example.com', '+bob@example.com', 'alice@example.org', 'al@example.com']
    const names = await Promise.all(others.map(of))
    expect(new Set([...names, alices].map(String)).size).toBe(5)
  })

  it('leaves half of the day to others when it is for the user of an application', async () => {
    const of = async (application: string) => {
      const user = aUser({ application })
      const { budgets = [] } = await start(factorBy(byText(PHONES)), toPhone(), user)
      return budgets.filter(({ most, shared }) => most === 5 && shared)
    }
    const [shop] = await of('shop')
    const [forum] = await of('forum')
    expect(shop).toMatchObject({ most: 5, windowSeconds: 86_400 })
    expect(shop?.name).not.toBe(forum?.name)
  })

  it('is taken from narrower ones while the target is not proved', async () => {
    const pending = { ...toPhone(), state: 'pending' } as const
    const { budgets = [] } = await start(factorBy(byText(PHONES)), pending)
    expect(budgets.map(({ most, windowSeconds }) => [most, windowSeconds])).toEqual([
      [10, 86_400],
      [10, 3600],
      [30, 86_400],
      [5, 86_400],
      [20, 86_400],
      [3, 86_400],
      [20, 3600],
    ])
  })

  it('shares the budget of a block with neighboring numbers only', async () => {
    const blockOf = async (target: string) => {
      const data = { target, country: 'DE' }
      const credential = bound('sms', data, { state: 'pending' })
      const { budgets = [] } = await start(factorBy(byText(PHONES)), credential)
      return budgets.at(-1)?.name
    }
    const block = await blockOf('+491701230000')
    expect(await blockOf('+491701239999')).toBe(block)
    expect(await blockOf('+491701240000')).not.toBe(block)
  })
})
