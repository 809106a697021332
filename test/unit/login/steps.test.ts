import { describe, expect, it } from 'vitest'
import { type Kind, nextStep, type Situation } from '../../../src/login/steps.ts'
import type { GivenProof } from '../../../src/model/attempt.ts'
import type { Worth } from '../../../src/model/factor.ts'
import { aCredential, aSession, NOON } from '../../support/builders.ts'

const one = { aal: 1, phishingResistant: false } as const
const two = { aal: 2, phishingResistant: false } as const
const resistant = { aal: 2, phishingResistant: true } as const
const proof = (method: string, given: Partial<GivenProof> = {}): GivenProof => ({
  amr: [method],
  phishingResistant: false,
  alone: false,
  at: NOON,
  ...given,
})
const password = proof('pwd')
const code = proof('otp')
const pass = proof('otp', { temporary: true })

/** A kind of factor whose proofs are all worth the same. */
const aKind = (kind: string, best: Worth, given: Partial<Kind> = {}): [string, Kind] => [
  kind,
  { kind, best, rank: 0, enrollable: 'first', worthOf: () => best, ...given },
]
const otp: Worth = { amr: ['otp'], phishingResistant: false, alone: false }
const key: Worth = { amr: ['hwk'], phishingResistant: true, alone: false }
const totp = new Map([aKind('totp', otp)])
const both = new Map([...totp, aKind('passkey', key, { rank: 9 })])
const passkey = proof('hwk', { phishingResistant: true })
/** Keys that know their owner, codes on paper, and passes from an administrator. */
const many = new Map([
  ...totp,
  aKind('passkey', { ...key, alone: true }, { rank: 9 }),
  aKind('backup_code', otp, { lastResort: true, enrollable: 'later' }),
  aKind('pass', { ...otp, temporary: true }, { lastResort: true, enrollable: 'never' }),
])
const withCode = { aal: 2, amr: ['pwd', 'otp', 'mfa'] } as const

const situation = (given: Partial<Situation>): Situation => ({
  requirement: two,
  passwordMaxAgeSeconds: 3600,
  proved: [],
  credentials: [aCredential()],
  factors: totp,
  now: NOON,
  ...given,
})

const named = (...by: string[]) => ({ ...two, maxAgeSeconds: 300, by })
const mine = [
  aCredential({ id: 'app' }),
  aCredential({ id: 'key', kind: 'passkey' }),
  aCredential({ id: 'codes', kind: 'backup_code' }),
  aCredential({ id: 'pass', kind: 'pass' }),
]

describe('the very first authenticator, where it takes a pass', () => {
  const ask = (given: Partial<Situation>) =>
    nextStep(situation({ factors: many, credentials: [], firstNeedsPass: true, ...given }))

  it('is enrolled by no password alone', () => {
    expect(ask({ proved: [password] })).toEqual({ ask: 'impossible', because: 'needs_pass' })
    expect(ask({ proved: [password], firstNeedsPass: false })).toMatchObject({ ask: 'enroll' })
  })

  it('is enrolled once a pass was given', () => {
    const credentials = [aCredential({ id: 'pass', kind: 'pass' })]
    expect(ask({ proved: [password], credentials })).toMatchObject({
      ask: 'prove',
      credential: { id: 'pass' },
    })
    expect(ask({ proved: [password, pass] })).toMatchObject({ ask: 'enroll' })
  })

  it('is nobody’s concern where one factor is enough', () => {
    expect(ask({ requirement: one, proved: [password] })).toMatchObject({ ask: 'nothing' })
  })
})

describe('where certain authenticators are asked for', () => {
  const ask = (given: Partial<Situation>) =>
    nextStep(situation({ factors: many, credentials: mine, ...given }))
  const waysIn = (step: ReturnType<typeof ask>) =>
    step.ask === 'prove' ? step.ways.map(({ id }) => id) : step.ask

  it('takes those alone, or a pass', () => {
    const step = ask({ requirement: named('key', 'codes'), proved: [password] })
    expect(waysIn(step)).toEqual(['key', 'codes', 'pass'])
  })

  it('takes no proof by another, however fresh', () => {
    const given = proof('otp', { credentialId: 'app' })
    const step = ask({ requirement: named('key'), proved: [password, given] })
    expect(waysIn(step)).toContain('key')
    const session = aSession({ ...withCode, by: ['app'] })
    expect(waysIn(ask({ requirement: named('key'), session }))).toContain('key')
  })

  it('takes a session that one of them proved lately', () => {
    const session = aSession({ ...withCode, by: ['key'] })
    expect(ask({ requirement: named('key'), session }).ask).toBe('nothing')
    const old = { ...session, authenticatedAt: NOON - 301 }
    expect(waysIn(ask({ requirement: named('key'), session: old }))).toContain('key')
  })

  it('does not take an old proof by the one for a fresh one by another', () => {
    const session = aSession({ ...withCode, by: ['key'], authenticatedAt: NOON - 301 })
    const given = proof('otp', { credentialId: 'app' })
    const step = ask({ requirement: named('key'), session, proved: [given] })
    expect(waysIn(step)).toContain('key')
  })

  it('says so when none of them counts any more', () => {
    const step = ask({
      requirement: named(),
      proved: [password],
      credentials: mine.slice(0, 3),
    })
    expect(step).toEqual({ ask: 'impossible', because: 'factor_disabled' })
  })

  it('takes what a pass has just bound', () => {
    const given = proof('otp', { credentialId: 'new', enrolled: true })
    const step = ask({ requirement: named('key'), proved: [password, pass, given] })
    expect(step.ask).toBe('nothing')
  })
})

const asks: [string, Partial<Situation>, string][] = [
  ['who is there, from nobody', {}, 'identify'],
  [
    'nothing more after a password where one factor is enough',
    { requirement: one, proved: [password] },
    'nothing',
  ],
  ['for a code after a password', { proved: [password] }, 'prove'],
  ['nothing more after password and code', { proved: [password, code] }, 'nothing'],
  ['to enroll who has no authenticator', { proved: [password], credentials: [] }, 'enroll'],
  [
    'to enroll who has begun to, but not finished',
    { proved: [password], credentials: [aCredential({ state: 'pending' })] },
    'enroll',
  ],
  ['nothing of whoever has the level already', { session: aSession({ aal: 2 }) }, 'nothing'],
  ['for a code at a step-up', { session: aSession() }, 'prove'],
  [
    'for the password too, when it was given long ago',
    { session: aSession({ authenticatedAt: NOON - 3601 }) },
    'password',
  ],
  [
    'for a code when the second factor is too old',
    {
      requirement: { ...two, maxAgeSeconds: 600 },
      session: aSession({ aal: 2, authenticatedAt: NOON - 601 }),
    },
    'prove',
  ],
  [
    'nothing while the second factor is fresh',
    {
      requirement: { ...two, maxAgeSeconds: 600 },
      session: aSession({ aal: 2, authenticatedAt: NOON - 600 }),
    },
    'nothing',
  ],
  [
    'for the password when one factor is too old',
    {
      requirement: { ...one, maxAgeSeconds: 600 },
      session: aSession({ authenticatedAt: NOON - 601 }),
    },
    'password',
  ],
  [
    'for the code, not content with a fresh password alone',
    {
      requirement: { ...two, maxAgeSeconds: 600 },
      session: aSession({ aal: 2, authenticatedAt: NOON - 601 }),
      proved: [password],
    },
    'prove',
  ],
  [
    'for the impossible, where only a passkey would do',
    { requirement: resistant, proved: [password] },
    'impossible',
  ],
  [
    'for the impossible, where no factor is on',
    { proved: [password], credentials: [], factors: new Map() },
    'impossible',
  ],
  [
    'for the impossible, not for a new authenticator, when the old one is disabled',
    { proved: [password], credentials: [aCredential({ state: 'disabled' })] },
    'impossible',
  ],
  [
    'for the code, where one factor is too old and the session has two',
    {
      requirement: { ...one, maxAgeSeconds: 600 },
      session: aSession({ ...withCode, authenticatedAt: NOON - 601 }),
    },
    'prove',
  ],
  [
    'for the other authenticator, where only its method will do',
    {
      requirement: { ...two, methods: ['hwk'] },
      factors: both,
      session: aSession(withCode),
      credentials: [aCredential({ lastUsedAt: NOON }), aCredential({ kind: 'passkey' })],
    },
    'prove',
  ],
  [
    'for the impossible, where a person has no authenticator of the method',
    { requirement: { ...two, methods: ['hwk'] }, factors: both, proved: [password] },
    'impossible',
  ],
  [
    'to enroll one of the method, who has none at all',
    {
      requirement: { ...two, methods: ['hwk'] },
      factors: both,
      proved: [password],
      credentials: [],
    },
    'enroll',
  ],
  [
    'nothing where one of several methods was used',
    { requirement: { ...two, methods: ['hwk', 'otp'] }, session: aSession(withCode) },
    'nothing',
  ],
  [
    'for a method that goes beyond the level',
    { requirement: { ...one, methods: ['otp'] }, proved: [password] },
    'prove',
  ],
  [
    'for the password, where it is the method',
    {
      requirement: { ...two, methods: ['pwd'] },
      session: aSession({ aal: 2, amr: ['hwk', 'mfa'], phishingResistant: true }),
    },
    'password',
  ],
  [
    'nothing more, once the password is the method and was given',
    {
      requirement: { ...two, methods: ['pwd'] },
      session: aSession({ aal: 2, amr: ['hwk', 'mfa'], phishingResistant: true }),
      proved: [password],
    },
    'nothing',
  ],
  [
    'for the passkey again: a fresh code makes no old passkey fresh',
    {
      requirement: { ...resistant, maxAgeSeconds: 600 },
      factors: both,
      session: aSession({
        aal: 2,
        amr: ['hwk', 'mfa'],
        phishingResistant: true,
        authenticatedAt: NOON - 601,
      }),
      proved: [code],
      credentials: [aCredential({ lastUsedAt: NOON }), aCredential({ kind: 'passkey' })],
    },
    'prove',
  ],
  ['for the password, when a code came without one', { proved: [code] }, 'password'],
  [
    'nothing more after a passkey that is two factors by itself',
    {
      requirement: resistant,
      factors: many,
      proved: [proof('hwk', { phishingResistant: true, alone: true })],
    },
    'nothing',
  ],
  [
    'for the password too, after a key that does not know its owner',
    { requirement: resistant, factors: many, proved: [passkey] },
    'password',
  ],
  [
    'for a new authenticator after a pass, whatever else is bound',
    { factors: many, proved: [password, pass] },
    'enroll',
  ],
  [
    'nothing more, once a pass has led to a new authenticator',
    { factors: many, proved: [password, pass, proof('otp', { enrolled: true })] },
    'nothing',
  ],
  [
    'for a passkey by the pass, where only a passkey will do',
    {
      requirement: resistant,
      factors: many,
      proved: [password],
      credentials: [aCredential(), aCredential({ kind: 'pass' })],
    },
    'prove',
  ],
]

describe('nextStep asks', () => {
  it.each(asks)('%s', (_, given, expected) => {
    expect(nextStep(situation(given)).ask).toBe(expected)
  })

  it('for the passkey instead of the password at a step-up, with the password beside it', () => {
    const credentials = [aCredential({ lastUsedAt: NOON }), aCredential({ kind: 'passkey' })]
    const old = aSession({ authenticatedAt: NOON - 3601 })
    const given = { factors: many, session: old, credentials }
    expect(nextStep(situation(given))).toMatchObject({
      ask: 'prove',
      credential: { kind: 'passkey' },
      orPassword: true,
      ways: [{ kind: 'passkey' }],
    })
    expect(nextStep(situation({ ...given, chosen: 'password' }))).toMatchObject({
      ask: 'password',
      ways: [{ kind: 'passkey' }],
    })
  })

  it('for the way that was chosen, and for no way that would not do', () => {
    const credentials = [
      aCredential({ id: 'a', lastUsedAt: NOON }),
      aCredential({ id: 'b' }),
      aCredential({ id: 'key', kind: 'passkey' }),
    ]
    const given = { factors: many, proved: [password], credentials }
    const chosen = (id: string, requirement = two as Situation['requirement']) => {
      const step = nextStep(situation({ ...given, requirement, chosen: id }))
      return step.ask === 'prove' ? step.credential.id : step.ask
    }
    expect(chosen('b')).toBe('b')
    expect(chosen('nonsense')).toBe('a')
    expect(chosen('a', resistant)).toBe('key')
  })

  it('for codes on paper last, even when they were used last', () => {
    const credentials = [
      aCredential({ kind: 'backup_code', lastUsedAt: NOON }),
      aCredential({ id: 'app' }),
    ]
    const step = nextStep(situation({ factors: many, proved: [password], credentials }))
    expect(step.ask === 'prove' && step.credential.id).toBe('app')
  })

  it('to enroll what is recommended first, and nothing that comes later or never', () => {
    const step = nextStep(situation({ factors: many, proved: [password], credentials: [] }))
    expect(step).toMatchObject({ ask: 'enroll', kinds: ['passkey', 'totp'] })
  })

  it('for the authenticator that was used last', () => {
    const credentials = [
      aCredential({ id: 'old', lastUsedAt: NOON - 10 }),
      aCredential({ id: 'new', lastUsedAt: NOON - 5 }),
      aCredential({ id: 'never' }),
    ]
    const step = nextStep(situation({ proved: [password], credentials }))
    expect(step.ask === 'prove' && step.credential.id).toBe('new')
  })

  it('for the method that is asked for, not for the one used last', () => {
    const credentials = [
      aCredential({ id: 'code', lastUsedAt: NOON }),
      aCredential({ id: 'key', kind: 'passkey' }),
    ]
    const requirement = { ...two, methods: ['hwk'] }
    const step = nextStep(
      situation({ requirement, factors: both, proved: [password], credentials }),
    )
    expect(step.ask === 'prove' && step.credential.id).toBe('key')
  })

  it.each([
    ['joins an older proof where its age does not matter', {}, ['pwd', 'otp', 'mfa', 'hwk'], 3000],
    ['stands by itself where it does', { maxAgeSeconds: 600 }, ['pwd', 'hwk', 'mfa'], 0],
  ])('for nothing more: a new proof %s', (_, age, amr, secondsAgo) => {
    const session = aSession({ ...withCode, authenticatedAt: NOON - 3000 })
    const requirement = { ...two, methods: ['hwk'], ...age }
    const step = nextStep(situation({ requirement, factors: both, session, proved: [passkey] }))
    expect(step).toMatchObject({ proof: { amr, authenticatedAt: NOON - secondsAgo } })
  })

  it('for a proof that tells what was used and when', () => {
    const later = { ...code, at: NOON + 30 }
    const step = nextStep(situation({ proved: [password, later], now: NOON + 30 }))
    expect(step).toEqual({
      ask: 'nothing',
      proof: {
        aal: 2,
        phishingResistant: false,
        amr: ['pwd', 'otp', 'mfa'],
        authenticatedAt: NOON + 30,
      },
    })
  })
})

describe('a new password by a link in a mail', () => {
  const kinds = new Map([...many, aKind('email', otp, { needs: 'email' })])
  const mail = aCredential({ id: 'mail', kind: 'email' })
  const ask = (credentials: Situation['credentials'], given: Partial<Situation> = {}) =>
    nextStep(situation({ goal: 'new_password', factors: kinds, credentials, ...given }))

  it('takes an authenticator that is not the same mailbox once more', () => {
    for (const chosen of [undefined, 'mail']) {
      const step = ask([mail, aCredential({ id: 'app' })], chosen ? { chosen } : {})
      expect(step).toMatchObject({ ask: 'prove', credential: { id: 'app' } })
      expect(step).toMatchObject({ ways: [{ id: 'app' }] })
    }
  })

  it('is out of reach of a mailbox while the better authenticator is disabled', () => {
    expect(ask([mail, aCredential({ id: 'app', state: 'disabled' })])).toEqual({
      ask: 'impossible',
      because: 'factor_disabled',
    })
  })

  it('asks for a code by mail where there is nothing else', () => {
    expect(ask([mail])).toMatchObject({ ask: 'prove', credential: { id: 'mail' } })
  })
})
