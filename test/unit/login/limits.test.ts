import Database from 'better-sqlite3'
import { expect, it, onTestFinished } from 'vitest'
import { createLimits } from '../../../src/login/limits.ts'
import { stillClock } from '../../support/still-clock.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

async function aBench() {
  const { store, path, end } = await temporaryStore()
  onTestFinished(end)
  const limits = createLimits({
    repository: store.limits,
    devices: store.devices,
    clock: stillClock(),
    key: new Uint8Array(32),
  })
  const guess = (typedName: string, address: string) =>
    limits.beforePassword({
      userId: undefined,
      typedName,
      address,
      browserHash: new Uint8Array([1]),
    })
  const rows = () => {
    const raw = new Database(path, { readonly: true })
    const count = raw.prepare<[], number>('select count(*) from bucket').pluck().get() ?? 0
    raw.close()
    return count
  }
  return { guess, rows }
}

it('slows guesses at a name that is nobody’s, in whatever spelling, as at one that is', async () => {
  const { guess } = await aBench()
  const spellings = ['nobody', 'NOBODY', ' nobody ', '\uff4eobody']
  const waits: number[] = []
  for (let at = 0; at < 12; at += 1) {
    waits.push(await guess(spellings[at % spellings.length] ?? '', `198.51.100.${at}`))
  }
  expect(waits.slice(0, 10)).toEqual(Array(10).fill(0))
  expect(waits.at(-1)).toBeGreaterThan(0)
  expect(await guess('somebody else', '198.51.100.99')).toBe(0)
})

it('keeps no count for each name that is made up', async () => {
  const { guess, rows } = await aBench()
  // They fall on some 2,740 of 16,384 places, with two counts each.
  for (let at = 0; at < 3000; at += 1) {
    await guess(`made up ${at}`, `198.51.${at >> 8}.${at & 255}`)
  }
  const ofAddresses = 3000
  expect(rows() - ofAddresses).toBeLessThan(2 * 3000 - 300)
})
