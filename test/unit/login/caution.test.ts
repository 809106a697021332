import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import type { Factor } from '../../../src/factors/contract.ts'
import { createCaution } from '../../../src/login/caution.ts'
import type { Requirement } from '../../../src/model/decision.ts'
import type { Worth } from '../../../src/model/factor.ts'
import type { Assessment, RiskLevel } from '../../../src/model/risk.ts'
import type { Risk } from '../../../src/risk/index.ts'
import { aCredential, aSession, aUser } from '../../support/builders.ts'

const aFactor = (kind: string, worth: Worth): [string, Factor] => [
  kind,
  {
    kind,
    title: kind,
    about: '',
    rank: 1,
    guessable: true,
    best: worth,
    most: 3,
    enrollable: 'first',
    worthOf: () => worth,
    facts: () => [],
    enroll: async () => ({ ok: false, message: 'not here' }),
    offer: () => ({ show: 'codes', codes: [] }),
    prompt: () => ({ ask: 'code', from: kind }),
    verify: async () => ({ ok: false, reason: 'wrong' }),
  },
]
const factors = new Map([
  aFactor('totp', { amr: ['otp'], phishingResistant: false, alone: false }),
  aFactor('passkey', { amr: ['hwk'], phishingResistant: true, alone: true }),
])
const app = aCredential({ id: 'app', kind: 'totp' })
const key = aCredential({ id: 'key', kind: 'passkey' })

const found = (level: RiskLevel, score = 50): Assessment => ({ level, score, reasons: [] })
/** At medium risk nothing follows, at high more is asked. */
const risk = (now = found('high')): Risk => ({
  assess: async () => now,
  isBlind: () => false,
  measuresAt: (level) => ({ notify: false, stepUp: level === 'high', refuse: false }),
  learn: async () => undefined,
  unlearn: async () => undefined,
})
const cautionOf = (weighing: Risk | undefined) =>
  createCaution({ audit: { record: () => undefined }, factors, log: silentLog, risk: weighing })

const one: Requirement = { aal: 1, phishingResistant: false }
const two: Requirement = { aal: 2, phishingResistant: false }

describe('what is asked of an unusual sign-in', () => {
  it.each([
    ['two factors where one would do', one, [app, key], { aal: 2, phishingResistant: false }],
    ['a passkey where two would, of whoever has one', two, [app, key], { phishingResistant: true }],
    ['two of whoever has no passkey', two, [app], { aal: 2, phishingResistant: false }],
    [
      'two where the passkey is locked',
      two,
      [app, { ...key, state: 'disabled' as const }],
      { phishingResistant: false },
    ],
    [
      'what a rule asks for, where a passkey could not be that',
      { ...two, methods: ['otp'] },
      [app, key],
      { phishingResistant: false, methods: ['otp'] },
    ],
    [
      'no less than a rule asks for',
      { aal: 2 as const, phishingResistant: true, maxAgeSeconds: 60 },
      [app],
      { aal: 2, phishingResistant: true, maxAgeSeconds: 60 },
    ],
  ])('is %s', (_, requirement, own, raised) => {
    const caution = cautionOf(risk())
    expect(caution.raised(requirement, found('high'), own)).toMatchObject(raised)
    expect(caution.raised(requirement, found('medium'), own)).toEqual(requirement)
    expect(cautionOf(undefined).raised(requirement, undefined, own)).toEqual(requirement)
  })
})

describe('a session that wants to prove more', () => {
  const user = aUser({ id: 'u1' })
  const visit = (before: Assessment | undefined) => ({
    browser: 'b',
    address: '192.0.2.1',
    userAgent: '',
    rd: undefined,
    signedIn: { user, session: aSession(before ? { risk: before } : {}) },
  })

  it('is no better than it was, and no better than it is', async () => {
    const calm = cautionOf(risk(found('low', 0)))
    expect(await calm.weigh(user, visit(found('high', 80)))).toEqual(found('high', 80))
    expect(await calm.weigh(user, visit(undefined))).toEqual(found('low', 0))
    const odd = cautionOf(risk(found('high', 90)))
    expect(await odd.weigh(user, visit(found('low', 0)))).toEqual(found('high', 90))
  })

  it('is held against nobody else', async () => {
    const calm = cautionOf(risk(found('low', 0)))
    const other = aUser({ id: 'u2' })
    expect(await calm.weigh(other, visit(found('high', 80)))).toEqual(found('low', 0))
  })
})
