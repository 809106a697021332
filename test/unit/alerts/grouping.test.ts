import { describe, expect, it } from 'vitest'
import { type Grouped, group, type Memory, NOTHING } from '../../../src/alerts/grouping.ts'
import { type Tally, tallyOf } from '../../../src/alerts/tally.ts'

const HOUR = 3600

/** An attack on somebody, as one kind of alert sees it: five of them within ten minutes. */
function attack() {
  let memory: Memory = NOTHING
  const told: NonNullable<Grouped['alert']>[] = []
  return {
    told,
    memory: () => memory,
    at(now: number, seen?: Tally): Grouped {
      const grouped = group(memory, {
        ...{ now, seen },
        withinSeconds: 600,
        quietSeconds: HOUR,
        alarming: (recent) => (recent.count >= 5 ? recent : undefined),
      })
      // Through the store and back.
      memory = JSON.parse(JSON.stringify(grouped.memory ?? NOTHING)) as Memory
      if (grouped.alert) told.push(grouped.alert)
      return grouped
    },
  }
}

const some = (at: number, count: number) => tallyOf({ source: '192.0.2.1' }, at, count)

describe('alerts of one kind', () => {
  it('go out at once when there is enough, and not before', () => {
    const { at, told } = attack()
    expect(at(1000, some(1000, 4)).alert).toBeUndefined()
    expect(at(1100, some(1100, 1)).alert).toMatchObject({ stage: 'first', tally: { count: 5 } })
    expect(told).toHaveLength(1)
  })

  it('forget what is longer ago than they look back', () => {
    const { at } = attack()
    at(1000, some(1000, 4))
    expect(at(1700, some(1700, 4)).alert).toBeUndefined()
  })

  it('come as one at the end of each quiet period, as long as it goes on', () => {
    const { at, told } = attack()
    for (let minute = 0; minute < 180; minute += 1) at(minute * 60, some(minute * 60, 10))
    expect(told.map(({ stage }) => stage)).toEqual(['first', 'digest', 'digest'])
    expect(told.reduce((sum, { tally }) => sum + tally.count, 0)).toBeGreaterThan(1200)
    expect(told[1]?.tally.count).toBe(600)
  })

  it('say nothing more when nothing more has come', () => {
    const { at, told, memory } = attack()
    const { wakeAt } = at(0, some(0, 10))
    expect(wakeAt).toBe(HOUR)
    at(HOUR)
    expect(told).toHaveLength(1)
    expect(memory()).toEqual(NOTHING)
  })

  it('begin anew after a quiet period without any', () => {
    const { at, told } = attack()
    at(0, some(0, 10))
    at(HOUR)
    at(HOUR + 60, some(HOUR + 60, 10))
    expect(told.map(({ stage }) => stage)).toEqual(['first', 'first'])
  })

  it('do not make a digest of a little more than nothing', () => {
    const { at, told } = attack()
    at(0, some(0, 10))
    at(1800, some(1800, 2))
    at(HOUR)
    expect(told).toHaveLength(1)
  })

  it('survive a clock that is set back', () => {
    const { at, told } = attack()
    at(100_000, some(100_000, 4))
    at(1000, some(1000, 4))
    expect(told).toHaveLength(0)
    at(1001, some(1001, 1))
    expect(told).toHaveLength(1)
  })

  it('tell nothing of what was told already', () => {
    const spray = (recent: Tally) => (recent.count >= 5 ? recent : undefined)
    const grouping = { withinSeconds: 600, quietSeconds: 60, alarming: spray }
    const first = group(NOTHING, { ...grouping, now: 0, seen: some(0, 6) })
    const second = group(first.memory ?? NOTHING, { ...grouping, now: 70, seen: some(70, 1) })
    expect(second.alert).toBeUndefined()
  })
})
