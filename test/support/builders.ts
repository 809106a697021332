import { randomToken } from '../../src/base/bytes.ts'
import type { Attempt } from '../../src/model/attempt.ts'
import type { Challenge } from '../../src/model/challenge.ts'
import type { Credential } from '../../src/model/factor.ts'
import type { Session } from '../../src/model/session.ts'
import type { User } from '../../src/model/user.ts'

/** The moment at which tests begin. */
export const NOON = 1_800_000_000

export const aUser = (given: Partial<User> = {}): User => ({
  id: randomToken(16),
  name: 'alice',
  displayName: 'Alice Adams',
  email: 'alice@gw.test',
  groups: [],
  status: 'active',
  createdAt: NOON,
  ...given,
})

export const aSession = (given: Partial<Session> = {}): Session => ({
  id: randomToken(16),
  userId: 'u1',
  aal: 1,
  phishingResistant: false,
  amr: ['pwd'],
  authenticatedAt: NOON,
  createdAt: NOON,
  lastSeenAt: NOON,
  expiresAt: NOON + 43_200,
  remembered: false,
  address: '192.0.2.1',
  userAgent: 'test',
  ...given,
})

export const aCredential = (given: Partial<Credential> = {}): Credential => ({
  id: randomToken(16),
  userId: 'u1',
  kind: 'totp',
  label: 'Authenticator app',
  data: { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' },
  version: 1,
  state: 'active',
  failures: 0,
  createdAt: NOON,
  ...given,
})

export const aChallenge = (given: Partial<Challenge> = {}): Challenge => ({
  id: randomToken(16),
  userId: 'u1',
  credentialId: 'c1',
  kind: 'totp',
  boundTo: 'attempt/a1',
  state: 'pending',
  data: { kept: true },
  about: { address: '192.0.2.1', userAgent: 'test', destination: 'Wiki' },
  failures: 0,
  sends: 1,
  delivery: 'none',
  resendAt: NOON + 30,
  createdAt: NOON,
  expiresAt: NOON + 300,
  version: 1,
  ...given,
})

export const anAttempt = (given: Partial<Attempt> = {}): Attempt => ({
  id: randomToken(16),
  browserHash: new Uint8Array([1, 2, 3]),
  userId: 'u1',
  returnTo: 'https://wiki.example.com/',
  requirement: { aal: 2, phishingResistant: false },
  proved: [],
  remember: false,
  failures: 0,
  createdAt: NOON,
  expiresAt: NOON + 600,
  version: 1,
  ...given,
})
