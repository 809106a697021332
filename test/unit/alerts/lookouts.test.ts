import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../../../src/alerts/alert.ts'
import { alertsConfig } from '../../../src/alerts/config.ts'
import type { Lookout } from '../../../src/alerts/contract.ts'
import { certificatesLookout } from '../../../src/alerts/kinds/certificate-ending.ts'
import { keysLookout } from '../../../src/alerts/kinds/key-ending.ts'
import { administratorsLookout } from '../../../src/alerts/kinds/new-administrator.ts'
import { trailLookout } from '../../../src/alerts/kinds/trail-broken.ts'
import { createAlertMemory } from '../../../src/alerts/memory.ts'
import { lettersFor } from '../../../src/alerts/recipients.ts'
import { countsBy, tallyOf } from '../../../src/alerts/tally.ts'
import { lookFor } from '../../../src/alerts/watch.ts'
import { aUser } from '../../support/builders.ts'
import { aCertificate } from '../../support/certificate.ts'
import { stillClock } from '../../support/still-clock.ts'
import { temporaryStore } from '../../support/temporary-store.ts'

const DAY = 86_400
const ALERTS = alertsConfig.parse({ quiet: '1s' })

let opened: Awaited<ReturnType<typeof temporaryStore>>
let clock: ReturnType<typeof stillClock>
let folder: string
beforeEach(async () => {
  opened = await temporaryStore()
  clock = stillClock(Math.floor(Date.now() / 1000))
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-alerts-'))
})
afterEach(async () => {
  await opened.end()
  rmSync(folder, { recursive: true })
})

/** Looks once. @returns What is told of it: accounts, and sentences. */
async function look(lookout: Lookout): Promise<string[]> {
  const { store } = opened
  // What is told is told at once: no quiet period is under way.
  clock.advance(2)
  await lookFor(lookout, { store, clock, watched: () => ({ alerts: ALERTS, certificates: [] }) })
  const { letters } = await store.alerts.due(clock.now(), 100)
  for (const { id } of letters) await store.alerts.delete(id)
  return letters.flatMap(({ alert }) => {
    const { tally, kind } = alert as Alert
    expect(kind).toBe(lookout.name)
    return [...countsBy(tally, 'userId'), ...countsBy(tally, 'what')].map(([it]) => it)
  })
}

describe('administrators', () => {
  const add = (id: string, groups: string[]) =>
    opened.store.users.insert(aUser({ id, name: id, groups }))

  it('are told of when they are new, once', async () => {
    const lookout = administratorsLookout(opened.store.users)
    expect(await look(lookout)).toEqual([])
    await add('bob', ['staff'])
    expect(await look(lookout)).toEqual([])
    await add('eve', ['admins'])
    expect(await look(lookout)).toEqual(['eve'])
    expect(await look(lookout)).toEqual([])
  })

  it('who are there at the very first look are as they should be', async () => {
    const lookout = administratorsLookout(opened.store.users)
    await add('alice', ['admins'])
    expect(await look(lookout)).toEqual([])
    await add('eve', ['admins'])
    expect(await look(lookout)).toEqual(['eve'])
  })

  it('are found out also when somebody has written into the database', async () => {
    const lookout = administratorsLookout(opened.store.users)
    await add('bob', [])
    expect(await look(lookout)).toEqual([])
    const raw = new Database(opened.path)
    raw.exec(`update user set groups = '["admins"]' where id = 'bob'`)
    raw.close()
    expect(await look(lookout)).toEqual(['bob'])
  })

  it('are told of again when they were taken away meanwhile', async () => {
    const lookout = administratorsLookout(opened.store.users)
    await look(lookout)
    await add('eve', ['admins'])
    expect(await look(lookout)).toEqual(['eve'])
    await opened.store.users.setStatus('eve', 'disabled')
    expect(await look(lookout)).toEqual([])
    await opened.store.users.setStatus('eve', 'active')
    expect(await look(lookout)).toEqual(['eve'])
  })
})

describe('certificates', () => {
  it('are told of at each stage once, and again when there is another one', async () => {
    const file = join(folder, 'own.pem')
    const lookout = certificatesLookout(() => [{ file, key: 'listen', onlyFirst: true }], clock)
    // Good for a day from now.
    writeFileSync(file, (await aCertificate()).cert)
    expect(await look(lookout)).toEqual([
      expect.stringMatching(/own\.pem \(listen\) ends in less than a day, on 2/),
    ])
    expect(await look(lookout)).toEqual([])
    clock.advance(2 * DAY)
    expect(await look(lookout)).toEqual([expect.stringMatching(/has ended on 2/)])
    writeFileSync(file, (await aCertificate()).cert)
    expect(await look(lookout)).toEqual([expect.stringMatching(/has ended on 2/)])
  })

  it('far from their end are left alone, and so is a file that cannot be read', async () => {
    const file = join(folder, 'own.pem')
    writeFileSync(file, (await aCertificate()).cert)
    clock.advance(-40 * DAY)
    const missing = { file: join(folder, 'missing.pem'), key: 'listen', onlyFirst: true }
    const files = [{ file, key: 'listen', onlyFirst: true }, missing]
    expect(await look(certificatesLookout(() => files, clock))).toEqual([])
  })

  it('of authorities are looked at one by one', async () => {
    const file = join(folder, 'ca.pem')
    const [one, other] = [await aCertificate(), await aCertificate('other')]
    writeFileSync(file, one.cert + other.cert)
    const lookout = certificatesLookout(() => [{ file, key: 'ca', onlyFirst: false }], clock)
    clock.advance(2 * DAY)
    const { letters: none } = await opened.store.alerts.due(clock.now(), 10)
    expect(none).toEqual([])
    await look(lookout)
    expect((await lookout.look()).length).toBe(2)
  })
})

describe('keys', () => {
  const ofApi = (id: string, expiresAt?: number) =>
    opened.store.apiKeys.insert(
      {
        ...{ id, application: 'shop', label: '', scopes: [], networks: [], createdAt: 1 },
        ...(expiresAt === undefined ? {} : { expiresAt }),
      },
      new Uint8Array(32),
    )

  it('of applications are told of 30, 7 and 1 days before their end, and at it', async () => {
    const lookout = keysLookout({ ...opened.store, clock })
    await ofApi('forever')
    await ofApi('k1', clock.now() + 100 * DAY)
    const told = []
    for (let day = 0; day <= 101; day += 1) {
      told.push(...(await look(lookout)).map((says) => [day, says.slice(0, 40)]))
      clock.advance(DAY - 2)
    }
    expect(told.map(([day]) => day)).toEqual([70, 93, 99, 100])
  })

  it('that sign are told of when they were not renewed', async () => {
    const lookout = keysLookout({ ...opened.store, clock })
    const now = clock.now()
    const key = { privateJwk: '{}', publicJwk: '{"alg":"ES256"}', createdAt: now, activeAt: now }
    await opened.store.signingKeys.insert({ ...key, id: 'old' }, new Set())
    expect(await look(lookout)).toEqual([])
    clock.advance(33 * DAY)
    expect(await look(lookout)).toEqual([expect.stringMatching(/ES256 key .* 33 days/)])
    const next = { ...key, id: 'new', activeAt: clock.now() }
    await opened.store.signingKeys.insert(next, new Set(['old']))
    expect(await look(lookout)).toEqual([])
  })
})

describe('the trail', () => {
  const write = () =>
    opened.store.events.insert({ name: 'login.refused', at: clock.now(), address: '192.0.2.1' })

  it('is told of when a row was changed by hand, by its row, and not again', async () => {
    const lookout = trailLookout(opened.store.events, 3600)
    for (let one = 0; one < 5; one += 1) await write()
    expect(await look(lookout)).toEqual([])
    const raw = new Database(opened.path)
    raw.exec('update event set at = at - 60 where id = 3')
    raw.close()
    const [first] = await look(lookout)
    expect(first).toMatch(/^Row 3 /)
    await write()
    expect(await look(lookout)).toEqual([])
  })

  it('is told of once though its end grows, when the signed end was taken away', async () => {
    const lookout = trailLookout(opened.store.events, 3600)
    await write()
    const raw = new Database(opened.path)
    raw.exec(`delete from meta where key = 'trail_head'`)
    raw.close()
    expect((await look(lookout)).length).toBeGreaterThan(0)
    expect(await look(lookout)).toEqual([])
  })
})

it('what is found within the quiet period of another comes as one, at its end', async () => {
  const { store } = opened
  const config = alertsConfig.parse({
    quiet: '1h',
    kinds: ['new_administrator'],
    mail: ['o@gw.test'],
  })
  const memory = createAlertMemory({ repository: store.alerts, config, clock })
  const found = (...ids: string[]) =>
    memory.find(
      'new_administrator',
      ids.map((name) => ({ name, sighting: { userId: name } })),
      true,
    )
  const told = async () =>
    (await store.alerts.due(clock.now(), 100)).letters
      .filter(({ to }) => to === 'email:o@gw.test')
      .map(({ alert }) => countsBy((alert as Alert).tally, 'userId').map(([id]) => id))
  await found()
  await found('a')
  expect(await told()).toEqual([['a']])
  await found('a', 'b')
  await found('a', 'b', 'c')
  expect(await told()).toEqual([['a']])
  clock.advance(3600)
  expect((await store.alerts.due(clock.now(), 1)).kinds).toEqual(['new_administrator'])
  await memory.find('new_administrator', undefined)
  expect((await told()).toSorted((a, b) => a.length - b.length)).toEqual([['a'], ['b', 'c']])
  // Nobody is forgotten by that.
  await found('a', 'b', 'c')
  expect(await told()).toHaveLength(2)
})

it('kinds that are not wanted are written down alone, and digests go by no text message', () => {
  const tally = tallyOf({ source: '192.0.2.1' }, 1)
  const alert = { kind: 'channel_down', reference: 'A', at: 1, stage: 'first', tally } as const
  const to = (config: object, stage: Alert['stage'] = 'first') =>
    lettersFor({ ...alert, stage }, alertsConfig.parse(config), 1).map((letter) => letter.to)
  const [mail, sms] = [['o@gw.test'], ['+4915112345678']]
  expect(to({})).toEqual(['trail'])
  expect(to({ mail, kinds: ['trail_broken'] })).toEqual(['trail'])
  expect(to({ mail, sms })).toEqual(['trail', 'email:o@gw.test', 'sms:+4915112345678'])
  expect(to({ mail, sms }, 'digest')).toEqual(['trail', 'email:o@gw.test'])
  expect(to({ sms }, 'digest')).toEqual(['trail', 'sms:+4915112345678'])
})
