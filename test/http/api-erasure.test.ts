import Database from 'better-sqlite3'
import { generate } from 'otplib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import { CATALOG, type TableEntry } from '../../src/store/catalog.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { createNativeDevice } from '../support/native-device.ts'
import { openPostServer, type PostServer } from '../support/posted.ts'
import { recordingLog } from '../support/recording-log.ts'
import { addWholePerson } from '../support/whole-person.ts'

/** Somebody who has used all that the API can do: all of it is told, and all of it goes. */

const MARK = 'Zq7Xw9'
const USER = `customer-${MARK}`
const MAIL = `${MARK}@shop.test`
const SHOP = 'https://shop.gw.test'
const FROM = '203.0.113.77'
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

let gateway: TestGateway
let inbox: Inbox
let receiver: PostServer
const said = recordingLog()
let shop: ApiClient
beforeAll(async () => {
  receiver = await openPostServer((_, response) => void response.writeHead(500).end())
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { totp: {}, email: {}, backup_code: {}, passkey: { rp_id: gw.test } }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
login: { risk: {} }
api:
  applications:
    - id: shop
      passkey: { rp_id: gw.test, origins: ["${SHOP}"] }
      device_key: {}
      webhooks: { origins: ["${receiver.url}"], secret: "${SECRET}", timeout: 1s }
`,
    {
      log: said.log,
      ways: (clock) => {
        inbox = createInbox({ clock })
        return [inbox]
      },
    },
  )
  shop = await openApi(gateway, 'shop', { scopes: ['2fa', 'biometric', 'users', 'events'] })
})
afterAll(async () => {
  await gateway.close()
  await receiver.close()
})

let requests = 0
const post = async (path: string, body: object = {}) => {
  requests += 1
  const answer = await shop.post(path, body, { 'idempotency-key': `${MARK}-${requests}` })
  expect([200, 201], `${path}: ${answer.text}`).toContain(answer.status)
  return answer.body
}
const about = { user_id: USER }
const consent = { version: `terms ${MARK}`, agreed_at: '2026-05-01T14:03:20Z' }
const below = `/2fa/users/${USER}`

/** Uses everything once. @returns What would give the person away, wherever it were found. */
async function liveWholeLife(): Promise<{ traces: string[]; secrets: string[] }> {
  const app = await post('/2fa/enroll', { ...about, label: `App ${MARK}`, consent })
  const code = () => generate({ secret: app.secret, epoch: gateway.clock.now() })
  await post(`/2fa/enroll/${app.id}/confirm`, { code: await code() })
  gateway.clock.advance(60)
  const mail = await post('/2fa/enroll', { ...about, type: 'email', target: MAIL })
  const sent = /\b\d{6}\b/.exec(inbox.messages()[0]?.message.text ?? '')?.[0]
  await post(`/2fa/enroll/${mail.id}/confirm`, { code: sent })
  const codes = await post('/2fa/enroll', { ...about, type: 'backup_code' })
  await post(`/2fa/enroll/${codes.id}/confirm`, { code: 'kept' })
  const pass = await post(`${below}/bypass`, { uses: 2 })

  const phone = createAuthenticator({ origin: SHOP, attachment: 'platform' })
  const making = await post('/biometric/register/options', { ...about, display_name: MARK })
  const made = await post('/biometric/register/verify', {
    challenge_id: making.challenge_id,
    response: phone.create(making.options),
    label: `Key ${MARK}`,
  })
  const key = createNativeDevice()
  const device = await post('/biometric/devices', about)
  const register = key.register(device.to_sign)
  await post(`/biometric/devices/${device.id}/confirm`, { ...register, label: `Phone ${MARK}` })
  const details = { title: `Send 5 EUR to ${MARK}` }
  const signing = await post(`/biometric/devices/${device.id}/challenge`, { details })

  const context = { ip: FROM, user_agent: `Agent/${MARK}` }
  await post('/2fa/preauth', { ...about, context })
  // One that is over, of which word waits until the receiver takes it, and one that is open.
  const webhook = `${receiver.url}/hook`
  const put = { ...about, factor: app.id, details, webhook, context }
  const over = await post('/2fa/challenges', put)
  await post('/2fa/verify', { challenge_id: over.id, code: await code() })
  const open = await post('/2fa/challenges', put)
  await post('/2fa/verify', { challenge_id: open.id, code: '000000' })
  await post('/2fa/verify', { ...about, code: '000000' })

  const user = await gateway.store.users.findExternal('shop', USER)
  if (!user) throw new Error('nobody was made')
  const networks = [{ key: `network ${MARK}`, since: 1, at: 1 }]
  await gateway.store.habits.save(user.id, { networks, countries: [], hours: [], at: 1 })
  const factors = [app.id, mail.id, codes.id, pass.id, device.id, made.factor.id]
  return {
    traces: [MARK, FROM, user.id, ...factors, over.id, open.id, signing.challenge_id],
    secrets: [app.secret, pass.code, ...codes.codes],
  }
}

const onDisk = (traces: readonly string[]) => {
  const bytes = gateway.files()
  return traces.filter((trace) => bytes.includes(trace))
}

it('a user of an application is told all of it, and nothing of it is left once they are erased', async () => {
  const { traces, secrets } = await liveWholeLife()
  await expect.poll(() => receiver.posted.length, { timeout: 10_000 }).toBeGreaterThan(0)
  await gateway.store.events.list({}, { limit: 1 })
  expect(onDisk([MARK, FROM]).length).toBeGreaterThan(0)

  const { status, body, text } = await shop.get(`${below}/export`)
  expect(status).toBe(200)
  // A session, a sign-in on its way and whatever else takes the portal is nothing that they can have.
  const ofThePortal = ['session', 'attempt', 'ticket', 'browser', 'device', 'visit']
  const empty = Object.entries<{ rows: unknown[] }>(body.data)
    .filter(([table, { rows }]) => rows.length === 0 && !ofThePortal.includes(table))
    .map(([table]) => table)
  expect(empty).toEqual([])
  const owned = Object.entries(CATALOG as Record<string, TableEntry>)
    .filter(([, { of }]) => 'user' in of)
    .map(([table]) => table)
  expect(Object.keys(body.data).toSorted()).toEqual(owned.toSorted())
  const kinds = body.data.credential.rows.map(({ kind }: { kind: string }) => kind)
  expect(kinds.toSorted()).toEqual(
    ['backup_code', 'device_key', 'email', 'passkey', 'pass', 'totp'].toSorted(),
  )
  for (const told of [
    MAIL,
    `App ${MARK}`,
    `Key ${MARK}`,
    consent.version,
    `Send 5 EUR to ${MARK}`,
  ]) {
    expect(text, told).toContain(told)
  }
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])

  expect((await shop.send('DELETE', below)).status).toBe(204)
  expect((await shop.get(`${below}/export`)).status).toBe(404)
  await gateway.store.sweep(gateway.clock.now())
  expect(onDisk(traces)).toEqual([])
  // Nor is it kept in a sealed form, where no search finds it.
  const raw = new Database(gateway.path, { readonly: true })
  const rowsOf = (table: string) => raw.prepare(`select * from ${table}`).all()
  expect(['idempotency', 'webhook', 'challenge', 'credential'].map(rowsOf)).toEqual([
    [],
    [],
    [],
    [],
  ])
  raw.close()
  // Nobody is told any more of what they were asked, not even by a try that was to come.
  receiver.posted.length = 0
  await expect
    .poll(() => said.lines.map(({ fields }) => fields.reason), { timeout: 20_000 })
    .toContain('owed no more')
  expect(receiver.posted).toEqual([])
  const events = (await shop.get('/events')).body.events as unknown[]
  expect(JSON.stringify(events)).not.toContain(MARK)
  expect((await gateway.store.events.verify()).faults).toEqual([])
})

it('so is somebody who signs in here, by a key of gatehouse', async () => {
  const ours = await openApi(gateway, 'gatehouse', { scopes: ['users'] })
  const { user, traces, secrets } = await addWholePerson(gateway.store, 'Wq3Rt8')
  const { body, text } = await ours.get(`/2fa/users/${user.name}/export`)
  const empty = Object.entries<{ rows: unknown[] }>(body.data).filter(
    ([, { rows }]) => rows.length === 0,
  )
  expect(empty.map(([table]) => table)).toEqual([])
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  expect((await ours.send('DELETE', `/2fa/users/${user.name}`)).status).toBe(204)
  await gateway.store.scrub()
  expect(onDisk(traces)).toEqual([])
})
