import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, ACCOUNT_YAML, type AccountTest, openAccountTest } from '../support/account.ts'
import { recordingLog } from '../support/recording-log.ts'
import type { Visitor } from '../support/visitor.ts'

let test: AccountTest
let visitor: Visitor
beforeEach(() => {
  visitor = test.visitor()
  test.clock.advance(3600)
})

const loginFor = (page: string) =>
  `https://auth.gw.test/login?rd=${encodeURIComponent(`${ACCOUNT}${page}`)}`

async function somebody(given: Partial<User> = {}): Promise<User> {
  const user = await test.addPerson(given)
  await test.signIn(visitor, user)
  return user
}

const sends = (page: string, fields: Record<string, string>) =>
  visitor.submit(fields, { headers: { referer: `${ACCOUNT}${page}` } })

describe('where people may erase their accounts', () => {
  beforeAll(async () => {
    test = await openAccountTest(`${ACCOUNT_YAML}\nprivacy: { erase_by_person: true }\n`)
  })
  afterAll(() => test.close())

  it('gives a person all that is stored about them, as a file', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/data`)
    expect(visitor.page.body).toContain('/account/data/download')
    await visitor.open(`${ACCOUNT}/data/download`)
    const answer = await sends('/data/download', {})
    expect(answer.headers['content-disposition']).toMatch(/^attachment; filename="[\w-]+\.json"$/)
    expect(answer.headers['cache-control']).toBe('no-store')
    const { data } = JSON.parse(answer.body)
    expect(data.user.rows[0]).toMatchObject({ id: user.id, email: user.email })
    expect(data.credential.rows[0].data).not.toHaveProperty('secret')
    // It stands in the history, and is told to them on another way.
    await visitor.open(`${ACCOUNT}/history`)
    expect(visitor.page.body).toContain('Everything that is stored was downloaded')
    const [mail] = await test.sent(user.email ?? '', 1)
    expect(mail).toMatchObject({ subject: expect.stringMatching(/downloaded/) })
  })

  it('asks for a proof that is no older than five minutes', async () => {
    await somebody()
    await visitor.open(`${ACCOUNT}/data/download`)
    test.clock.advance(301)
    expect((await visitor.get(`${ACCOUNT}/data/download`)).location).toBe(
      loginFor('/data/download'),
    )
    expect((await sends('/data/download', {})).location).toBe(loginFor('/data/download'))
    expect((await visitor.get(`${ACCOUNT}/data/erase`)).location).toBe(loginFor('/data/erase'))
  })

  it('erases an account once its name has been typed', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/data/erase`)
    expect((await sends('/data/erase', { username: 'somebody' })).status).toBe(400)
    expect(await test.store.users.find(user.id)).toBeDefined()
    await visitor.open(`${ACCOUNT}/data/erase`)
    expect((await sends('/data/erase', { username: user.name.toUpperCase() })).status).toBe(200)
    expect(await test.store.users.find(user.id)).toBeUndefined()
    expect(visitor.jar.has('__Host-gatehouse')).toBe(false)
    expect((await visitor.get(ACCOUNT)).status).toBe(303)
  })

  it('keeps the last administrator', async () => {
    const user = await somebody({ groups: ['admins'] })
    await visitor.open(`${ACCOUNT}/data/erase`)
    expect((await sends('/data/erase', { username: user.name })).status).toBe(400)
    expect(await test.store.users.find(user.id)).toBeDefined()
    const other = await test.addPerson({ groups: ['admins'] })
    await visitor.open(`${ACCOUNT}/data/erase`)
    expect((await sends('/data/erase', { username: user.name })).status).toBe(200)
    expect(await test.store.users.find(other.id)).toBeDefined()
  })

  it('still gives a closed account its data, and erases it no more', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/data/erase`)
    await test.store.users.freeze(user.id, test.clock.now() + 3600)
    expect((await sends('/data/erase', { username: user.name })).status).toBe(403)
    expect((await visitor.get(`${ACCOUNT}/data/download`)).status).toBe(200)
  })
})

describe('by default', () => {
  const recorded = recordingLog()

  beforeAll(async () => {
    test = await openAccountTest(`${ACCOUNT_YAML}\nprivacy: { addresses: cut }\n`, recorded.log)
  })
  afterAll(() => test.close())

  it('lets nobody erase their own account', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/data`)
    expect(visitor.page.body).not.toContain('/account/data/erase')
    expect((await visitor.get(`${ACCOUNT}/data/erase`)).location).toBe(`${ACCOUNT}/data`)
    // A form of another page, with a token that is right.
    await visitor.open(`${ACCOUNT}/data/download`)
    visitor.page.body = visitor.page.body.replace('/data/download', '/data/erase')
    await sends('/data/download', { username: user.name })
    expect(await test.store.users.find(user.id)).toBeDefined()
  })

  it('writes down no whole address where addresses are cut', async () => {
    const user = await somebody()
    const exported = JSON.stringify(await test.store.persons.collect(user.id, () => undefined))
    expect(exported).toContain('127.0.0.0/24')
    expect(exported).not.toContain('127.0.0.1')
    await visitor.open(`${ACCOUNT}/sessions`)
    expect(visitor.page.body).toContain('127.0.0.0/24')
    const lines = recorded.lines.filter(({ fields }) => fields.event === 'login.succeeded')
    expect(lines.at(-1)?.fields).toMatchObject({ address: '127.0.0.0/24' })
  })
})
