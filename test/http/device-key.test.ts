import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deviceKeyConfig } from '../../src/factors/device-key/config.ts'
import { createDeviceKey } from '../../src/factors/device-key/index.ts'
import type { User } from '../../src/model/user.ts'
import { aCredential } from '../support/builders.ts'
import { listenTo } from '../support/event-source.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { createNativeDevice, type NativeDevice, type Question } from '../support/native-device.ts'
import type { Visitor } from '../support/visitor.ts'

const PORTAL = 'https://auth.gw.test'
const rd = 'https://wiki.gw.test/page'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "${PORTAL}" }
factors: { device_key: {} }
routes:
  - host: wiki.gw.test
    name: Team wiki
    rules: [{ require: two_factor }]
`)
})
afterAll(() => gateway.close())

let count = 0
let name: string
let user: User
let device: NativeDevice
beforeEach(async () => {
  count += 1
  name = `user${count}`
  gateway.clock.advance(86_400)
  user = await gateway.addUser({ name })
  device = createNativeDevice()
  await bind(device, user)
})

/** Puts on file what an app's introduction makes. */
async function bind(its: NativeDevice, { id: userId }: User): Promise<void> {
  const home = new URL(`${PORTAL}/`)
  const config = deviceKeyConfig.parse({})
  const factor = createDeviceKey({ config, clock: gateway.clock, home })
  const start = await factor.enroll(user, { others: [] })
  if (!start.ok) throw new Error(start.message)
  const credential = aCredential({ kind: 'device_key', userId, data: start.data })
  const offer = factor.offer({ credential }, user)
  if (offer.show !== 'authenticator') throw new Error(offer.show)
  const answer = its.introduce(offer.options as Question, { name: 'Pixel 8' })
  const verdict = await factor.verify({ credential }, answer)
  if (!verdict.ok) throw new Error(verdict.reason)
  const { data, handle = '', label = '' } = verdict
  await gateway.store.credentials.insert({ ...credential, data, handle, label, state: 'active' })
}

async function begin(): Promise<{ desk: Visitor; shown: string }> {
  const desk = gateway.visitor()
  await desk.open(`${PORTAL}/login?rd=${encodeURIComponent(rd)}`)
  const answer = await desk.submit({ username: name, password: PASSWORD })
  await desk.open(answer.location ?? '')
  return { desk, shown: /class="big-digits">(\d\d)</.exec(desk.page.body)?.[1] ?? '' }
}

interface Told {
  status: number
  body: {
    requests: (Question & { id: string; numbers: string[] })[]
    state?: string
    code?: string
  }
}

/** An app's own way to the server. */
function call(path: string, its = device, sent?: string, more: object = {}): Promise<Told> {
  const headers = {
    host: 'auth.gw.test',
    authorization: `Bearer ${its.secret}`,
    ...(sent === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    ...more,
  }
  const method = sent === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: gateway.port, path, method, headers, agent: false },
      async (message) => {
        const text = (await message.toArray()).join('')
        resolve({ status: message.statusCode ?? 0, body: text ? JSON.parse(text) : {} })
      },
    )
    asked.on('error', reject)
    asked.end(sent)
  })
}

async function question(): Promise<Told['body']['requests'][number]> {
  const [asked] = (await call('/approve/device')).body.requests
  if (!asked) throw new Error('nothing is asked')
  return asked
}

describe('a sign-in with a key in an app', () => {
  it('goes on once the key has signed the number that the first screen shows', async () => {
    const { desk, shown } = await begin()
    expect(desk.page.body).toContain('Pixel 8')
    const asked = await question()
    expect(asked.numbers).toContain(shown)
    expect(JSON.parse(asked.details)).toMatchObject({ destination: 'Team wiki' })
    const answered = await call(`/approve/device/${asked.id}`, device, device.approve(asked, shown))
    expect(answered).toEqual({ status: 200, body: { state: 'approved' } })
    expect(await desk.submit({})).toMatchObject({ status: 303, location: rd })
    const [session] = await gateway.store.sessions.listByUser(user.id)
    expect(session?.amr).toEqual(['pwd', 'pop', 'user', 'mfa'])
  })

  it('is heard of by an app that listens', async () => {
    const headers = { authorization: `Bearer ${device.secret}` }
    const stream = await listenTo(gateway.port, `${PORTAL}/approve/device/events`, headers)
    await begin()
    expect(await stream.next('request')).toBe((await question()).id)
    stream.close()
  })

  it('ends with a wrong number, and with a no', async () => {
    for (const answer of [
      (asked: Question & { numbers: string[] }, shown: string) =>
        device.approve(asked, asked.numbers.find((it) => it !== shown) ?? ''),
      () => JSON.stringify({ deny: true }),
    ]) {
      const { desk, shown } = await begin()
      const asked = await question()
      const { status } = await call(`/approve/device/${asked.id}`, device, answer(asked, shown))
      expect(status).toBe(200)
      expect((await desk.submit({})).status).toBe(403)
      const late = device.approve(asked, shown)
      expect((await call(`/approve/device/${asked.id}`, device, late)).status).toBe(404)
      gateway.clock.advance(3600)
    }
  })

  it('stays open after what is no answer', async () => {
    const { desk, shown } = await begin()
    const asked = await question()
    const stranger = createNativeDevice()
    const garbage = ['', '{}', '{"number":"11"}', stranger.approve(asked, shown)]
    for (const sent of garbage) {
      const { status, body } = await call(`/approve/device/${asked.id}`, device, sent)
      expect([status, body.code]).toEqual([400, 'no_answer'])
    }
    expect((await desk.submit({})).status).toBe(200)
    const right = device.approve(asked, shown)
    expect((await call(`/approve/device/${asked.id}`, device, right)).status).toBe(200)
  })
})

describe('the entrance for apps', () => {
  it('knows nobody without the secret of a bound key', async () => {
    await begin()
    const { id } = await question()
    const stranger = createNativeDevice()
    for (const more of [{ authorization: '' }, { authorization: 'Basic eDp5' }]) {
      expect((await call('/approve/device', device, undefined, more)).status).toBe(401)
    }
    expect((await call('/approve/device', stranger)).status).toBe(401)
    expect((await call(`/approve/device/${id}`, stranger, '{"deny":true}')).status).toBe(401)
    const hash = createHash('sha256').update(device.secret).digest('base64url')
    const more = { authorization: `Bearer ${hash}` }
    expect((await call('/approve/device', device, undefined, more)).status).toBe(401)
  })

  it('shows a device no question to anybody else', async () => {
    await begin()
    const { id } = await question()
    const other = createNativeDevice()
    await bind(other, await gateway.addUser({ name: `${name}-other` }))
    expect((await call('/approve/device', other)).body.requests).toEqual([])
    expect((await call(`/approve/device/${id}`, other, '{"deny":true}')).status).toBe(404)
    expect((await question()).id).toBe(id)
  })

  it('takes JSON of a decent size, and no cookie for a secret', async () => {
    await begin()
    const { id } = await question()
    const path = `/approve/device/${id}`
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await call(path, device, 'deny=true', form)).status).toBe(415)
    expect((await call(path, device, `"${'x'.repeat(20_000)}"`)).status).toBe(413)
    const cookie = { authorization: '', cookie: `__Host-gatehouse-approver=${device.secret}` }
    expect((await call(path, device, '{"deny":true}', cookie)).status).toBe(401)
  })
})
