import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import type { UpstreamServer } from '../../../src/gateway/destination.ts'
import { createFleet } from '../../../src/gateway/fleet.ts'
import { stillClock } from '../../support/still-clock.ts'

const server = (port: number): UpstreamServer => ({ origin: `http://10.0.0.1:${port}`, limits: {} })
const [one, two, three] = [server(1), server(2), server(3)]

function aFleet(checks?: { unhealthy_after: number; healthy_after: number }) {
  const clock = stillClock()
  const log: string[] = []
  const fleet = createFleet({
    host: 'app.gw.test',
    servers: [one, two, three],
    checks,
    clock,
    log: {
      ...silentLog,
      warn: (_, message) => log.push(message),
      info: (_, message) => log.push(message),
    },
  })
  const chosen = (count: number) =>
    Array.from({ length: count }, () => Number(fleet.choose().origin.at(-1)))
  return { fleet, clock, log, chosen }
}

describe('several servers', () => {
  it('take turns', () => {
    expect(aFleet().chosen(5)).toEqual([1, 2, 3, 1, 2])
  })

  it('take turns without those that were tried already', () => {
    const { fleet } = aFleet()
    expect(fleet.choose(new Set([one, three]))).toBe(two)
    expect(fleet.choose(new Set([one, two, three]))).toBe(one)
  })

  it('do without one that took no connection, for a while', () => {
    const { fleet, clock, log, chosen } = aFleet()
    fleet.unreachable(two)
    fleet.unreachable(two)
    expect(chosen(4)).toEqual([1, 3, 1, 3])
    clock.advance(10)
    expect(chosen(3)).toEqual([1, 2, 3])
    expect(log).toEqual(['gateway: upstream left out'])
  })

  it('are asked all the same when none is left', () => {
    const { fleet, chosen } = aFleet()
    for (const each of [one, two, three]) fleet.unreachable(each)
    expect(chosen(3)).toEqual([1, 2, 3])
  })
})

describe('health checks', () => {
  const checks = { unhealthy_after: 2, healthy_after: 3 }
  const many = (count: number, work: () => void) => {
    for (let done = 0; done < count; done += 1) work()
  }

  it('turn the opinion only after so many in a row', () => {
    const { fleet, chosen, log } = aFleet(checks)
    fleet.checked(two, false)
    fleet.checked(two, true)
    fleet.checked(two, false)
    expect(chosen(3)).toEqual([1, 2, 3])
    fleet.checked(two, false)
    expect(chosen(3)).toEqual([1, 3, 1])
    many(2, () => fleet.checked(two, true))
    fleet.checked(two, false)
    many(2, () => fleet.checked(two, true))
    expect(chosen(2)).toEqual([3, 1])
    fleet.checked(two, true)
    expect(chosen(3)).toEqual([2, 3, 1])
    expect(log).toEqual(['gateway: upstream left out', 'gateway: upstream back'])
  })

  it('alone bring a server back that took no connection', () => {
    const { fleet, clock, chosen } = aFleet(checks)
    fleet.unreachable(two)
    clock.advance(1_000_000)
    expect(chosen(2)).toEqual([1, 3])
    many(3, () => fleet.checked(two, true))
    expect(chosen(2)).toEqual([1, 2])
  })
})
