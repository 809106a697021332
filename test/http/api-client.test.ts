import { readFileSync } from 'node:fs'
import createClient, { type Client } from 'openapi-fetch'
import { generate } from 'otplib'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import { openApi } from '../support/api.ts'
import { apiDocument, fetchDocument, type PublishedApi } from '../support/api-document.ts'
import type { paths } from '../support/api-types.ts'
import { type CeremonyOptions, createAuthenticator } from '../support/authenticator.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { apiTypes, TYPES_FILE } from '../support/make-api-types.ts'
import { createNativeDevice } from '../support/native-device.ts'
import { freePort } from '../support/ports.ts'

const SHOP = 'https://shop.gw.test'

let gateway: TestGateway
let inbox: Inbox
let published: PublishedApi
let api: Client<paths>
const faults: string[] = []
const asked = new Set<string>()

beforeAll(async () => {
  const port = await freePort()
  gateway = await openGateway(
    `
portal: { url: "http://localhost:${port}" }
factors: { totp: {}, email: {} }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
api:
  applications:
    - id: shop
      passkey: { rp_id: shop.gw.test, origins: ["${SHOP}"] }
      device_key: {}
`,
    {
      port,
      ways: (clock) => {
        inbox = createInbox({ clock })
        return [inbox]
      },
    },
  )
  published = await fetchDocument(gateway)
  const { token } = await openApi(gateway, 'shop', {
    scopes: ['2fa', 'biometric', 'users', 'events'],
  })
  api = createClient<paths>({
    baseUrl: `http://localhost:${port}/api`,
    headers: { authorization: `Bearer ${token}` },
  })
  api.use({
    async onResponse({ request, response }) {
      const path = new URL(request.url).pathname.replace(/^\/api/, '')
      const operation = published.operationAt(request.method, path)
      if (!operation) {
        faults.push(`no ${request.method} ${path}`)
        return
      }
      asked.add(`${operation.method} ${operation.path}`)
      const headers = Object.fromEntries(response.headers)
      const isStream = headers['content-type']?.startsWith('text/event-stream')
      const text = isStream ? '' : await response.clone().text()
      faults.push(...published.faultsOf(operation, { status: response.status, headers, text }))
    },
  })
})
afterAll(() => gateway.close())
afterEach(() => {
  expect(faults.splice(0)).toEqual([])
})

const user_id = 'abc123'
const byUser = { params: { path: { user_id } } }
const byId = (id = '') => ({ params: { path: { id } } })
const code = (secret = '') => generate({ secret, epoch: gateway.clock.now() })

it('is compiled against types that are those of the document', async () => {
  // Made anew by: npx tsx test/support/make-api-types.ts
  expect(readFileSync(TYPES_FILE, 'utf8')).toBe(apiTypes(await apiDocument()))
})

it('enrolls an authenticator app, and checks its codes', async () => {
  const { data: preauth } = await api.POST('/2fa/preauth', { body: { user_id } })
  expect(preauth?.result).toBe('enroll')
  const { data: begun } = await api.POST('/2fa/enroll', { body: { user_id } })
  const { data: factor } = await api.POST('/2fa/enroll/{id}/confirm', {
    ...byId(begun?.id),
    body: { code: await code(begun?.secret) },
  })
  expect(factor?.status).toBe('active')
  gateway.clock.advance(30)
  const { data: verified } = await api.POST('/2fa/verify', {
    body: { user_id, code: await code(begun?.secret) },
    params: { header: { 'Idempotency-Key': 'once' } },
  })
  expect(verified).toMatchObject({ verified: true, factor: factor?.id, amr: ['otp'] })
})

it('sends codes, hears of challenges, and takes them back', async () => {
  const target = 'maria@shop.test'
  const { data: begun } = await api.POST('/2fa/enroll', {
    body: { user_id, type: 'email', target },
  })
  const mailed = /\b\d{6}\b/.exec(inbox.messages()[0]?.message.text ?? '')?.[0] ?? ''
  await api.POST('/2fa/enroll/{id}/confirm', { ...byId(begun?.id), body: { code: mailed } })
  gateway.clock.advance(60)
  const { data: challenge } = await api.POST('/2fa/challenges', {
    body: { user_id, type: 'email' },
  })
  expect(challenge).toMatchObject({ state: 'pending', prompt: 'code' })
  const { data: found } = await api.GET('/2fa/challenges/{id}', byId(challenge?.id))
  expect(found?.id).toBe(challenge?.id)
  gateway.clock.advance(60)
  const { data: sent } = await api.POST('/2fa/challenges/{id}/resend', byId(challenge?.id))
  expect(sent?.state).toBe('pending')
  const stream = await api.GET('/2fa/challenges/{id}/events', {
    ...byId(challenge?.id),
    parseAs: 'stream',
  })
  expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
  await stream.response.body?.cancel()
  const { data: taken } = await api.POST('/2fa/challenges/{id}/cancel', byId(challenge?.id))
  expect(taken?.state).toBe('canceled')
})

it('makes and uses passkeys', async () => {
  const phone = createAuthenticator({ origin: SHOP })
  const { data: made } = await api.POST('/biometric/register/options', { body: { user_id } })
  const created = { ...phone.create(ceremony(made?.options)) }
  const { data: registered } = await api.POST('/biometric/register/verify', {
    body: { challenge_id: made?.challenge_id ?? '', response: created },
  })
  expect(registered?.factor.type).toBe('passkey')
  const { data: open } = await api.POST('/biometric/authenticate/options', { body: {} })
  const { data: result } = await api.POST('/biometric/authenticate/verify', {
    body: {
      challenge_id: open?.challenge_id ?? '',
      response: { ...phone.get(ceremony(open?.options)) },
    },
  })
  expect(result).toMatchObject({ verified: true, user_id })
})

it('binds and asks keys of an app', async () => {
  const phone = createNativeDevice()
  const { data: begun } = await api.POST('/biometric/devices', { body: { user_id } })
  if (!begun) throw new Error('not begun')
  const { signature, public_key } = phone.register(begun.to_sign)
  const { data: bound } = await api.POST('/biometric/devices/{id}/confirm', {
    ...byId(begun.id),
    body: { signature, public_key: String(public_key) },
  })
  expect(bound?.factor.id).toBe(begun.id)
  const { data: question } = await api.POST('/biometric/devices/{id}/challenge', {
    ...byId(begun.id),
    body: {},
  })
  const { to_sign, challenge_id = '' } = question ?? {}
  const { data: result } = await api.POST('/biometric/devices/{id}/verify', {
    ...byId(begun.id),
    body: { challenge_id, signature: phone.sign({ details: '', ...(to_sign ?? begun.to_sign) }) },
  })
  expect(result).toMatchObject({ verified: true, user_id })
})

it('lists, renames and removes factors, helps out, and forgets a user', async () => {
  const { data: listed } = await api.GET('/2fa/users/{user_id}/factors', byUser)
  const [first] = listed?.factors ?? []
  const { data: renamed } = await api.PATCH('/2fa/factors/{id}', {
    ...byId(first?.id),
    body: { label: 'Old phone' },
  })
  expect(renamed?.label).toBe('Old phone')
  const { response } = await api.DELETE('/2fa/factors/{id}', byId(first?.id))
  expect(response.status).toBe(204)
  const { data: pass } = await api.POST('/2fa/users/{user_id}/bypass', { ...byUser, body: {} })
  expect(pass?.code).toBeTruthy()
  const { data: all } = await api.GET('/2fa/users/{user_id}/export', byUser)
  expect(all).toBeDefined()
  const { data: trail } = await api.GET('/events', { params: { query: { limit: '200' } } })
  expect(trail?.events.map(({ name }) => name)).toContain('factor.enrolled')
  const gone = await api.DELETE('/2fa/users/{user_id}', byUser)
  expect(gone.response.ok).toBe(true)
  const { error } = await api.PATCH('/2fa/factors/{id}', {
    ...byId(first?.id),
    body: { label: 'Nobody’s' },
  })
  expect(error?.code).toBe('unknown_factor')
})

it('has asked everything that there is to ask', async () => {
  await api.GET('/openapi.json')
  await api.GET('/docs', { parseAs: 'text' })
  expect([...asked].sort()).toEqual(
    published.operations.map(({ method, path }) => `${method} ${path}`).sort(),
  )
})

/** What a browser makes of options. */
const ceremony = (options: Record<string, unknown> = {}) => options as unknown as CeremonyOptions
