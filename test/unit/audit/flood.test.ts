import { statSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { createAudit } from '../../../src/audit/record.ts'
import { storeSink } from '../../../src/audit/sinks/store.ts'
import { silentLog } from '../../../src/base/log.ts'
import { stillClock } from '../../support/still-clock.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

it('a hundred thousand failed sign-ins are some hundred rows, and none is lost from the count', async () => {
  const { store, path, end } = await temporaryStore()
  onTestFinished(end)
  const clock = stillClock()
  const audit = createAudit({
    clock,
    sinks: [],
    writers: [storeSink({ events: store.events, log: silentLog })],
  })
  const before = statSync(path).size
  for (let number = 0; number < 100_000; number += 1) {
    const address = `10.${number % 7}.${number % 201}.${number % 251}`
    const user = number % 3 === 0 ? { userId: `u${number % 500}` } : {}
    const name = number % 2 === 0 ? 'login.refused' : 'login.throttled'
    const details = { factor: 'password', ...(number % 2 === 0 ? { reason: 'wrong' } : {}) }
    audit.record({ name, address, ...user, details })
    // All of it within a quarter of an hour.
    if (number % 111 === 0) clock.advance(1)
  }
  await audit.close()
  const rows = await store.events.list({}, { limit: 100_000 })
  expect(rows.length).toBeLessThan(1500)
  const told = rows.reduce((sum, { details }) => sum + Number(details?.repeats ?? 1), 0)
  expect(told).toBe(100_000)
  expect((await store.events.verify()).faults).toEqual([])
  await store.scrub()
  expect(statSync(path).size - before).toBeLessThan(2_000_000)
})
