import { describe, expect, it } from 'vitest'
import { nextStep, type Situation } from '../../../src/login/steps.ts'
import type { GivenProof } from '../../../src/model/attempt.ts'
import { aCredential, aSession, NOON } from '../../support/builders.ts'

const one = { aal: 1, phishingResistant: false } as const
const two = { aal: 2, phishingResistant: false } as const
const resistant = { aal: 2, phishingResistant: true } as const
const password: GivenProof = { amr: 'pwd', phishingResistant: false, at: NOON }
const code: GivenProof = { amr: 'otp', phishingResistant: false, at: NOON }
const totp = new Map([['totp', { phishingResistant: false }]])

const situation = (given: Partial<Situation>): Situation => ({
  requirement: two,
  passwordMaxAgeSeconds: 3600,
  proved: [],
  credentials: [aCredential()],
  factors: totp,
  now: NOON,
  ...given,
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
  ['to identify again, when a code came without a password', { proved: [code] }, 'password'],
]

describe('nextStep asks', () => {
  it.each(asks)('%s', (_, given, expected) => {
    expect(nextStep(situation(given)).ask).toBe(expected)
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
