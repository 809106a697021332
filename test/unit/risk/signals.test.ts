import { describe, expect, it } from 'vitest'
import type { Habits } from '../../../src/model/habits.ts'
import { breachedPassword } from '../../../src/risk/breached-password.ts'
import type { Facts, Place, Signal } from '../../../src/risk/contract.ts'
import { manyFailures } from '../../../src/risk/failures.ts'
import { impossibleTravel } from '../../../src/risk/impossible-travel.ts'
import { newCountry } from '../../../src/risk/new-country.ts'
import { newDevice } from '../../../src/risk/new-device.ts'
import { newNetwork } from '../../../src/risk/new-network.ts'
import { oddHour } from '../../../src/risk/odd-hour.ts'
import { NOON } from '../../support/builders.ts'

const HOUR = 3600
const seen = (...keys: string[]) => keys.map((key) => ({ key, since: NOON, at: NOON }))
const hoursAt = (counts: Record<number, number>) =>
  Array.from({ length: 24 }, (_, hour) => counts[hour] ?? 0)

const usual: Habits = {
  networks: seen('home', 'office'),
  countries: seen('DE'),
  hours: hoursAt({ 8: 20, 9: 20 }),
  last: { latitude: 52, longitude: 13, at: NOON - HOUR },
  at: NOON - HOUR,
}

interface Given {
  habits?: Habits | undefined
  knowsDevice?: boolean
  network?: string
  place?: Place
  isBreached?: boolean
  failures?: Facts['failures']
  now?: number
}

const facts = ({ now = NOON, failures = { account: 0, address: 0 }, ...given }: Given): Facts => ({
  now,
  failures,
  habits: async () => ('habits' in given ? given.habits : usual),
  knowsDevice: async () => given.knowsDevice,
  network: async () => given.network,
  place: async () => given.place,
  isBreached: async () => given.isBreached,
})

const at = (latitude: number, longitude: number, radius = 10): Place => ({
  position: { latitude, longitude, radius },
})
const NEW_YORK = at(40.7, -74)
const PARIS = at(48.9, 2.4)
const day = NOON - (NOON % 86_400)

describe('a signal', () => {
  it.each<[string, (score: number) => Signal, Given, string | undefined]>([
    ['a browser never seen', newDevice, { knowsDevice: false }, 'new_device'],
    ['a browser that is known', newDevice, { knowsDevice: true }, undefined],
    ['no browser at all', newDevice, {}, undefined],
    ['the very first sign-in', newDevice, { knowsDevice: false, habits: undefined }, undefined],
    ['a network never seen', newNetwork, { network: 'hotel' }, 'new_network'],
    ['a network that is usual', newNetwork, { network: 'office' }, undefined],
    ['no network', newNetwork, {}, undefined],
    ['a network, and nothing usual', newNetwork, { network: 'x', habits: undefined }, undefined],
    ['a country never seen', newCountry, { place: { country: 'US' } }, 'new_country'],
    ['a country that is usual', newCountry, { place: { country: 'DE' } }, undefined],
    ['an address that no database knows', newCountry, {}, undefined],
    [
      'an ocean in an hour',
      impossibleTravel,
      { network: 'x', place: NEW_YORK },
      'impossible_travel',
    ],
    [
      'an ocean, to a usual network',
      impossibleTravel,
      { network: 'home', place: NEW_YORK },
      undefined,
    ],
    [
      'an ocean in half a day',
      impossibleTravel,
      { network: 'x', place: NEW_YORK, now: NOON + 12 * HOUR },
      undefined,
    ],
    ['a flight of an hour', impossibleTravel, { network: 'x', place: PARIS }, undefined],
    [
      'a place that may be anywhere',
      impossibleTravel,
      { network: 'x', place: at(40.7, -74, 6000) },
      undefined,
    ],
    [
      'a clock set back',
      impossibleTravel,
      { network: 'x', place: NEW_YORK, now: NOON - 9 * HOUR },
      'impossible_travel',
    ],
    ['some slips', manyFailures, { failures: { account: 4, address: 14 } }, undefined],
    [
      'a burst on the account',
      manyFailures,
      { failures: { account: 5, address: 0 } },
      'failures_on_account',
    ],
    [
      'a burst from the address',
      manyFailures,
      { failures: { account: 0, address: 15 } },
      'failures_from_address',
    ],
    ['the middle of the night', oddHour, { now: day + 3 * HOUR }, 'odd_hour'],
    ['an hour beside the usual ones', oddHour, { now: day + 11 * HOUR }, undefined],
    [
      'a person of whom little is known',
      oddHour,
      { now: day + 3 * HOUR, habits: { ...usual, hours: hoursAt({ 8: 5 }) } },
      undefined,
    ],
    [
      'an hour on the other side of midnight',
      oddHour,
      { now: day, habits: { ...usual, hours: hoursAt({ 23: 30 }) } },
      undefined,
    ],
    ['a leaked password', breachedPassword, { isBreached: true }, 'breached_password'],
    ['another password', breachedPassword, { isBreached: false }, undefined],
    ['no list', breachedPassword, {}, undefined],
  ])('weighs %s', async (_, make, given, reason) => {
    const weight = await make(17).weigh(facts(given))
    expect(weight).toEqual(reason === undefined ? undefined : { score: 17, reason })
  })
})
