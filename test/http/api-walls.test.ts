import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXAMPLES } from '../../src/api/examples.ts'
import { SCOPES } from '../../src/api/scopes.ts'
import { disclose } from '../../src/factors/disclosed.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import {
  fetchDocument,
  type PublishedApi,
  type PublishedOperation,
} from '../support/api-document.ts'
import { type ApiOwner, openOwner } from '../support/api-owner.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

/** Every route that the document names, asked by those who should see nothing of it. */

const MARK = 'Zq7Xw9'
const USER = 'customer 1'
const SHOP = 'https://shop.gw.test'

let gateway: TestGateway
let published: PublishedApi
let client: ApiClient
let owner: ApiOwner
const strangers = new Map<string, ApiClient>()
beforeAll(async () => {
  const biometric = `passkey: { rp_id: gw.test, origins: ["${SHOP}"] }, device_key: {}`
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
factors: { totp: {}, email: {}, backup_code: {}, passkey: { rp_id: gw.test } }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # keys for tests send nothing
api:
  requests_per_minute: { key: 100000, user: 100000, address: 100000 }
  applications:
    - { id: shop, ${biometric} }
    - { id: other, ${biometric} }
`)
  published = await fetchDocument(gateway)
  const scopes = Object.keys(SCOPES)
  client = await openApi(gateway, 'shop:test', { scopes })
  for (const application of ['other', 'other:test', 'shop', 'gatehouse']) {
    strangers.set(application, await openApi(gateway, application, { scopes }))
  }
  owner = await openOwner({ client, userId: USER, mark: MARK, origin: SHOP })
  // As soon as a code may be sent again.
  gateway.clock.advance(60)
})
afterAll(() => gateway.close())

const behindAKey = () =>
  published.operations.filter(({ path }) => path !== '/openapi.json' && path !== '/docs')

/** A path with the owner's things in it. */
function pathOf({ path }: PublishedOperation): string {
  const id = owner.ids[path]
  if (path.includes('{id}') && id === undefined) throw new Error(`${path}: whose is it?`)
  return path.replace('{id}', id ?? '').replace('{user_id}', encodeURIComponent(USER))
}

/** What only the owner may name in a body; a route whose body has one is given the owner's. */
const OWNED = ['challenge_id', 'factor']

/** A body that would do, about the owner's user and things, with right answers. */
function bodyOf({ path, operation }: PublishedOperation): Record<string, unknown> | undefined {
  const { requestBody } = operation
  if (!requestBody || !('content' in requestBody)) return undefined
  const schema = requestBody.content['application/json']?.schema
  const name = schema && '$ref' in schema ? schema.$ref.split('/').at(-1) : undefined
  const given = owner.bodies[path]
  const { properties = {} } = {
    ...published.document.components?.schemas?.[name ?? ''],
  } as { properties?: object }
  const isForgotten = OWNED.some((field) => field in properties) && given === undefined
  if (isForgotten) throw new Error(`${path}: whose is what it names?`)
  if (given) return { ...given }
  const example = name === undefined ? { label: 'taken' } : { ...EXAMPLES[name] }
  return 'user_id' in example ? { ...example, user_id: USER } : example
}

const ask = (by: ApiClient, operation: PublishedOperation) =>
  by.send(operation.method, pathOf(operation), bodyOf(operation))

/** All that is stored about the owner's user, at this moment. */
async function state() {
  const user = await gateway.store.users.findExternal('shop:test', USER)
  const kept = await gateway.store.persons.collect(user?.id ?? '', disclose)
  return { user, kept, credentials: await gateway.store.credentials.listByUser(user?.id ?? '') }
}

describe('every route', () => {
  it('shows nothing of one application to another, and lets it change nothing', async () => {
    const before = await state()
    const kinds = before.credentials.map(({ kind, state: its }) => `${kind} ${its}`)
    expect(new Set(kinds)).toEqual(
      new Set([
        ...['totp active', 'totp pending', 'email active', 'passkey active', 'passkey pending'],
        ...['device_key active', 'device_key pending'],
      ]),
    )
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
        const headers = { 'content-type': type, authorization: `Bearer ${client.token}` }
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

  // Else it would prove nothing that others may not.
  it('lets the owner do what nobody else may', async () => {
    const inOrder = behindAKey().toSorted((a, b) => turnOf(a) - turnOf(b))
    for (const operation of inOrder) {
      const where = `${operation.method} ${operation.path}`
      const { status, body, text } = await ask(client, operation)
      expect([200, 201, 204, 409], `${where}: ${text}`).toContain(status)
      if (/\/(verify|confirm)$/.test(operation.path)) expect(status, `${where}: ${text}`).toBe(200)
      if (body !== undefined && 'verified' in body) expect(body.verified, where).toBe(true)
    }
    expect((await state()).user).toBeUndefined()
  })

  it('asks for a key, and for a scope of it', async () => {
    const narrow = await openApi(gateway, 'shop:test', { scopes: [] })
    expect(behindAKey().length).toBeGreaterThan(15)
    for (const operation of behindAKey()) {
      const where = `${operation.method} ${operation.path}`
      // Who tries keys that are none is slowed down.
      gateway.clock.advance(3600)
      const without = await client.send(operation.method, pathOf(operation), bodyOf(operation), {
        authorization: '',
      })
      expect([without.status, without.body.code], where).toEqual([401, 'invalid_api_key'])
      const refused = await ask(narrow, operation)
      expect([refused.status, refused.body.code], where).toEqual([403, 'insufficient_scope'])
      expect(operation.operation.security?.length, where).toBeGreaterThan(0)
    }
  })
})

/** What ends something comes after what needs it; a stream of events ends with its challenge. */
function turnOf({ method, path }: PublishedOperation): number {
  if (path.endsWith('/resend')) return 0
  if (path.endsWith('/verify')) return 1
  if (method !== 'delete') return 2
  return path.includes('/factors/') ? 3 : 4
}
