import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventName } from '../../src/model/event.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const WIKI = 'https://wiki.gw.test/page?q=1'

let recorder: Recorder
let gateway: TestGateway
beforeEach(async () => {
  recorder = await openRecorder()
  const upstream = `upstream: "http://127.0.0.1:${recorder.port}"`
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
trusted_proxies: [127.0.0.1]
audit: { access: { sample: 5, keep: 7d } }
routes:
  - { host: wiki.gw.test, ${upstream}, rules: [{ name: staff, require: one_factor }] }
  - { host: open.gw.test, ${upstream}, rules: [{ require: bypass }] }
`)
})
afterEach(async () => {
  await gateway.close()
  await recorder.close()
})

const rows = (name: EventName) => gateway.store.events.list({ names: [name] }, { limit: 1000 })

async function alice() {
  const user = await gateway.addUser({ name: 'alice' })
  const visitor = gateway.visitor()
  await visitor.open(WIKI)
  await visitor.submit({ username: 'alice', password: PASSWORD })
  return { user, visitor }
}

describe('allowed access', () => {
  it('is told once a session and host, whichever door it came by, and by sample', async () => {
    const { user, visitor } = await alice()
    for (let time = 0; time < 40; time += 1) await visitor.get(WIKI)
    await visitor.get('https://auth.gw.test/api/authz/forward-auth', {
      headers: {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'wiki.gw.test',
        'x-forwarded-uri': '/other',
      },
    })
    for (let time = 0; time < 20; time += 1) await visitor.get('https://open.gw.test/')
    for (let time = 0; time < 20; time += 1) await gateway.visitor().get('https://open.gw.test/')
    const kinds = async () => (await rows('access.allowed')).map(({ details }) => details?.kind)
    await vi.waitFor(async () => expect(await kinds()).toContain('sample'), 10_000)
    const all = await rows('access.allowed')
    const firsts = all.filter(({ details }) => details?.kind === 'first')
    expect(firsts.map(({ details }) => details?.host)).toEqual(['wiki.gw.test', 'open.gw.test'])
    expect(firsts[0]).toMatchObject({
      userId: user.id,
      details: { rule: 'staff', path: '/page', method: 'GET' },
    })
    expect(all.every(({ userId }) => userId === user.id)).toBe(true)
    expect(all.length - firsts.length).toBeLessThan(60)
    expect((await gateway.store.events.verify()).faults).toEqual([])
  })

  it('goes after a time of its own, refusals do not', async () => {
    const { visitor } = await alice()
    await visitor.get(WIKI)
    await visitor.get('https://nobody.gw.test/')
    await vi.waitFor(async () => expect(await rows('access.allowed')).toHaveLength(1), 10_000)
    const week = gateway.clock.now() + 8 * 86_400
    await gateway.store.sweep(week, undefined, {
      'access.allowed': 7 * 86_400,
      default: 365 * 86_400,
    })
    expect(await rows('access.allowed')).toEqual([])
    expect((await rows('access.refused'))[0]?.details).toMatchObject({ reason: 'unknown_host' })
  })
})
