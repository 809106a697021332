import { beforeEach, describe, expect, it } from 'vitest'
import { createAudit } from '../../../src/audit/record.ts'
import type { AuditEvent } from '../../../src/model/event.ts'
import { type StillClock, stillClock } from '../../support/still-clock.ts'

let clock: StillClock
let written: AuditEvent[]
let heard: AuditEvent[]
let audit: ReturnType<typeof createAudit>
beforeEach(() => {
  clock = stillClock()
  written = []
  heard = []
  audit = createAudit({
    clock,
    sinks: [(event) => heard.push(event)],
    writers: [(event) => written.push(event)],
  })
})

const refusal = (number: number, address = '192.0.2.1') =>
  ({
    name: 'access.denied',
    address,
    reference: `REF-${number}`,
    details: { host: 'a.gw.test', path: `/${number}`, rule: 'admin', reason: 'not_a_member' },
  }) as const

const repeatsIn = (events: readonly AuditEvent[]) =>
  events.reduce((sum, { details = {} }) => sum + Number(details.repeats ?? 1), 0)

describe('what repeats itself within a minute', () => {
  it('is a few rows and then one with a count, and every number that was told is found', async () => {
    const told = Array.from({ length: 500 }, (_, number) => audit.record(refusal(number)))
    await audit.close()
    expect(heard).toHaveLength(500)
    expect(written).toHaveLength(7)
    expect(repeatsIn(written)).toBe(500)
    expect(told.every((it) => written.some(({ reference }) => reference === it))).toBe(true)
  })

  it('is told apart by who and from where, and begins anew after a minute', () => {
    for (let number = 0; number < 20; number += 1) {
      audit.record(refusal(number))
      audit.record(refusal(number, '192.0.2.2'))
      audit.record({ ...refusal(number), userId: 'u1' })
    }
    expect(written).toHaveLength(18)
    clock.advance(60)
    audit.record(refusal(21))
    expect(written).toHaveLength(20)
    expect(written.at(-2)).toMatchObject({ reference: 'REF-5', details: { repeats: 14 } })
    expect(written.at(-1)).toMatchObject({ reference: 'REF-21' })
  })

  it('is kept within bounds when it comes from everywhere', async () => {
    for (let number = 0; number < 20_000; number += 1) {
      audit.record(refusal(number, `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`))
    }
    await audit.close()
    expect(written.length).toBeLessThan(320)
    expect(repeatsIn(written)).toBe(20_000)
  })

  it('says of nobody how often: who it was may be forgotten before the minute is over', async () => {
    for (let number = 0; number < 20; number += 1) {
      audit.record({ ...refusal(number), userId: 'u1', sessionId: 's1' })
    }
    await audit.close()
    const tally = written.at(-1)
    expect(tally).toMatchObject({ reference: 'REF-5', details: { repeats: 14, rule: 'admin' } })
    expect(JSON.stringify(tally)).not.toMatch(/u1|s1|192\.0|path/)
  })

  it('is one thing for ten minutes where guesses at one person have to wait', async () => {
    for (let second = 0; second < 3600; second += 1) {
      audit.record({
        name: 'login.throttled',
        userId: 'u1',
        address: `192.0.2.${second % 200}`,
        details: { factor: 'password', seconds: 30 },
      })
      clock.advance(1)
    }
    await audit.close()
    expect(heard).toHaveLength(3600)
    expect(repeatsIn(written)).toBe(3600)
    // In each ten minutes: the first, one that stands for the others, and how many those were.
    expect(written).toHaveLength(18)
    expect(written.filter(({ userId }) => userId === 'u1')).toHaveLength(12)
  })

  it('is never what nobody can cause at will', () => {
    for (let number = 0; number < 50; number += 1) {
      audit.record({ name: 'user.changed', userId: 'u1', details: { what: 'groups' } })
    }
    expect(written).toHaveLength(50)
  })

  it('costs no walk through the rules where it is only counted', () => {
    let walks = 0
    for (let number = 0; number < 100; number += 1) {
      audit.record(refusal(number), () => {
        walks += 1
        return [{ rule: 'admin', says: 'yes' }]
      })
    }
    expect(walks).toBe(6)
    expect(written[0]?.walk).toEqual([{ rule: 'admin', says: 'yes' }])
  })
})
