import { expect, it } from 'vitest'
import { createAlertListener } from '../../../src/alerts/listener.ts'
import type { Tally } from '../../../src/alerts/tally.ts'
import { recordingLog } from '../../support/recording-log.ts'

const REFUSED = {
  name: 'login.refused',
  at: 1,
  address: '192.0.2.1',
  details: { factor: 'totp' },
} as const

it('keeps what could not be written, and says so once', async () => {
  const { log, lines } = recordingLog()
  const written: (Tally | undefined)[] = []
  let isAway = true
  const memory = {
    async hear(_: unknown, tally: Tally | undefined) {
      if (isAway) throw new Error('no store')
      written.push(tally)
    },
  }
  const listener = createAlertListener({ memory, log })
  for (let second = 0; second < 5; second += 1) {
    listener.hear(REFUSED)
    await listener.flush()
  }
  expect(lines).toHaveLength(1)
  isAway = false
  await listener.flush()
  expect(written).toMatchObject([{ count: 5 }])
  await listener.flush()
  expect(written).toHaveLength(1)
})

it('is at its end when all that was begun is written', async () => {
  const { log } = recordingLog()
  const gate = Promise.withResolvers<void>()
  let isWritten = false
  const memory = {
    async hear() {
      await gate.promise
      isWritten = true
    },
  }
  const listener = createAlertListener({ memory, log })
  listener.hear(REFUSED)
  void listener.flush()
  const end = listener.flush()
  gate.resolve()
  await end
  expect(isWritten).toBe(true)
})
