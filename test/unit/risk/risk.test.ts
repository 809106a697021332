import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import type { Habits } from '../../../src/model/habits.ts'
import { riskConfig } from '../../../src/risk/config.ts'
import { createRisk } from '../../../src/risk/index.ts'
import type { HabitRepository } from '../../../src/store/contract.ts'
import { stillClock } from '../../support/still-clock.ts'

const DAY = 86_400

/** A risk whose look-ups are counted. */
function aRisk(config: object = {}) {
  const clock = stillClock()
  const kept = new Map<string, Habits>()
  const looks: string[] = []
  const told: boolean[] = []
  const known = new Set<string>()
  const habits: HabitRepository = {
    async find(userId) {
      looks.push('habits')
      return kept.get(userId)
    },
    async save(userId, it) {
      looks.push('saved')
      kept.set(userId, it)
    },
  }
  const risk = createRisk({
    config: riskConfig.parse(config),
    clock,
    devices: {
      async knows() {
        looks.push('devices')
        return known.has('browser')
      },
    },
    habits,
    key: new Uint8Array(32),
    log: silentLog,
    databaseIsGood: (_, isGood) => void told.push(isGood),
  })
  return { risk, clock, kept, looks, known, told }
}

const home = { userId: 'u1', address: '192.0.2.1', browser: 'b' }

describe('a risk', () => {
  it('finds nothing unusual in a first sign-in', async () => {
    const { risk } = aRisk()
    expect(await risk.assess(home)).toEqual({ score: 0, level: 'low', reasons: [] })
  })

  it('adds up what the signals find, the weightiest first', async () => {
    const { risk } = aRisk()
    await risk.learn(home)
    expect(await risk.assess(home)).toEqual({ score: 25, level: 'low', reasons: ['new_device'] })
    const abroad = { ...home, address: '198.51.100.1' }
    expect(await risk.assess(abroad)).toEqual({
      score: 35,
      level: 'medium',
      reasons: ['new_device', 'new_network'],
    })
    const burst = { ...abroad, failures: { account: 9, address: 0 } }
    expect(await risk.assess(burst)).toEqual({
      score: 65,
      level: 'high',
      reasons: ['failures_on_account', 'new_device', 'new_network'],
    })
  })

  it('goes no higher than 100', async () => {
    const { risk } = aRisk({ weights: { new_device: 90, new_network: 90 } })
    await risk.learn(home)
    const { score } = await risk.assess({ ...home, address: '198.51.100.1' })
    expect(score).toBe(100)
  })

  it('looks nothing up for signals that are off', async () => {
    const off = { new_device: 0, new_network: 0, odd_hour: 0, failures: 0, breached_password: 0 }
    const { risk, looks } = aRisk({ weights: off })
    await risk.learn(home)
    expect(await risk.assess({ ...home, failures: { account: 99, address: 99 } })).toEqual({
      score: 0,
      level: 'low',
      reasons: [],
    })
    expect(looks).toEqual([])
  })

  it('opens no database and keeps nothing for signals that are off', async () => {
    const off = { new_network: 0, new_country: 0, impossible_travel: 0 }
    const { risk, kept, told } = aRisk({ places: ['/no/such/file.mmdb'], weights: off })
    await risk.learn(home)
    await risk.assess(home)
    expect(told).toEqual([])
    expect(risk.isBlind()).toBe(false)
    expect(kept.get('u1')).toMatchObject({ networks: [], countries: [] })
  })

  it('goes without a database that is missing, and says so', async () => {
    const { risk, kept, told } = aRisk({ places: ['/no/such/file.mmdb'] })
    await risk.learn(home)
    const abroad = { ...home, address: '198.51.100.1' }
    expect((await risk.assess(abroad)).reasons).toEqual(['new_device', 'new_network'])
    expect(told).toEqual([false])
    expect(risk.isBlind()).toBe(true)
    expect(kept.get('u1')?.networks).toHaveLength(1)
  })

  it('looks each thing up once', async () => {
    const { risk, looks } = aRisk()
    await risk.learn(home)
    looks.length = 0
    await risk.assess(home)
    expect(looks.toSorted()).toEqual(['devices', 'habits'])
  })

  it('takes what was learned for usual, and forgets it after half a year', async () => {
    const { risk, clock, known } = aRisk()
    known.add('browser')
    const abroad = { ...home, address: '198.51.100.1' }
    await risk.learn(home)
    expect((await risk.assess(abroad)).reasons).toEqual(['new_network'])
    await risk.learn(abroad)
    expect((await risk.assess(abroad)).reasons).toEqual([])
    clock.advance(180 * DAY)
    await risk.learn(abroad)
    expect((await risk.assess(home)).reasons).toEqual(['new_network'])
  })

  it('keeps little, and no address', async () => {
    const { risk, kept, clock } = aRisk()
    for (let net = 0; net < 60; net += 1) {
      clock.advance(3600)
      for (let time = 0; time < 10; time += 1) {
        await risk.learn({ userId: 'u1', address: `10.${net}.0.1` })
      }
    }
    const habits = kept.get('u1')
    expect(habits?.networks).toHaveLength(24)
    expect(habits?.hours).toHaveLength(24)
    expect((habits?.hours ?? []).reduce((sum, count) => sum + count, 0)).toBeLessThan(400)
    const text = JSON.stringify(habits)
    expect(text).not.toContain('10.59')
    expect(text.length).toBeLessThan(2500)
  })

  it('takes back what somebody else taught it', async () => {
    const { risk, clock, known } = aRisk()
    known.add('browser')
    const thief = { ...home, address: '198.51.100.1' }
    await risk.learn(home)
    clock.advance(DAY)
    const since = clock.now()
    await risk.learn(thief)
    await risk.unlearn('u1', since)
    expect((await risk.assess(thief)).reasons).toEqual(['new_network'])
    expect((await risk.assess(home)).reasons).toEqual([])
  })

  it('says what follows from a level', () => {
    const { risk } = aRisk({ high: { measures: ['refuse'] } })
    const none = { notify: false, stepUp: false, refuse: false }
    expect(risk.measuresAt('low')).toEqual(none)
    expect(risk.measuresAt('medium')).toEqual({ ...none, notify: true })
    expect(risk.measuresAt('high')).toEqual({ ...none, refuse: true })
  })

  it('has levels in order', () => {
    const { error } = riskConfig.safeParse({ medium: { from: 60 }, high: { from: 60 } })
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['high.from'])
  })
})
