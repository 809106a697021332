import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPlaces } from '../../../src/risk/places.ts'
import { mmdb } from '../../support/mmdb.ts'
import { type StillClock, stillClock } from '../../support/still-clock.ts'

let folder: string
let clock: StillClock
let told: [string, string | undefined][]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-places-'))
  clock = stillClock()
  told = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: Buffer | string) => {
  // As updaters do it: beside its place first, then moved there whole.
  writeFileSync(join(folder, `${name}.new`), content)
  renameSync(join(folder, `${name}.new`), join(folder, name))
}
const open = (...names: string[]) =>
  openPlaces({
    paths: names.map((name) => join(folder, name)),
    clock,
    told: (path, fault) => told.push([path.slice(folder.length + 1), fault]),
  })

const BERLIN = {
  country: { iso_code: 'DE' },
  location: { latitude: 52.5, longitude: 13.4, accuracy_radius: 20 },
}

describe('databases of places', () => {
  it('tell together what they know of an address', async () => {
    write('city.mmdb', mmdb({ '192.0.2.0/24': BERLIN, '2001:db8::/32': BERLIN }))
    write('asn.mmdb', mmdb({ '192.0.0.0/16': { autonomous_system_number: 64_500 } }))
    const places = open('city.mmdb', 'asn.mmdb')
    expect(await places.find('192.0.2.77')).toEqual({
      country: 'DE',
      position: { latitude: 52.5, longitude: 13.4, radius: 20 },
      autonomousSystem: 64_500,
    })
    expect(await places.find('192.0.3.1')).toEqual({ autonomousSystem: 64_500 })
    expect(await places.find('2001:db8::1')).toMatchObject({ country: 'DE' })
    expect(await places.find('198.51.100.1')).toBeUndefined()
    expect(await places.find('unix')).toBeUndefined()
    // Whichever of them was read first.
    expect(told.toSorted()).toEqual([
      ['asn.mmdb', undefined],
      ['city.mmdb', undefined],
    ])
  })

  it('say nothing of what they hold in another form', async () => {
    const odd = { country: { iso_code: 'Germany' }, location: { latitude: 400, longitude: 0 } }
    write('odd.mmdb', mmdb({ '192.0.2.0/24': odd }))
    expect(await open('odd.mmdb').find('192.0.2.1')).toBeUndefined()
  })

  it.each<[string, Buffer | string | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['no database', 'this is no database of places'],
    ['cut off', mmdb({ '192.0.2.0/24': BERLIN }).subarray(0, 200)],
  ])('say nothing where one is %s, and that it is', async (_, content) => {
    if (content !== undefined) write('places.mmdb', content)
    write('asn.mmdb', mmdb({ '192.0.2.0/24': { autonomous_system_number: 64_500 } }))
    const places = open('places.mmdb', 'asn.mmdb')
    expect(await places.find('192.0.2.1')).toEqual({ autonomousSystem: 64_500 })
    expect(told.find(([name]) => name === 'places.mmdb')?.[1]).toMatch(/./)
  })

  it('survive bytes that were turned over', async () => {
    const whole = mmdb({ '192.0.2.0/24': BERLIN, '198.51.100.0/24': BERLIN })
    for (let place = 0; place < whole.length; place += 3) {
      const broken = Buffer.from(whole)
      broken[place] = (broken[place] ?? 0) ^ 0xff
      write('places.mmdb', broken)
      const found = await open('places.mmdb').find('192.0.2.1')
      expect(found?.country ?? 'DE').toMatch(/^[A-Z]{2}$/)
    }
  })

  it('are taken up anew once they are replaced, mended or gone', async () => {
    const places = open('places.mmdb')
    expect(await places.find('192.0.2.1')).toBeUndefined()
    write('places.mmdb', mmdb({ '192.0.2.0/24': BERLIN }))
    clock.advance(30)
    expect(await places.find('192.0.2.1')).toMatchObject({ country: 'DE' })
    write('places.mmdb', mmdb({ '192.0.2.0/24': { country: { iso_code: 'AT' } } }))
    expect(await places.find('192.0.2.1')).toMatchObject({ country: 'DE' })
    clock.advance(30)
    expect(await places.find('192.0.2.1')).toEqual({ country: 'AT' })
    rmSync(join(folder, 'places.mmdb'))
    clock.advance(30)
    expect(await places.find('192.0.2.1')).toBeUndefined()
    expect(told.map(([, fault]) => fault === undefined)).toEqual([false, true, false])
  })
})
