import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holds, SCOPES, type Scope } from '../../src/api/scopes.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
const clients = new Map<Scope, ApiClient>()
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {} }
api: { applications: [{ id: shop }] }
`)
  for (const scope of Object.keys(SCOPES) as Scope[]) {
    clients.set(scope, await openApi(gateway, 'shop', { scopes: [scope] }))
  }
})
afterAll(() => gateway.close())

/** Every route, and the scopes of which one opens it. */
const ROUTES: readonly [method: string, path: string, ...opens: Scope[]][] = [
  ['POST', '/2fa/enroll', '2fa', '2fa.enroll'],
  ['POST', '/2fa/enroll/x/confirm', '2fa', '2fa.enroll'],
  ['GET', '/2fa/users/x/factors', '2fa', '2fa.enroll', '2fa.verify'],
  ['PATCH', '/2fa/factors/x', '2fa', '2fa.enroll'],
  ['DELETE', '/2fa/factors/x', '2fa', '2fa.enroll'],
  ['POST', '/2fa/challenges', '2fa', '2fa.verify'],
  ['GET', '/2fa/challenges/x', '2fa', '2fa.verify'],
  ['POST', '/2fa/challenges/x/resend', '2fa', '2fa.verify'],
  ['POST', '/2fa/challenges/x/cancel', '2fa', '2fa.verify'],
  ['POST', '/2fa/verify', '2fa', '2fa.verify'],
  ['POST', '/2fa/preauth', '2fa', '2fa.verify'],
  ['GET', '/2fa/challenges/x/events', '2fa', '2fa.verify'],
  ['POST', '/2fa/users/x/bypass', 'users'],
]

describe('a key', () => {
  it.each(ROUTES)('opens %s %s by its scope alone', async (method, path, ...opens) => {
    const opened: Scope[] = []
    for (const [scope, client] of clients) {
      const { status, body } = await client.send(method, path, method === 'GET' ? undefined : {})
      if (status !== 403) opened.push(scope)
      else expect(body.code).toBe('insufficient_scope')
    }
    expect(opened.sort()).toEqual([...opens].sort())
  })

  it('is told which scope it lacks, before its request is looked at', async () => {
    const { body } = await (clients.get('events') as ApiClient).post('/2fa/enroll', { nothing: 1 })
    expect(body).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect(body.title).toContain('2fa.enroll')
  })

  it('is never given the answer to a request that another key made', async () => {
    const headers = { 'idempotency-key': 'the-same' }
    const first = await clients.get('2fa')?.post('/2fa/enroll', { user_id: 'u' }, headers)
    expect(first?.body.secret).toBeTruthy()
    const narrow = await clients.get('2fa.verify')?.post('/2fa/enroll', { user_id: 'u' }, headers)
    expect(narrow).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
    const equal = await clients.get('2fa.enroll')?.post('/2fa/enroll', { user_id: 'u' }, headers)
    expect(equal?.body.secret).not.toBe(first?.body.secret)
  })
})

describe('a scope', () => {
  it('holds its parts, and nothing that merely begins alike', () => {
    expect(holds(['2fa'], '2fa.verify')).toBe(true)
    expect(holds(['2fa.verify'], '2fa')).toBe(false)
    expect(holds(['2fa.ver'], '2fa.verify')).toBe(false)
    expect(holds([], 'users')).toBe(false)
  })
})
