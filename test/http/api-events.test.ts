import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiClient, openApi } from '../support/api.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let shop: ApiClient
let other: ApiClient
let ours: ApiClient
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { totp: {} }
api: { applications: [{ id: shop }, { id: other }] }
`)
  const scopes = ['2fa', 'users', 'events']
  shop = await openApi(gateway, 'shop:test', { scopes })
  other = await openApi(gateway, 'other', { scopes })
  ours = await openApi(gateway, 'gatehouse', { scopes })
  for (const name of ['anna', 'berta', 'clara']) await enroll(name)
  await gateway.addUser({ name: 'dora' })
  await gateway.visitor().get('https://wiki.gw.test/')
})
afterAll(() => gateway.close())

async function enroll(user_id: string) {
  const { body } = await shop.post('/2fa/enroll', { user_id })
  const { status } = await shop.post(`/2fa/enroll/${body.id}/confirm`, { code: '000000' })
  expect(status).toBe(200)
}

/** All pages, one after the other. */
async function readAll(by: ApiClient, limit = 100) {
  const all: { name: string; user_id?: string; id: string }[] = []
  let cursor = '0'
  for (let more = true; more; ) {
    const { status, body } = await by.get(`/events?limit=${limit}&cursor=${cursor}`)
    expect(status).toBe(200)
    expect(body.events.length).toBeLessThanOrEqual(limit)
    all.push(...body.events)
    more = body.more
    cursor = body.cursor
  }
  return all
}

it('tells an application what concerns its own users, by their names there', async () => {
  const events = await readAll(shop)
  expect(new Set(events.map(({ user_id }) => user_id))).toEqual(new Set(['anna', 'berta', 'clara']))
  expect(await readAll(other)).toEqual([])
})

it('tells keys of ours all but what concerns users of applications', async () => {
  const names = (await readAll(ours)).map(({ user_id }) => user_id)
  expect(names).not.toContain('anna')
})

it('goes through the trail page by page, each event once and in order', async () => {
  const whole = await readAll(shop)
  expect(whole.length).toBeGreaterThan(2)
  expect(await readAll(shop, 1)).toEqual(whole)
  const { cursor } = (await shop.get('/events?limit=200')).body
  expect((await shop.get(`/events?cursor=${cursor}`)).body).toEqual({
    events: [],
    cursor,
    more: false,
  })
})

it('tells nothing of whoever was erased', async () => {
  await enroll('erna')
  expect((await shop.send('DELETE', '/2fa/users/erna')).status).toBe(204)
  for (const by of [shop, other, ours]) {
    expect(JSON.stringify(await readAll(by))).not.toContain('erna')
  }
})

it('tells keys of ours nothing of an application’s user who was erased, not even under another name', async () => {
  await enroll('frida')
  const own = await gateway.addUser({ name: 'gerda' })
  await ours.post('/2fa/preauth', { user_id: 'gerda' })
  const before = (await readAll(ours)).length
  const { cursor } = (await ours.get('/events?limit=200')).body
  expect((await shop.send('DELETE', '/2fa/users/frida')).status).toBe(204)
  // It happened before, and was not ours to be told.
  const after = await readAll(ours)
  expect(after.length).toBe(before)
  expect(after.filter(({ name }) => name === 'factor.enrolled')).toEqual([])
  expect((await ours.get(`/events?cursor=${cursor}`)).body.events).toEqual([])
  expect(JSON.stringify(after)).not.toContain('shop')

  // Of people who sign in here, it is told that there was somebody.
  expect((await ours.send('DELETE', '/2fa/users/gerda')).status).toBe(204)
  const told = (await readAll(ours)).slice(before - 1)
  expect(told.map(({ name }) => name)).toEqual(['login.weighed', 'trail.erased', 'user.erased'])
  expect(JSON.stringify(told)).not.toContain(own.id)
})

it('refuses a cursor and a number that are none', async () => {
  for (const query of ['cursor=x', 'cursor=-1', 'limit=0', 'limit=201', 'limit=1e2', 'from=1']) {
    const { status, body } = await shop.get(`/events?${query}`)
    expect([query, status, body.code]).toEqual([query, 400, 'invalid_request'])
  }
})
