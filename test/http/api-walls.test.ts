import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXAMPLES } from '../../src/api/examples.ts'
import { SCOPES } from '../../src/api/scopes.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import {
  fetchDocument,
  type PublishedApi,
  type PublishedOperation,
} from '../support/api-document.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

/** Every route that the document names, asked by those who should see nothing of it. */

const RIGHT = '000000'
const MARK = 'Zq7Xw9'
const USER = 'customer 1'

let gateway: TestGateway
let published: PublishedApi
let owner: ApiClient
/** What the owner has: ids that only the owner may use. */
let things: { factor: string; enrollment: string; challenge: string }
const strangers = new Map<string, ApiClient>()
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {}, backup_code: {} }
api:
  requests_per_minute: { key: 100000, user: 100000, address: 100000 }
  applications:
    - id: shop
      device_key: {}
    - { id: other, device_key: {} }
`)
  published = await fetchDocument(gateway)
  const scopes = Object.keys(SCOPES)
  owner = await openApi(gateway, 'shop:test', { scopes })
  for (const application of ['other', 'other:test', 'shop', 'gatehouse']) {
    strangers.set(application, await openApi(gateway, application, { scopes }))
  }
  const bound = await owner.post('/2fa/enroll', { user_id: USER })
  await owner.post(`/2fa/enroll/${bound.body.id}/confirm`, { code: RIGHT })
  await owner.send('PATCH', `/2fa/factors/${bound.body.id}`, { label: MARK })
  const begun = await owner.post('/2fa/enroll', { user_id: USER })
  const asked = await owner.post('/2fa/challenges', { user_id: USER, details: { title: MARK } })
  things = { factor: bound.body.id, enrollment: begun.body.id, challenge: asked.body.id }
})
afterAll(() => gateway.close())

const behindAKey = () =>
  published.operations.filter(({ path }) => path !== '/openapi.json' && path !== '/docs')

/** A path with the owner's things in it. */
function pathOf({ path }: PublishedOperation): string {
  const id = path.includes('/challenges/')
    ? things.challenge
    : path.includes('/enroll/')
      ? things.enrollment
      : things.factor
  return path.replace('{id}', id).replace('{user_id}', encodeURIComponent(USER))
}

/** A body that would do, about the owner's user and things. */
function bodyOf({ operation }: PublishedOperation): Record<string, unknown> | undefined {
  const { requestBody } = operation
  if (!requestBody || !('content' in requestBody)) return undefined
  const schema = requestBody.content['application/json']?.schema
  const name = schema && '$ref' in schema ? schema.$ref.split('/').at(-1) : undefined
  const example = name === undefined ? { label: 'taken' } : { ...EXAMPLES[name] }
  const about = { user_id: USER, challenge_id: things.challenge, factor: things.factor }
  const known = Object.entries(about).filter(([field]) => field in example)
  const code = 'code' in example ? { code: RIGHT } : {}
  return { ...example, ...Object.fromEntries(known), ...code }
}

const ask = (client: ApiClient, operation: PublishedOperation) =>
  client.send(operation.method, pathOf(operation), bodyOf(operation))

/** All that the owner has, at this moment. */
const state = async () => {
  const user = await gateway.store.users.findExternal('shop:test', USER)
  const id = user?.id ?? ''
  return {
    user,
    credentials: await gateway.store.credentials.listByUser(id),
    challenge: await gateway.store.challenges.find(things.challenge),
  }
}

describe('every route', () => {
  it('shows nothing of one application to another, and lets it change nothing', async () => {
    const before = await state()
    expect(before.credentials).toHaveLength(2)
    for (const [name, stranger] of strangers) {
      for (const operation of behindAKey()) {
        const where = `${operation.method} ${operation.path} by ${name}`
        const answer = await ask(stranger, operation)
        expect(answer.status, where).toBeLessThan(500)
        const secrets = [MARK, ...before.credentials.map(({ id }) => id)]
        expect(
          secrets.filter((secret) => answer.text.includes(secret)),
          where,
        ).toEqual([])
        expect(answer.body?.verified ?? false, where).toBe(false)
      }
      expect(await state(), name).toEqual(before)
    }
  })

  it('takes small JSON alone, tells each wrong field, and never fails by what it is given', async () => {
    const url = (operation: PublishedOperation) =>
      new URL(`api${pathOf(operation)}`, gateway.portal)
    for (const operation of behindAKey().filter((it) => bodyOf(it) !== undefined)) {
      const where = `${operation.method} ${operation.path}`
      const send = async (body: string, type = 'application/json') => {
        const headers = { 'content-type': type, authorization: `Bearer ${owner.token}` }
        const method = operation.method
        const answer = await gateway.visitor().get(url(operation).href, { method, body, headers })
        expect(answer.headers['content-type'], where).toBe('application/problem+json')
        return { status: answer.status, ...JSON.parse(answer.body) }
      }
      expect(await send('a=b', 'text/plain'), where).toMatchObject({ status: 415 })
      expect(await send(`"${'x'.repeat(65_536)}"`), where).toMatchObject({ status: 413 })
      expect(await send('{"a":'), where).toMatchObject({ status: 400, code: 'malformed_json' })
      const odd = await send('{"__proto__":{"x":1},"not_known":1}')
      expect(odd, where).toMatchObject({ status: 400, code: 'invalid_request' })
      expect(
        odd.errors.map(({ field }: { field: string }) => field),
        where,
      ).toContain('not_known')
      expect(odd.request_id, where).toBeTruthy()
      for (const body of ['null', '[]', '7', '"text"']) {
        expect(await send(body), where).toMatchObject({ status: 400 })
      }
    }
  })

  it('asks for a key, and for a scope of it', async () => {
    const narrow = await openApi(gateway, 'shop:test', { scopes: [] })
    expect(behindAKey().length).toBeGreaterThan(15)
    for (const operation of behindAKey()) {
      const where = `${operation.method} ${operation.path}`
      // Who tries keys that are none is slowed down.
      gateway.clock.advance(3600)
      const without = await owner.send(operation.method, pathOf(operation), bodyOf(operation), {
        authorization: '',
      })
      expect([without.status, without.body.code], where).toEqual([401, 'invalid_api_key'])
      const refused = await ask(narrow, operation)
      expect([refused.status, refused.body.code], where).toEqual([403, 'insufficient_scope'])
      expect(operation.operation.security?.length, where).toBeGreaterThan(0)
    }
  })
})
