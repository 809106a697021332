import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EXAMPLES } from '../../src/api/examples.ts'
import { createInbox } from '../../src/channels/inbox/index.ts'
import { type ApiClient, openApi } from '../support/api.ts'
import {
  fetchDocument,
  type PublishedApi,
  type PublishedOperation,
} from '../support/api-document.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

const SECRET = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U'

let gateway: TestGateway
let published: PublishedApi
/** By the kind of key: an application's, one of ours, one for tests. */
const clients: Record<string, ApiClient> = {}
let operations: PublishedOperation[]
/** Ids of things of the calling application, of another one, and of nobody. */
const ids = ['x', 'open_x', '%00', '..%2F..', '%F0%9F%92%A9', 'a'.repeat(65)]
/** What no answer may hold: it was told once, or to somebody else. */
const secrets: string[] = []

beforeAll(async () => {
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
factors: { totp: {}, email: {}, backup_code: {}, passkey: {} }
channels: { smtp: { url: "smtp://127.0.0.1:9", from: gate@gw.test } } # the inbox comes first
api:
  applications:
    - id: shop
      passkey: { rp_id: shop.gw.test, origins: [https://shop.gw.test] }
      device_key: {}
    - id: other
      passkey: { rp_id: shop.gw.test, origins: [https://shop.gw.test] }
`,
    { ways: (clock) => [createInbox({ clock })] },
  )
  published = await fetchDocument(gateway)
  const scopes = ['2fa', 'biometric', 'users', 'events']
  const shop = await openApi(gateway, 'shop', { scopes })
  const ours = await openApi(gateway, 'gatehouse', { scopes })
  const trial = await openApi(gateway, 'shop:test', { scopes })
  const other = await openApi(gateway, 'other', { scopes })
  Object.assign(clients, { shop, ours, trial })
  await somebodyIsThere()
  const bystander = await gateway.addUser({ name: 'bystander', secret: SECRET })
  ids.push(bystander.id, (await gateway.credential(bystander.id))?.id ?? '')
  secrets.push(SECRET, ...[shop, ours, trial, other].map(({ token }) => token))
  for (const client of [shop, ours, trial, other]) {
    const begun = await client.post('/2fa/enroll', { user_id: 'abc123' })
    const passkey = await client.post('/biometric/register/options', { user_id: 'abc123' })
    const open = await client.post('/biometric/authenticate/options', {})
    ids.push(begun.body.id, passkey.body.challenge_id, open.body.challenge_id)
    secrets.push(begun.body.secret, passkey.body.options.challenge)
  }
  const device = await shop.post('/biometric/devices', { user_id: 'abc123' })
  ids.push(device.body.id)
  // A stream has no end to wait for.
  operations = published.operations.filter(
    ({ operation }) => !JSON.stringify(operation.responses).includes('text/event-stream'),
  )
})
afterAll(() => gateway.close())

/** Somebody under the name of the examples, so that right requests find them; one of those erases them. */
const somebodyIsThere = async () => {
  const found = await gateway.store.users.findByName('abc123')
  if (!found) await gateway.addUser({ id: randomUUID(), name: 'abc123', secret: SECRET })
}

/** Values that a program, or somebody who means harm, may put where others belong. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    ...['', ' ', '\u0000', '\ud800', 'x'.repeat(5000), '../../etc/passwd', "' or 1=1 --"],
    ...['__proto__', '{{7*7}}', '<script>', '💩'.repeat(40), 'a@b', '+491701234567', '000000'],
    ...[null, true, 0, -1, 1e308, 2 ** 53, [], {}, [[[[]]]], { __proto__: 1 }, [null], {}],
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** The example of an operation's body. */
function exampleOf({ operation }: PublishedOperation): Record<string, unknown> {
  const name = /#\/components\/schemas\/(\w+)/.exec(
    JSON.stringify(operation.requestBody ?? ''),
  )?.[1]
  return { ...EXAMPLES[name ?? ''] }
}

/** A body that is right but for a few members. */
const bodyOf = (operation: PublishedOperation) => {
  const example = exampleOf(operation)
  const changed = fc
    .array(fc.tuple(fc.constantFrom(...Object.keys(example), 'extra', '__proto__'), hostile), {
      maxLength: 2,
    })
    .map((changes) => ({ ...example, ...Object.fromEntries(changes) }))
  const known = fc
    .constantFrom(...ids)
    .map((id) => ({ ...example, ...('challenge_id' in example ? { challenge_id: id } : {}) }))
  const cut = fc.constantFrom(...Object.keys(example), '').map((key) => {
    const { [key]: _, ...rest } = example
    return rest
  })
  return fc.oneof(
    { weight: 4, arbitrary: changed.map((it) => JSON.stringify(it)) },
    { weight: 2, arbitrary: known.map((it) => JSON.stringify(it)) },
    { weight: 2, arbitrary: cut.map((it) => JSON.stringify(it)) },
    { weight: 1, arbitrary: hostile.map((it) => JSON.stringify(it) ?? '') },
    { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  )
}

const printable = fc.stringMatching(/^[\x21-\x7e]{0,40}$/)
const headers = fc.record(
  {
    'content-type': fc.oneof(
      { weight: 9, arbitrary: fc.constant('application/json') },
      fc.constantFrom('text/plain', 'application/json; charset=utf-16', ''),
    ),
    'idempotency-key': printable,
    accept: fc.constantFrom('text/html', '*/*', 'application/xml'),
    'accept-language': printable,
  },
  { requiredKeys: ['content-type'] },
)

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  fc
    .tuple(
      fc.constantFrom('wait', 'cursor', 'limit', 'x'),
      fc.constantFrom('0', '-1', 'x', '', '99'),
    )
    .map(([name, value]) => `?${name}=${value}`),
)

const request = () =>
  fc.constantFrom(...operations).chain((operation) =>
    fc.record({
      operation: fc.constant(operation),
      path: fc
        .array(fc.constantFrom(...ids, 'abc123'), { minLength: 2, maxLength: 2 })
        .map((values) => operation.path.replaceAll(/\{\w+\}/g, () => values.pop() ?? 'x')),
      query,
      headers,
      body: ['GET', 'DELETE'].includes(operation.method) ? fc.constant('') : bodyOf(operation),
    }),
  )

const clientOf = (kind: string): ApiClient => {
  const client = clients[kind]
  if (!client) throw new Error(`no key of the kind ${kind}`)
  return client
}

it('takes nothing of another kind for what it is not', async () => {
  const headers = { 'content-type': 'text/plain' }
  const { status, body } = await clientOf('shop').send('POST', '/2fa/verify', undefined, headers)
  expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
})

// Keys of ours come last: they may erase whom the others must not touch.
const KEYS = [
  ['an application', 'shop', 300],
  ['an application, for tests', 'trial', 200],
  ['the people who sign in here', 'ours', 200],
] as const

const answersAsItSays = async (kind: string, numRuns: number) => {
  const { token } = clientOf(kind)
  const seen = new Set<number>()
  const visitor = gateway.visitor()
  await fc.assert(
    fc.asyncProperty(request(), async (asked) => {
      await somebodyIsThere()
      // So that quotas do not answer everything.
      gateway.clock.advance(30)
      const { operation } = asked
      const url = new URL(`api${asked.path}${asked.query}`, gateway.portal)
      const length = Buffer.byteLength(asked.body)
      const answer = await visitor.get(url.href, {
        method: operation.method,
        ...(length > 0 ? { body: asked.body } : {}),
        headers: {
          ...asked.headers,
          authorization: `Bearer ${token}`,
          ...(operation.method === 'GET' ? {} : { 'content-length': String(length) }),
        },
      })
      seen.add(answer.status)
      const { status, headers: told, body: text } = answer
      expect(status).toBeLessThan(500)
      expect(published.faultsOf(operation, { status, headers: told, text })).toEqual([])
      expect(text).not.toMatch(/\bat .*\.[jt]s:\d|node_modules|SQLITE|SyntaxError|ZodError/)
      for (const secret of secrets) expect(text).not.toContain(secret)
    }),
    { numRuns },
  )
  // What was sent was not all nonsense, nor all right.
  for (const status of [200, 201, 400, 404]) expect([...seen]).toContain(status)
}

it.each(KEYS)(
  'answers %s as its document says whatever comes, and gives nothing away',
  async (_, kind, runs) => {
    await answersAsItSays(kind, runs)
    const people = await gateway.store.users.list()
    const untouched = people.some(({ name }) => name === 'bystander')
    if (kind !== 'ours') expect(untouched).toBe(true)
  },
  120_000,
)
