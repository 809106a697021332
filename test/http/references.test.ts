import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../src/model/event.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/ports.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

let recorder: Recorder
let gateway: TestGateway
beforeAll(async () => {
  recorder = await openRecorder()
  const nobody = await freePort()
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
trusted_proxies: [127.0.0.1]
routes:
  - { host: gone.gw.test, upstream: "http://127.0.0.1:${nobody}", rules: [{ require: bypass }] }
  - { host: "*.apps.gw.test", upstream: "http://127.0.0.1:${nobody}", rules: [{ require: bypass }] }
  - host: wiki.gw.test
    upstream: "http://127.0.0.1:${recorder.port}"
    rules: [{ name: staff alone, groups: [staff], require: one_factor }]
`)
})
afterAll(async () => {
  await gateway.close()
  await recorder.close()
})

const NUMBER = /\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b/

/** What the trail says about the number that an answer shows. */
async function explained(shown: string): Promise<StoredEvent> {
  const [reference = ''] = NUMBER.exec(shown) ?? []
  const [event] = await gateway.store.events.list({ reference }, { limit: 1 })
  expect(event, `nothing is known of ${reference || shown}`).toBeDefined()
  return event as StoredEvent
}

const asProgram = { headers: { accept: 'application/json' } }

describe('the number of a refusal', () => {
  it('tells which application has failed, and how: of its page and of its problem document', async () => {
    const visitor = gateway.visitor()
    for (const ask of [{}, asProgram]) {
      const answer = await visitor.get('https://gone.gw.test/a', ask)
      expect(answer.status).toBe(502)
      expect(await explained(answer.body)).toMatchObject({
        name: 'upstream.failed',
        details: {
          route: 'gone.gw.test',
          host: 'gone.gw.test',
          reason: 'upstream_unreachable',
          fault: expect.stringContaining('ECONNREFUSED'),
        },
      })
    }
  })

  it('is one for many, where an application is away and many ask, from everywhere', async () => {
    const before = (await gateway.store.events.list({ names: ['upstream.failed'] }, { limit: 999 }))
      .length
    for (let time = 0; time < 150; time += 1) {
      const { body } = await gateway.visitor().get(`https://h${time}.apps.gw.test/`, {
        headers: { 'x-forwarded-for': `192.0.2.${time}` },
      })
      expect((await explained(body)).details?.route).toBe('*.apps.gw.test')
    }
    const after = await gateway.store.events.list({ names: ['upstream.failed'] }, { limit: 999 })
    expect(after.length - before).toBe(6)
  })

  it('stands in a header where there is no page: at a WebSocket', async () => {
    const told = await new Promise<string>((resolve, reject) => {
      const headers = {
        Host: 'gone.gw.test',
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'X-Forwarded-Proto': 'https',
      }
      const asked = request({ host: '127.0.0.1', port: gateway.port, path: '/', headers })
      asked.on('response', (answer) => {
        answer.resume()
        expect(answer.statusCode).toBe(502)
        resolve(String(answer.headers['x-gatehouse-reference']))
      })
      asked.on('error', reject)
      asked.end()
    })
    expect(await explained(told)).toMatchObject({
      name: 'upstream.failed',
      details: { route: 'gone.gw.test', reason: 'upstream_unreachable' },
    })
  })

  it('tells of pages that are not there, here and at the portal', async () => {
    const stranger = gateway.visitor()
    const nowhere = await stranger.get('https://nobody.gw.test/')
    expect(nowhere.status).toBe(421)
    expect((await explained(nowhere.body)).details).toMatchObject({ reason: 'unknown_host' })
    const page = await stranger.get('https://auth.gw.test/no-such-page')
    expect(page.status).toBe(404)
    expect((await explained(page.body)).details).toMatchObject({
      reason: 'page',
      what: 'There is no such page',
    })
    const lost = await stranger.get('https://wiki.gw.test/.gatehouse/hand-off?code=x')
    expect(lost.status).toBeGreaterThanOrEqual(400)
    await explained(lost.body)
  })

  it('tells by which rule somebody may not enter', async () => {
    const user = await gateway.addUser({ name: 'alice', groups: [] })
    const visitor = gateway.visitor()
    await visitor.open('https://auth.gw.test/login')
    await visitor.submit({ username: 'alice', password: PASSWORD })
    const denied = await visitor.get('https://wiki.gw.test/plans')
    expect(denied.status).toBe(403)
    expect(await explained(denied.body)).toMatchObject({
      name: 'access.denied',
      userId: user.id,
      details: { rule: 'staff alone' },
    })
  })
})
