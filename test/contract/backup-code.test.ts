import { createPasswordHasher } from '../../src/base/password.ts'
import { createBackupCode } from '../../src/factors/backup-code/index.ts'
import { describeFactor } from './factor.ts'

const hasher = createPasswordHasher({
  cost: { memoryKib: 64, passes: 1 },
  pepper: new Uint8Array(32).fill(1),
  concurrency: 2,
  queueLimit: 200,
})

describeFactor({
  kind: 'backup_code',
  wrong: '0000-0000-0000-0000',
  answerLasts: 'until it is used',
  create: () => createBackupCode({ hasher, key: new Uint8Array(32).fill(2) }),
  holder() {
    let codes: readonly string[] = []
    return {
      async enroll({ offer }) {
        codes = offer.show === 'codes' ? offer.codes : []
        return 'kept'
      },
      answer: async () => codes[0] ?? '',
    }
  },
})
