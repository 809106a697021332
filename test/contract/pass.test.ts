import { createPasswordHasher } from '../../src/base/password.ts'
import { createPass } from '../../src/factors/pass/index.ts'
import { issuePass } from '../../src/factors/pass/issue.ts'
import { aCredential } from '../support/builders.ts'
import type { StillClock } from '../support/still-clock.ts'
import { describeFactor } from './factor.ts'

const hasher = createPasswordHasher({
  cost: { memoryKib: 64, passes: 1 },
  pepper: new Uint8Array(32).fill(1),
  concurrency: 2,
  queueLimit: 200,
})

const LASTS = 36_000

let clock: StillClock
describeFactor({
  kind: 'pass',
  wrong: '0000-0000-0000-0000',
  answerLasts: LASTS,
  singleUse: true,
  create(still) {
    clock = still
    return createPass({ clock, hasher })
  },
  holder() {
    throw new Error('a pass is not enrolled')
  },
  async issue(_, store, user) {
    const { pass, data, label } = await issuePass(hasher, clock.now() + LASTS)
    const credential = aCredential({ userId: user.id, kind: 'pass', label, data })
    await store.credentials.insert(credential)
    const tell = async () => pass
    return { credential, holder: { enroll: tell, answer: tell } }
  },
})
